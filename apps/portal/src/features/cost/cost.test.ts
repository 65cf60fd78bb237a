import { describe, expect, test } from "vitest";
import { prepareCostDays } from "./charts/prepare-cost-days.ts";
import { daysOfRange } from "./cost-range.ts";
import { costReportInput, isNarrowed, loadCostSearch } from "./cost-search.ts";
import { nameText, scanCost } from "./cost-words.ts";

test("a range is whole UTC days, also over the turn of the year", () => {
  const now = new Date("2026-01-03T23:30:00Z");
  expect(daysOfRange("month", now)).toEqual({ from: "2026-01-01", to: "2026-01-03" });
  expect(daysOfRange("last-month", now)).toEqual({ from: "2025-12-01", to: "2025-12-31" });
  expect(daysOfRange("7d", now)).toEqual({ from: "2025-12-28", to: "2026-01-03" });
});

test("every day of the range is a point: kinds are added up, and no scan is no cost", () => {
  const days = [
    { day: "2026-11-02", billedBytes: 1e12 },
    { day: "2026-11-02", billedBytes: 1e12 },
  ];
  expect(prepareCostDays(days, "2026-11-01", "2026-11-03")).toEqual([
    { at: Date.parse("2026-11-01T12:00:00Z"), values: { dollars: 0 } },
    { at: Date.parse("2026-11-02T12:00:00Z"), values: { dollars: 10 } },
    { at: Date.parse("2026-11-03T12:00:00Z"), values: { dollars: 0 } },
  ]);
});

describe("the address", () => {
  test("says what is summed of whom; what it does not know is left out", () => {
    const search = loadCostSearch({ by: "owner", kind: "check", range: "tomorrow", sort: "name" });
    expect(costReportInput(search)).toEqual({
      by: "owner",
      range: "month",
      kind: "check",
      dataset: null,
      pipeline: null,
      owner: null,
    });
    expect(isNarrowed(search)).toBe(true);
    expect(isNarrowed(loadCostSearch({}))).toBe(false);
  });
});

test("words say what is not there, and what was not measured stays unsaid", () => {
  expect([nameText("kind", "query"), nameText("owner", ""), nameText("dataset", "mart.a")]).toEqual([
    "People's queries",
    "No owner",
    "mart.a",
  ]);
  expect([scanCost(null, null), scanCost(0, 0), scanCost(1024, 10e6)]).toEqual([
    null,
    "nothing scanned",
    "1 KiB scanned, < $0.0001",
  ]);
});
