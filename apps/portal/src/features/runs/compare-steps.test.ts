import type { ComparedStep } from "@nova/db/read-models";
import { describe, expect, it } from "vitest";
import { compareSteps } from "./compare-steps.ts";

const JUDGED = { at: new Date(20_000), own: true };
const step = (over: Partial<ComparedStep>): ComparedStep => ({
  runId: "r",
  state: "succeeded",
  startedAt: new Date(0),
  endedAt: new Date(10_000),
  errorKind: null,
  errorMessage: null,
  seconds: 10,
  rowsIn: 5,
  rowsOut: 5,
  bytes: 100,
  snapshotBefore: "1",
  snapshotAfter: "2",
  inputs: { "staged.orders": "1", "staged.refunds": "4" },
  codeVersion: "a",
  checks: [{ ...JUDGED, name: "key is unique", outcome: "passed", value: 0 }],
  ...over,
});
const compare = (now: Partial<ComparedStep>, lastGood: Partial<ComparedStep> = {}) =>
  compareSteps({ checks: 1, partitions: null, dataset: "curated.orders", now: step(now), lastGood: step(lastGood) });

describe("a step beside the last good run of its dataset", () => {
  it("differs in nothing when nothing moved", () => {
    expect(compare({})).toEqual({ slower: 1, inputs: [], codeChanged: false, checks: [] });
  });

  it("says how many times as long it took, which inputs moved, that the code changed, which checks turned", () => {
    expect(
      compare({
        seconds: 25,
        inputs: { "staged.orders": "2", "staged.refunds": "4", "staged.coupons": "9" },
        codeVersion: "b",
        checks: [
          { ...JUDGED, name: "key is unique", outcome: "failed", value: 3 },
          { ...JUDGED, name: "rows", outcome: "passed", value: 1 },
        ],
      }),
    ).toEqual({
      slower: 2.5,
      inputs: [
        { input: "staged.coupons", before: null, now: "9" },
        { input: "staged.orders", before: "1", now: "2" },
      ],
      codeChanged: true,
      checks: [
        { name: "key is unique", before: "passed", now: "failed" },
        { name: "rows", before: null, now: "passed" },
      ],
    });
  });

  it("does not guess what was not recorded", () => {
    expect(compare({ inputs: null, seconds: null }, { codeVersion: null })).toMatchObject({
      slower: null,
      inputs: null,
      codeChanged: null,
    });
    expect(compare({ checks: [] })).toMatchObject({ checks: null });
    expect(compareSteps({ checks: 1, partitions: null, dataset: "d", now: step({}), lastGood: null })).toBeNull();
  });
});
