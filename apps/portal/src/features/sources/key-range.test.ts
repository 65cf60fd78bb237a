import { expect, test } from "vitest";
import { keyRange } from "./key-range.ts";

test.each([
  ["", " ", null],
  ["1", "", { from: ["1"], through: null }],
  [" 1 ", "1000", { from: ["1"], through: ["1000"] }],
  ["", "5, 2026-11-23", { from: null, through: ["5", "2026-11-23"] }],
])("keys %j to %j", (from, through, range) => {
  expect(keyRange(from, through)).toEqual(range);
});
