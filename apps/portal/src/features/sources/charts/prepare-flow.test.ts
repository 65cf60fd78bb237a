import { expect, it } from "vitest";
import { prepareFlow } from "./prepare-flow.ts";

const bucket = (minute: number, rowsPerSecond: number | null, lagBytes: number | null = null) => ({
  at: new Date(Date.UTC(2026, 10, 23, 12, minute)),
  rowsPerSecond,
  lagSeconds: rowsPerSecond === null ? null : 4,
  lagBytes,
  errors: 0,
});

it("keeps a bucket without a sample as a gap", () => {
  expect(prepareFlow([bucket(0, 5), bucket(1, null), bucket(2, 0)]).rate.map((point) => point.values["value"])).toEqual(
    [5, null, 0],
  );
});

it("leaves the bytes out for a source that never tells them", () => {
  expect(prepareFlow([bucket(0, 5)]).lagBytes).toBeNull();
  expect(prepareFlow([bucket(0, 5), bucket(1, 5, 10)]).lagBytes).toHaveLength(2);
});

it("says when there is nothing to draw", () => {
  expect(prepareFlow([bucket(0, null), bucket(1, null)]).empty).toBe(true);
});
