// The suites of npm test. Each runs to its end and says how many of its tests passed, failed and were skipped, and which failed.
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { runChecks } from "./checks/all-checks.mjs";
import { preparePortal } from "./preparation.mjs";
import { ROOT, TOOLCHAIN } from "./root.mjs";
import { PreparationFailure } from "./run-logged.mjs";
import { runScript } from "./run-script.mjs";

const REPORTS = join(TOOLCHAIN, "reports");

export const SUITES = [
  { name: "check", run: () => ({ skipped: 0, ...runChecks(undefined, console.log) }) },
  { name: "unit", run: runUnit },
  { name: "build", run: runBuild },
  { name: "e2e", run: runJourneys },
];

async function runUnit() {
  const report = freshReport("unit.json");
  const vitest = join(ROOT, "node_modules/vitest/vitest.mjs");
  const code = await runScript([vitest, "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`]);
  const read = readReport(report);
  return read === undefined ? failedWithoutReport("vitest") : countUnit(read, code);
}

/** Counts a vitest report. A file that failed outside of its tests (loading, a hook) counts as one that failed. */
export function countUnit(report, exitCode) {
  const failedTests = (file) => file.assertionResults.filter((test) => test.status === "failed");
  const broken = report.testResults.filter((file) => file.status === "failed" && failedTests(file).length === 0);
  const counts = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: [
      ...broken.map((file) => told([relative(ROOT, file.name)], file.message)),
      ...report.testResults.flatMap((file) =>
        failedTests(file).map((test) => told([relative(ROOT, file.name), test.fullName], test.failureMessages?.[0])),
      ),
    ],
  };
  return honest(counts, exitCode);
}

async function runBuild() {
  try {
    await preparePortal();
    return { passed: 1, failed: 0, skipped: 0, failures: [] };
  } catch (error) {
    if (!(error instanceof PreparationFailure)) throw error;
    console.log(error.message);
    return { passed: 0, failed: 1, skipped: 0, failures: ["the portal's build"] };
  }
}

async function runJourneys() {
  if (!existsSync(join(ROOT, "e2e/journeys"))) {
    console.log("no e2e/journeys yet: nothing to run");
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
  const report = freshReport("e2e.json");
  const cli = join(ROOT, "e2e/node_modules/@playwright/test/cli.js");
  const code = await runScript(
    [cli, "test", "--config", join(ROOT, "e2e/playwright.config.ts"), "--reporter=list,json"],
    {
      cwd: join(ROOT, "e2e"),
      env: { PLAYWRIGHT_JSON_OUTPUT_FILE: report, PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" },
    },
  );
  const read = readReport(report);
  return read === undefined ? failedWithoutReport("playwright") : countJourneys(read, code);
}

/** Counts a Playwright report. A test that passed only on a second try is not to be relied on: it failed. */
export function countJourneys({ stats, suites = [], errors = [] }, exitCode) {
  return honest(
    {
      passed: stats.expected,
      failed: stats.unexpected + stats.flaky + errors.length,
      skipped: stats.skipped,
      failures: [
        ...suites.flatMap((suite) => failedJourneys(suite, [])),
        ...errors.map((error) => told([], error.message)),
      ],
    },
    exitCode,
  );
}

function failedJourneys({ title, specs = [], suites = [] }, above) {
  const path = [...above, title];
  const failed = specs.flatMap((spec) =>
    spec.tests
      .filter((test) => test.status === "unexpected" || test.status === "flaky")
      .map((test) => told([...path, spec.title], test.results.flatMap((result) => result.errors ?? [])[0]?.message)),
  );
  return [...failed, ...suites.flatMap((suite) => failedJourneys(suite, path))];
}

// Where, and the first line of why: the whole message stands further up, where the test ended.
function told(where, message = "") {
  const why = stripVTControlCharacters(message).trim().split("\n")[0];
  return [where.join(" › "), why].filter(Boolean).join(": ");
}

// A runner that ends badly without a failed test met an error outside of any test; none at all is no success either.
function honest(counts, exitCode) {
  const silent = counts.failed === 0 && (exitCode !== 0 || counts.passed === 0);
  return silent ? { ...counts, failed: 1, failures: ["ended badly with no failed test"] } : counts;
}

function failedWithoutReport(runner) {
  console.log(`${runner} left no report: it did not get as far as running tests`);
  return { passed: 0, failed: 1, skipped: 0, failures: [`${runner} left no report`] };
}

function freshReport(name) {
  mkdirSync(REPORTS, { recursive: true });
  const path = join(REPORTS, name);
  rmSync(path, { force: true });
  return path;
}

function readReport(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}
