// Runs one of our scripts in the foreground, under our Node and with the terminal's signals.
import { spawn } from "node:child_process";
import { ROOT } from "./root.mjs";
import { nodePath, toolEnv } from "./toolchain.mjs";

/** Runs `node <args>` to its end with this terminal as its own. Returns the exit code; 1 when a signal ended it. */
export function runScript(args, { cwd = ROOT, env = {} } = {}) {
  const child = spawn(nodePath(), ["--disable-warning=ExperimentalWarning", ...args], {
    cwd,
    env: toolEnv(env),
    stdio: "inherit",
  });
  // The terminal signals the whole group; a signal sent to us alone has to be passed on.
  const pass = (signal) => child.kill(signal);
  const passers = ["SIGINT", "SIGTERM"].map((signal) => [signal, () => pass(signal)]);
  for (const [signal, passer] of passers) process.on(signal, passer);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      for (const [signal, passer] of passers) process.off(signal, passer);
      resolve(code ?? 1);
    });
  });
}
