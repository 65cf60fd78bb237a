// npm run check [-- --only <name>]: everything that can be said about the code without running it.
import { parseArgs } from "node:util";
import { CHECKS, runChecks } from "./checks/all-checks.mjs";
import { reportAndExit } from "./command-line.mjs";
import { prepareWorkspace } from "./preparation.mjs";

const names = CHECKS.map((each) => each.name);
try {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  if (values.only !== undefined && !names.includes(values.only)) {
    console.error(`--only ${values.only} is no check: choose one of ${names.join(", ")}`);
    process.exit(2);
  }
  await prepareWorkspace();
  const { failed } = runChecks(values.only, console.log);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  reportAndExit(error);
}
