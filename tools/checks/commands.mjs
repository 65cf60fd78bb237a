// The checks that are one command of somebody else's tool.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.mjs";
import { nodePath, toolEnv } from "../toolchain.mjs";
import { CheckFailure } from "./check-failure.mjs";

const bin = (path) => join(ROOT, "node_modules", path);

export function checkFormat() {
  return run([bin("oxfmt/bin/oxfmt"), "--list-different", "."], "npm run fix");
}

export function checkLint() {
  const args = ["-c", ".oxlintrc.json", "--type-aware", "--deny-warnings", "--report-unused-disable-directives", "."];
  return run(
    [bin("oxlint/bin/oxlint"), ...args],
    "mend the lines above; npm run fix mends what can be mended by itself",
  );
}

/** Type checks every package of the workspace; turbo skips those whose inputs have not changed. */
export function checkTypes() {
  const missing = packagesWithoutTypecheck();
  if (missing.length > 0) {
    throw new CheckFailure(
      `no "typecheck" script: ${missing.join(", ")}`,
      'add "typecheck": "node ../../node_modules/ts7/bin/tsc -p ." to the package\'s scripts',
    );
  }
  const args = ["run", "typecheck", "--continue=always", "--output-logs=errors-only", "--concurrency=2"];
  return run([bin("turbo/bin/turbo"), ...args], "npm run check -- --only types, after mending the lines above");
}

export function checkUnused() {
  const args = ["--no-progress", "--no-config-hints"];
  return run([bin("knip/bin/knip.js"), ...args], "delete what is unused, or import it where it is needed");
}

function run([script, ...args], fix) {
  const env = toolEnv({ NO_COLOR: "1", FORCE_COLOR: "0" });
  const options = { cwd: ROOT, encoding: "utf8", env, maxBuffer: 64 * 1024 * 1024 };
  const result = spawnSync(nodePath(), [script, ...args], options);
  if (result.error) throw result.error;
  const output = `${result.stdout}${result.stderr}`.trim();
  if (result.status !== 0) throw new CheckFailure(output, fix);
  return lastLine(output);
}

function lastLine(output) {
  return output.split("\n").filter(Boolean).at(-1)?.trim() ?? "";
}

function packagesWithoutTypecheck() {
  const folders = ["apps", "packages"].flatMap((parent) =>
    readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}`),
  );
  return [...folders, "infra/local", "e2e"].filter((folder) => {
    const manifest = join(ROOT, folder, "package.json");
    return existsSync(manifest) && !JSON.parse(readFileSync(manifest, "utf8")).scripts?.typecheck;
  });
}
