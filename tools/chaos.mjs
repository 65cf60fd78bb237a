// npm run chaos [-- --seed N --only <pattern of names> --short --list]: faults against the real platform, then source = lake.
import { join } from "node:path";
import { reportAndExit } from "./command-line.mjs";
import { prepareWorkspace } from "./preparation.mjs";
import { ROOT } from "./root.mjs";
import { runScript } from "./run-script.mjs";

try {
  await prepareWorkspace();
  process.exitCode = await runScript([join(ROOT, "apps/worker/chaos/main.ts"), ...process.argv.slice(2)]);
} catch (error) {
  reportAndExit(error);
}
