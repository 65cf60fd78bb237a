import { env } from "./env.ts";

/** A wrong environment ends the server with one clear line per problem instead of a failing first request. */
export function checkEnvironment(): void {
  try {
    env();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`portal: ${message.replaceAll("\n", "\nportal: ")}\n`);
    process.exit(2);
  }
}
