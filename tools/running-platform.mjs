// A second start on a data folder in use is refused at once: preparing would rebuild the portal under the running one.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commandOf, isAlive } from "./processes.mjs";
import { PreparationFailure } from "./run-logged.mjs";

/** Throws when a platform runs on this folder. The supervisor checks again, exactly, when it takes the folder. */
export function refuseIfRunning(dataDir) {
  const pid = readJson(join(dataDir, "supervisor.pid"))?.pid;
  if (!isAlive(pid) || !commandOf(pid).includes("infra/local/src/main.ts")) return;
  const url = readJson(join(dataDir, "run.json"))?.urls?.portal;
  throw new PreparationFailure(
    `NovaRetail already runs on ${dataDir} (pid ${pid}): ${url === undefined ? "it is still starting" : `open ${url}`}.`,
    "",
    `use the running one, stop it with Ctrl-C in its terminal or with kill ${pid}, or start another with --data-dir and --port.`,
  );
}

// No file, or one cut short by a crash: nothing runs there that we could name.
function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}
