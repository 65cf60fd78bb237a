import { describe, expect, it } from "vitest";
import { prepareLanding } from "./prepare-landing.ts";

const point = (minute: number, medianSeconds: number, worstSeconds: number) => ({
  at: new Date(minute * 60_000),
  runs: 3,
  medianSeconds,
  worstSeconds,
});

describe("the landing times of a dataset", () => {
  it("are one point a span", () => {
    const points = [point(0, 20, 40), point(5, 25, 61)];
    expect(prepareLanding({ spanSeconds: 300, targetLagSeconds: 60, points })).toEqual([
      { at: 0, values: { median: 20, worst: 40 } },
      { at: 300_000, values: { median: 25, worst: 61 } },
    ]);
  });

  it("can be seen when there is but one", () => {
    const drawn = prepareLanding({ spanSeconds: 300, targetLagSeconds: 60, points: [point(0, 20, 40)] });
    expect(drawn.map(({ at }) => at)).toEqual([0, 300_000]);
    expect(drawn[1]?.values).toEqual(drawn[0]?.values);
  });
});
