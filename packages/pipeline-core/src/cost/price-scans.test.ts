import { expect, test } from "vitest";
import { dollarText, monthlyScans, monthText, scanDollars } from "./price-scans.ts";

const TERABYTE = 1e12;

test("bytes cost what the price list says", () => {
  expect(scanDollars(2 * TERABYTE)).toBe(10);
  expect([0, 0.00005, 0.0002, 0.01, 1_234.5].map(dollarText)).toEqual([
    "$0.00",
    "< $0.0001",
    "$0.0002",
    "$0.01",
    "$1,234.50",
  ]);
});

test("the word on the month names pace, budget and the day on which it is used up", () => {
  const now = new Date("2026-11-16T00:00:00Z");
  const since = new Date("2026-10-01T00:00:00Z");
  const text = (terabytes: number): string =>
    monthText(monthlyScans(now, { billedBytes: terabytes * TERABYTE, since }));
  expect(text(100)).toBe("$500.00 so far this month; at this pace $1,000.00 of the budget of $2,500.00");
  expect(text(400)).toBe(
    "$2,000.00 so far this month; at this pace $4,000.00, more than the budget of $2,500.00, which is used up on 2026-11-19",
  );
  expect(text(501)).toBe("$2,505.00 so far this month: more than the budget of $2,500.00");
});
