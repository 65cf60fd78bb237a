import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./root.mjs";
import { countJourneys, countUnit } from "./test-suites.mjs";

const unit = (changed) => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 0,
  testResults: [],
  ...changed,
});
const journeys = (changed) => ({ stats: { expected: 4, unexpected: 0, flaky: 0, skipped: 0, ...changed } });

describe("counting what a runner reports", () => {
  it("takes the numbers of a good run as they are", () => {
    expect(countUnit(unit(), 0)).toEqual({ passed: 3, failed: 0, skipped: 1, failures: [] });
    expect(countJourneys(journeys(), 0)).toEqual({ passed: 4, failed: 0, skipped: 0, failures: [] });
  });

  it("counts a file that failed outside of its tests as a failed test, and one that failed in a test once", () => {
    const unloaded = { name: "/a.test.ts", status: "failed", message: "no such module", assertionResults: [] };
    const brokenHook = { name: "/b.test.ts", status: "failed", assertionResults: [{ status: "skipped" }] };
    const broken = { status: "failed", fullName: "adds", failureMessages: ["Error: 3 is not 4\n  at line 7"] };
    const failedTest = { name: join(ROOT, "c.test.ts"), status: "failed", assertionResults: [broken] };
    const report = unit({ numFailedTests: 1, testResults: [unloaded, brokenHook, failedTest] });
    const { failed, failures } = countUnit(report, 1);
    expect(failed).toBe(3);
    expect(failures).toHaveLength(3);
    expect(failures[0]).toMatch(/a\.test\.ts: no such module$/);
    expect(failures[2]).toBe("c.test.ts › adds: Error: 3 is not 4");
  });

  it("does not believe a runner that ends badly with nothing failed, nor one that ran nothing", () => {
    expect(countUnit(unit(), 1)).toMatchObject({ failed: 1 });
    expect(countUnit(unit({ numPassedTests: 0 }), 0)).toMatchObject({ failed: 1 });
    expect(countJourneys({ ...journeys(), errors: ["global setup"] }, 1)).toMatchObject({ failed: 1 });
  });

  it("counts a flaky journey as failed, and says which one and why", () => {
    const test = {
      status: "flaky",
      results: [{ errors: [{ message: "\u001b[31mtoo late\u001b[39m\nat line 3" }] }, {}],
    };
    const suites = [
      { title: "live.spec.ts", suites: [{ title: "orders", specs: [{ title: "follow", tests: [test] }] }] },
    ];
    expect(countJourneys({ ...journeys({ flaky: 1 }), suites }, 0)).toMatchObject({
      failed: 1,
      failures: ["live.spec.ts › orders › follow: too late"],
    });
  });
});
