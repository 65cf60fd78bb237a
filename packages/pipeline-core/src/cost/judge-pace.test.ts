import { describe, expect, it } from "vitest";
import { judgePace, type MonthSoFar } from "./judge-pace.ts";

const at = (text: string): Date => new Date(text);
const month = (more: Partial<MonthSoFar>): MonthSoFar => ({
  now: at("2026-11-11T00:00:00Z"),
  spent: 100,
  budget: 310,
  since: at("2026-09-01T00:00:00Z"),
  ...more,
});

describe("the pace of a month", () => {
  it("goes on as it went since the month began", () => {
    expect(judgePace(month({}))).toEqual({ verdict: "within", projected: 300, reachedOn: null });
  });

  it("says when the budget will be used up", () => {
    expect(judgePace(month({ budget: 200 }))).toEqual({
      verdict: "over-pace",
      projected: 300,
      reachedOn: at("2026-11-21T00:00:00Z"),
    });
  });

  it("says that it is used up", () => {
    expect(judgePace(month({ budget: 99 })).verdict).toBe("over");
  });

  it("counts from the first charge where that was later than the month's first day", () => {
    expect(judgePace(month({ since: at("2026-11-06T00:00:00Z") })).projected).toBe(500);
  });

  it("does not make a month of the first hour", () => {
    const now = at("2026-11-01T01:00:00Z");
    const left = 29 + 23 / 24;
    expect(judgePace(month({ now })).projected).toBe(Math.round(100 + 100 * left));
    expect(judgePace(month({ spent: 0, since: null })).verdict).toBe("within");
  });

  it("knows months of other lengths, and the turn of the year", () => {
    expect(judgePace(month({ now: at("2026-02-15T00:00:00Z"), since: at("2026-01-01T00:00:00Z") })).projected).toBe(
      200,
    );
    expect(judgePace(month({ now: at("2026-12-16T12:00:00Z"), since: at("2026-01-01T00:00:00Z") })).projected).toBe(
      200,
    );
  });
});
