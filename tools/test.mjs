// npm test [-- --only check|unit|build|e2e]: everything that shows the platform works, on a machine with Node and npm only.
import { parseArgs } from "node:util";
import { reportAndExit, UsageError } from "./command-line.mjs";
import { prepareWorkspace } from "./preparation.mjs";
import { SUITES } from "./test-suites.mjs";

try {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  const names = SUITES.map((suite) => suite.name);
  if (values.only !== undefined && !names.includes(values.only)) {
    throw new UsageError(`--only ${values.only} is no suite: choose one of ${names.join(", ")}`);
  }
  await prepareWorkspace();
  const results = [];
  for (const suite of SUITES.filter((each) => values.only === undefined || each.name === values.only)) {
    console.log(`\n== ${suite.name}`);
    const started = performance.now();
    results.push({ name: suite.name, ...(await suite.run()), seconds: (performance.now() - started) / 1000 });
  }
  console.log("");
  for (const { name, passed, failed, skipped, seconds } of results) {
    console.log(`${name.padEnd(6)} ${seconds.toFixed(1).padStart(7)} s  ${summary({ passed, failed, skipped })}`);
  }
  const sum = (count) => results.reduce((total, result) => total + result[count], 0);
  const total = { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
  for (const { name, failures } of results) {
    for (const failure of failures) console.log(`✘ ${name} › ${failure}`);
  }
  process.exitCode = total.failed === 0 ? 0 : 1;
  console.log(summary(total));
} catch (error) {
  reportAndExit(error);
}

function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
