// npm run fix: formats every file and mends what the linter can mend safely.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { prepareWorkspace } from "./preparation.mjs";
import { ROOT } from "./root.mjs";
import { nodePath, toolEnv } from "./toolchain.mjs";

const COMMANDS = [
  ["oxlint/bin/oxlint", "-c", ".oxlintrc.json", "--fix", "--quiet", "."],
  ["oxfmt/bin/oxfmt", "."],
];

await prepareWorkspace();
for (const [script, ...args] of COMMANDS) {
  const run = spawnSync(nodePath(), [join(ROOT, "node_modules", script), ...args], {
    cwd: ROOT,
    stdio: "inherit",
    env: toolEnv(),
  });
  if (run.error) throw run.error;
  process.exitCode ||= run.status ?? 1;
}
