// npm run nova -- <command>: the command line of a running platform.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { reportAndExit } from "./command-line.mjs";
import { ROOT } from "./root.mjs";
import { PreparationFailure } from "./run-logged.mjs";
import { nodePath, toolEnv } from "./toolchain.mjs";

const main = join(ROOT, "apps/worker/src/cli/main.ts");
try {
  if (!existsSync(join(ROOT, "node_modules/.modules.yaml")) || !existsSync(nodePath())) {
    throw new PreparationFailure("Nothing is installed here yet.", "", "run npm start first; it brings everything.");
  }
  const child = spawn(nodePath(), ["--disable-warning=ExperimentalWarning", main, ...process.argv.slice(2)], {
    cwd: process.env.INIT_CWD ?? process.cwd(),
    env: toolEnv({ NOVA_DATA_DIR: process.env.NOVA_DATA_DIR ?? join(ROOT, ".nova") }),
    stdio: "inherit",
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
  child.once("error", reportAndExit);
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
  });
} catch (error) {
  reportAndExit(error);
}
