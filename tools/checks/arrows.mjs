// Import arrows: the rules hold on our tree, the cruiser really saw our modules, and every rule can fire.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "../root.mjs";
import { nodePath, toolEnv } from "../toolchain.mjs";
import { CheckFailure } from "./check-failure.mjs";

/** Below this number the cruiser has gone blind (an unsupported TypeScript makes it see none, and exit 0). */
const FEWEST_MODULES = 600;
const CONFIG = join(ROOT, ".dependency-cruiser.cjs");
const CRUISER = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");

export function checkArrows() {
  const { summary } = cruise(ROOT, ["apps", "packages", "infra", "e2e"]);
  if (summary.totalCruised < FEWEST_MODULES) {
    throw new CheckFailure(
      `the cruiser saw ${summary.totalCruised} modules, fewer than ${FEWEST_MODULES}: it is blind`,
      "see that node_modules/typescript is version 6 (`typescript` in pnpm-workspace.yaml) and install again",
    );
  }
  if (summary.violations.length > 0) {
    const lines = summary.violations.map(describe).join("\n");
    const comments = commentsOf(new Set(summary.violations.map((violation) => violation.rule.name)));
    throw new CheckFailure(
      `${lines}\n\n${comments}`,
      "move the import as the rule says; the arrows are drawn in docs/architecture.md",
    );
  }
  const silent = silentRules();
  if (silent.length > 0) {
    throw new CheckFailure(
      `these rules did not report their planted breach: ${silent.join(", ")}`,
      "mend the rule in .dependency-cruiser.cjs, or plant its breach in tools/planted-breach/",
    );
  }
  return `${summary.totalCruised} modules, ${summary.totalDependenciesCruised ?? "?"} imports; ${ruleNames().length} rules, each fires`;
}

function silentRules() {
  const { summary } = cruise(join(ROOT, "tools/planted-breach"), ["apps", "packages", "infra", "e2e"]);
  const reported = new Set(summary.violations.map((violation) => violation.rule.name));
  return ruleNames().filter((name) => !reported.has(name));
}

function rules() {
  return createRequire(import.meta.url)(CONFIG).forbidden;
}

function ruleNames() {
  return rules().map((rule) => rule.name);
}

function commentsOf(names) {
  return rules()
    .filter((rule) => names.has(rule.name))
    .map((rule) => `${rule.name}: ${rule.comment}`)
    .join("\n");
}

function describe(violation) {
  const via = violation.cycle ? violation.cycle.map((step) => step.name ?? step).join(" -> ") : violation.to;
  return `${violation.rule.name}: ${violation.from} -> ${via}`;
}

function cruise(folder, targets) {
  const args = [CRUISER, "--config", CONFIG, "--output-type", "json", ...targets];
  const run = spawnSync(nodePath(), args, {
    cwd: folder,
    encoding: "utf8",
    env: toolEnv(),
    maxBuffer: 256 * 1024 * 1024,
  });
  try {
    return JSON.parse(run.stdout);
  } catch (cause) {
    throw new Error(`dependency-cruiser printed no report:\n${run.stderr || run.stdout || run.error}`, { cause });
  }
}
