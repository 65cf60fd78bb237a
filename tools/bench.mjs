// npm run bench -- <name> [flags]: runs the `bench/<name>.ts` of whichever package has it; without a name, lists them.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { reportAndExit, UsageError } from "./command-line.mjs";
import { preparePortal, prepareWorkspace } from "./preparation.mjs";
import { ROOT } from "./root.mjs";
import { runScript } from "./run-script.mjs";

/** Benches of the whole platform; only they need the portal. */
const BESIDE_JOURNEYS = join(ROOT, "e2e/bench");

const benches = ["apps", "packages"]
  .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => join(ROOT, parent, name)))
  .concat(join(ROOT, "infra/local"), join(ROOT, "e2e"))
  .map((folder) => join(folder, "bench"))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .map((path) => ({ name: basename(path, ".ts"), path }));

try {
  const [name, ...flags] = process.argv.slice(2);
  if (name === undefined) {
    for (const bench of benches) console.log(`npm run bench -- ${bench.name.padEnd(24)} ${relative(ROOT, bench.path)}`);
  } else {
    const bench = benches.find((each) => each.name === name);
    if (bench === undefined) throw new UsageError(`there is no bench ${name}: npm run bench lists them`);
    await prepareWorkspace();
    if (dirname(bench.path) === BESIDE_JOURNEYS) await preparePortal();
    process.exitCode = await runScript([bench.path, ...flags]);
  }
} catch (error) {
  reportAndExit(error);
}
