// npm run screenshots: takes a picture of every screen of a running platform, for docs/screens/.
import { join } from "node:path";
import { reportAndExit } from "./command-line.mjs";
import { preparePortal, prepareWorkspace } from "./preparation.mjs";
import { ROOT } from "./root.mjs";
import { runScript } from "./run-script.mjs";

try {
  await prepareWorkspace();
  await preparePortal();
  process.exitCode = await runScript([join(ROOT, "e2e/screenshots/take.ts"), ...process.argv.slice(2)], {
    cwd: join(ROOT, "e2e"),
  });
} catch (error) {
  reportAndExit(error);
}
