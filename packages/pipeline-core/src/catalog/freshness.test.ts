import { describe, expect, it } from "vitest";
import { judgeFreshness } from "./freshness.ts";

const now = new Date("2026-06-01T12:00:00Z");
const before = (seconds: number) => new Date(now.getTime() - seconds * 1000);

describe("freshness", () => {
  it.each([
    ["nothing was loaded yet", null, "unknown", null],
    ["it is exactly as old as it may be", before(60), "fresh", 60],
    ["it is one second too old", before(61), "late", 61],
    ["the source's clock is ahead", before(-5), "fresh", 0],
  ] as const)("when %s", (_name, dataThrough, state, ageSeconds) => {
    expect(judgeFreshness(dataThrough, 60, now)).toMatchObject({ state, ageSeconds });
  });
});
