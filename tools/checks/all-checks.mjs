import { checkArrows } from "./arrows.mjs";
import { checkFormat, checkLint, checkTypes, checkUnused } from "./commands.mjs";
import { checkFileNames } from "./file-names.mjs";

/** Every check, cheapest first. A check returns one line of what it saw, or throws a CheckFailure. */
export const CHECKS = [
  { name: "format", check: checkFormat },
  { name: "names", check: checkFileNames },
  { name: "lint", check: checkLint },
  { name: "arrows", check: checkArrows },
  { name: "unused", check: checkUnused },
  { name: "types", check: checkTypes },
];

/** Runs the checks one after the other; a failing one does not hide the next. Returns how many passed and failed, and the failed ones. */
export function runChecks(only, say) {
  const counts = { passed: 0, failed: 0, failures: [] };
  for (const { name, check } of CHECKS.filter((each) => only === undefined || each.name === only)) {
    const started = performance.now();
    try {
      const saw = check();
      counts.passed += 1;
      say(`ok    ${name.padEnd(8)} ${seconds(started)}  ${saw}`);
    } catch (error) {
      counts.failed += 1;
      counts.failures.push(name);
      say(
        `FAIL  ${name.padEnd(8)} ${seconds(started)}\n${error.fix ? error.message : error.stack}\nfix: ${error.fix ?? "see the error above"}\n`,
      );
    }
  }
  return counts;
}

function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s`;
}
