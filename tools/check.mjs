// npm run check [-- --only <name>]: everything that can be said about the code without running it.
import { parseArgs } from "node:util";
import { CHECKS, runChecks } from "./checks/all-checks.mjs";
import { reportAndExit, UsageError } from "./command-line.mjs";
import { prepareWorkspace } from "./preparation.mjs";

const names = CHECKS.map((each) => each.name);
try {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  if (values.only !== undefined && !names.includes(values.only)) {
    throw new UsageError(`--only ${values.only} is no check: choose one of ${names.join(", ")}`);
  }
  await prepareWorkspace();
  const { failed } = runChecks(values.only, console.log);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  reportAndExit(error);
}
