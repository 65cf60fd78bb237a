import { expect, test } from "vitest";
import { secondsLeft } from "./seconds-left.ts";

const since = new Date("2026-11-23T09:00:00Z");
const after = (seconds: number): number => since.getTime() + seconds * 1000;

test("the time that is left follows the pace so far", () => {
  const quarter = { rowsRead: 250, rowsExpected: 1_000, stateSince: since };
  expect(secondsLeft(quarter, after(20))).toBe(60);
  expect(secondsLeft({ ...quarter, rowsRead: 900 }, after(90))).toBe(10);
});

test.each([
  ["the size is not known", { rowsRead: 250, rowsExpected: null }, 20],
  ["nothing is read", { rowsRead: 0, rowsExpected: 10 }, 20],
  ["there is more than was expected", { rowsRead: 12, rowsExpected: 10 }, 20],
  ["it has just begun", { rowsRead: 1, rowsExpected: 10 }, 1],
])("nobody can tell while %s", (_why, rows, seconds) => {
  expect(secondsLeft({ ...rows, stateSince: since }, after(seconds))).toBeNull();
});
