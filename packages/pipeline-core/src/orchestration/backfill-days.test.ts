import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chunkRanges,
  countDays,
  dayNumber,
  dayOf,
  dayRangeSchema,
  type DayRange,
  daysOf,
  intersectRanges,
  joinRanges,
  rangesOf,
  rangesText,
  subtractRanges,
} from "./backfill-days.ts";

const ranges = fc
  .array(fc.tuple(fc.integer({ min: 20_000, max: 20_060 }), fc.integer({ min: 0, max: 9 })), { maxLength: 6 })
  .map((pairs): DayRange[] => pairs.map(([from, more]) => ({ from: dayOf(from), to: dayOf(from + more) })));
const daySet = (given: readonly DayRange[]): Set<string> => new Set(given.flatMap((range) => daysOf([range])));

describe("days of partitions", () => {
  it("are UTC days: where clocks change none is missing or there twice", () => {
    // 29 March and 25 October 2026 have 23 and 25 hours in Berlin.
    expect(daysOf([{ from: "2026-03-28", to: "2026-03-30" }])).toEqual(["2026-03-28", "2026-03-29", "2026-03-30"]);
    expect(countDays([{ from: "2026-10-24", to: "2026-10-26" }])).toBe(3);
    expect(countDays([{ from: "2026-01-01", to: "2026-12-31" }])).toBe(365);
  });

  it.each(["2026-02-30", "2026-13-01", "26-01-01", "2026-01-01T00:00:00Z", ""])("refuse %j, no day", (from) => {
    expect(dayRangeSchema.safeParse({ from, to: "2026-12-31" }).success).toBe(false);
  });

  it("refuse a range that ends before it begins", () => {
    expect(dayRangeSchema.safeParse({ from: "2026-02-02", to: "2026-02-01" }).success).toBe(false);
  });

  it("are joined, cut, taken apart and counted as sets of days are", () => {
    fc.assert(
      fc.property(ranges, ranges, fc.integer({ min: 1, max: 7 }), (left, right, size) => {
        const [mine, theirs] = [daySet(left), daySet(right)];
        expect(daySet(joinRanges(left))).toEqual(mine);
        expect(countDays(joinRanges(left))).toBe(mine.size);
        expect(rangesOf([...mine])).toEqual(joinRanges(left));
        expect(daySet(intersectRanges(left, right))).toEqual(new Set([...mine].filter((day) => theirs.has(day))));
        expect(daySet(subtractRanges(left, right))).toEqual(new Set([...mine].filter((day) => !theirs.has(day))));
        const chunks = chunkRanges(left, size);
        expect(countDays(chunks)).toBe(mine.size);
        expect(chunks.every((chunk) => countDays([chunk]) <= size)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it("read as a person writes them", () => {
    expect(rangesText(rangesOf(["2026-11-02", "2026-11-01", "2026-11-09"]))).toBe("2026-11-01…2026-11-02, 2026-11-09");
    expect(dayNumber("1970-01-02")).toBe(1);
  });
});
