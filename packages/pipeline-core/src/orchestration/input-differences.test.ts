import { expect, it } from "vitest";
import { inputDifferences } from "./input-differences.ts";

it.each([
  ["the same snapshots", { a: "1" }, { a: "1" }, []],
  [
    "another snapshot, by name",
    { b: "2", a: "1" },
    { b: "1", a: "0" },
    [
      ["a", "0", "1"],
      ["b", "1", "2"],
    ],
  ],
  [
    "an input that only one of them has",
    { a: "1", c: "1" },
    { a: "1", b: "1" },
    [
      ["b", "1", null],
      ["c", null, "1"],
    ],
  ],
  ["an input that was never read, and is not yet", { a: null }, {}, []],
] as const)("inputs of two steps: %s", (_name, now, before, expected) => {
  expect(inputDifferences(now, before)?.map((one) => [one.input, one.before, one.now])).toEqual(expected);
});

it("is not known when either did not record them", () => {
  expect([inputDifferences(null, {}), inputDifferences({}, null)]).toEqual([null, null]);
});
