// npm start: brings what is missing, then hands over to the supervisor and stays only to pass signals on to it.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { reportAndExit } from "./command-line.mjs";
import { watchLauncherOf } from "./launcher-watch.mjs";
import { PORTAL_SERVER, preparePortal, prepareWorkspace } from "./preparation.mjs";
import { ROOT } from "./root.mjs";
import { refuseIfRunning } from "./running-platform.mjs";
import { runScript } from "./run-script.mjs";
import { HELP, readStartFlags } from "./start-flags.mjs";
import { nodePath, toolEnv } from "./toolchain.mjs";

try {
  const options = readStartFlags(process.argv.slice(2), process.env, process.env.INIT_CWD ?? process.cwd());
  if (options === undefined) {
    console.log(HELP);
    process.exit(0);
  }
  refuseIfRunning(options.dataDir);
  console.log("NovaRetail data platform");
  await prepareWorkspace();
  await preparePortal();
  process.exitCode = await supervise({ ...options, portalServer: join(ROOT, PORTAL_SERVER) });
} catch (error) {
  reportAndExit(error);
}

/** Runs the supervisor to its end and returns its exit code. It stops in order when we pass a signal on, or vanish. */
async function supervise(options) {
  const main = join(ROOT, "infra/local/src/main.ts");
  const child = spawn(nodePath(), ["--disable-warning=ExperimentalWarning", main, JSON.stringify(options)], {
    cwd: ROOT,
    env: toolEnv(),
    // In its own process group, a Ctrl-C reaches it once, through us, and not a second time from the terminal.
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const pass = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => pass(signal));
  const unwatch = watchLauncherOf(() => child.connected && child.disconnect());
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  const { code, signal } = await ended.finally(unwatch);
  if (signal === null) return code;
  console.error(`The supervisor was ended by ${signal}; stopping what it leaves behind.`);
  await runScript([join(ROOT, "infra/local/src/stop-leftovers-main.ts"), options.dataDir]);
  return 1;
}
