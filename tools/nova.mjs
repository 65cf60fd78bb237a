// npm run nova -- <command>: the command line of a running platform.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { reportAndExit } from "./command-line.mjs";
import { ROOT } from "./root.mjs";
import { PreparationFailure } from "./run-logged.mjs";
import { runScript } from "./run-script.mjs";
import { nodePath } from "./toolchain.mjs";

try {
  if (!existsSync(join(ROOT, "node_modules/.modules.yaml")) || !existsSync(nodePath())) {
    throw new PreparationFailure("Nothing is installed here yet.", "", "run npm start first; it brings everything.");
  }
  process.exitCode = await runScript([join(ROOT, "apps/worker/src/cli/main.ts"), ...process.argv.slice(2)], {
    cwd: process.env.INIT_CWD ?? process.cwd(),
    env: { NOVA_DATA_DIR: process.env.NOVA_DATA_DIR ?? join(ROOT, ".nova") },
  });
} catch (error) {
  reportAndExit(error);
}
