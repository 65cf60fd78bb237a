import { expect, test } from "vitest";
import { comparisonsText, comparisonText } from "./reconcile.ts";

const DIFFERENT = {
  id: "c1",
  stream: "public.orders",
  state: "different",
  requestedAt: "2026-11-23T09:00:00.000Z",
  outcome: {
    message: "1 keys differ in 1 of 3 ranges: 9 rows in the source, 9 in the dataset",
    keys: [{ key: { order_id: "5" }, kind: "missing" }],
    leftOut: ["ratio"],
  },
} as const;

test("a comparison names the keys that differ and the columns it could not look at", () => {
  expect(
    comparisonText({
      ...DIFFERENT,
      outcome: { ...DIFFERENT.outcome, keys: [...DIFFERENT.outcome.keys], leftOut: ["ratio"] },
    }),
  ).toBe(
    [
      "public.orders: 1 keys differ in 1 of 3 ranges: 9 rows in the source, 9 in the dataset",
      '  missing    {"order_id":"5"}',
      "  not compared: ratio",
    ].join("\n"),
  );
  expect(comparisonText({ ...DIFFERENT, state: "running", outcome: null })).toBe("public.orders: under way");
  expect(comparisonsText([])).toBe("nothing was compared yet; name a stream");
});
