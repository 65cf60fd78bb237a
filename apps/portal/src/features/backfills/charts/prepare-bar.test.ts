import { dayOf } from "@nova/pipeline-core/orchestration";
import { expect, test } from "vitest";
import { dayAtShare, MOST_SEGMENTS, prepareBar, rangeBetween } from "./prepare-bar.ts";

const WORST = ["failed", "missing", "present"] as const;
const day = (number: number): string => dayOf(20_000 + number);
const span = (from: number, to: number, state: (typeof WORST)[number]) => ({ from: day(from), to: day(to), state });

test("a bar has a rectangle for each span, however many days that is", () => {
  const bar = prepareBar([span(0, 99_998, "present"), span(99_999, 99_999, "failed")], WORST);
  expect(bar?.days).toBe(100_000);
  expect(bar?.segments.map(({ x, width, state }) => [x, width, state])).toEqual([
    [0, 99_999, "present"],
    [99_999, 1, "failed"],
  ]);
});

test("very many spans share rectangles, and no trouble is lost in one", () => {
  const spans = Array.from({ length: 10_000 }, (_, index) =>
    span(index, index, index === 5_001 ? "failed" : index % 2 === 0 ? "present" : "missing"),
  );
  const bar = prepareBar(spans, WORST);
  expect(bar?.segments.length).toBeLessThanOrEqual(MOST_SEGMENTS);
  expect(bar?.segments.filter(({ state }) => state === "failed")).toHaveLength(1);
  expect(bar?.segments.reduce((sum, { width }) => sum + width, 0)).toBe(10_000);
});

test("nothing is drawn without days", () => {
  expect(prepareBar([], WORST)).toBeNull();
});

test.each([
  [0, 0],
  [0.5, 5],
  [0.999, 9],
  [1, 9],
  [-1, 0],
])("the place %d of a bar of ten days is day %d", (share, number) => {
  expect(dayAtShare(share, day(0), 10)).toBe(day(number));
});

test("a range goes from the earlier to the later day, whichever was taken first", () => {
  expect(rangeBetween(day(5), day(2))).toEqual({ from: day(2), to: day(5) });
});
