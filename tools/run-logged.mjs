// Runs a command with its output in a log file, and on failure shows the end of that log with what to do next.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { ROOT } from "./root.mjs";

const TAIL_LINES = 25;

/** A preparation that failed: `message` is the whole paragraph for the person at the terminal. */
export class PreparationFailure extends Error {
  constructor(what, detail, remedy) {
    super([what, detail?.trimEnd(), `What to do: ${remedy}`].filter(Boolean).join("\n\n"));
    this.name = "PreparationFailure";
  }
}

/**
 * Runs `command` to its end. Rejects with a PreparationFailure naming `what` failed, the tail of the log and
 * `remedy(text of the log)`.
 * A signal to this process ends the command as well: it stays in the terminal's process group.
 */
export function runLogged({ what, command, args, cwd = ROOT, env = process.env, log, remedy }) {
  mkdirSync(dirname(log), { recursive: true });
  const output = openSync(log, "w");
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", output, output] });
    closeSync(output);
    child.once("error", (error) =>
      reject(new PreparationFailure(`${what} could not start: ${error.message}`, "", remedy(""))),
    );
    child.once("exit", (code, signal) => {
      if (code === 0) return resolve();
      const text = readFileSync(log, "utf8");
      const how = signal ? `was ended by ${signal}` : `failed with exit code ${code}`;
      reject(new PreparationFailure(`${what} ${how}. The end of ${relative(ROOT, log)}:`, tail(text), remedy(text)));
    });
  });
}

function tail(text) {
  const lines = text.trimEnd().split("\n");
  return lines
    .slice(-TAIL_LINES)
    .map((line) => `    ${line}`)
    .join("\n");
}
