// How every launcher ends when it cannot go on: one clear paragraph, never a stack trace for a known trouble.
import { PreparationFailure } from "./run-logged.mjs";

/** A wrong flag or variable: one line naming it and the fix. */
export class UsageError extends Error {}

/** Prints what is wrong and exits: 2 for a wrong flag or variable, 1 for anything else. */
export function reportAndExit(error) {
  if (error instanceof UsageError || String(error?.code).startsWith("ERR_PARSE_ARGS")) {
    // Node's own advice on positional arguments helps nobody here.
    console.error(error.message.split(/\n|\. To specify/)[0]);
    process.exit(2);
  }
  console.error(error instanceof PreparationFailure ? `\n${error.message}\n` : error);
  process.exit(1);
}
