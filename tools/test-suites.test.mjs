import { describe, expect, it } from "vitest";
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
    expect(countUnit(unit(), 0)).toEqual({ passed: 3, failed: 0, skipped: 1 });
    expect(countJourneys(journeys(), 0)).toEqual({ passed: 4, failed: 0, skipped: 0 });
  });

  it("counts a file that failed outside of its tests as a failed test, and one that failed in a test once", () => {
    const unloaded = { status: "failed", assertionResults: [] };
    const brokenHook = { status: "failed", assertionResults: [{ status: "skipped" }] };
    const failedTest = { status: "failed", assertionResults: [{ status: "failed" }] };
    const report = unit({ numFailedTests: 1, testResults: [unloaded, brokenHook, failedTest] });
    expect(countUnit(report, 1)).toMatchObject({ failed: 3 });
  });

  it("does not believe a runner that ends badly with nothing failed, nor one that ran nothing", () => {
    expect(countUnit(unit(), 1)).toMatchObject({ failed: 1 });
    expect(countUnit(unit({ numPassedTests: 0 }), 0)).toMatchObject({ failed: 1 });
    expect(countJourneys({ ...journeys(), errors: ["global setup"] }, 1)).toMatchObject({ failed: 1 });
  });

  it("counts a flaky journey as failed", () => {
    expect(countJourneys(journeys({ flaky: 1 }), 0)).toMatchObject({ failed: 1 });
  });
});
