import type { ComparedStep, DatasetComparison } from "@nova/db/read-models";
import { STEP_STATES } from "@nova/pipeline-core/orchestration";
import { describe, expect, it } from "vitest";
import { judgedLater, judgedText, whyNoCode, whyNoInputs, whyNotJudged } from "./comparison-words.ts";

const ENDED = new Date("2026-11-23T14:00:00Z");
const soon = new Date(ENDED.getTime() + 60_000);
const check = { name: "rows", outcome: "passed", value: 0, at: ENDED, own: true } as const;
const step: ComparedStep = {
  runId: "r",
  state: "succeeded",
  startedAt: new Date(ENDED.getTime() - 1_000),
  endedAt: ENDED,
  seconds: 1,
  rowsIn: 1,
  rowsOut: 1,
  bytes: 1,
  snapshotBefore: "1",
  snapshotAfter: "2",
  inputs: null,
  codeVersion: null,
  errorKind: null,
  errorMessage: null,
  checks: [],
};
const compared = (now: Partial<ComparedStep>, over: Partial<DatasetComparison> = {}): DatasetComparison => ({
  dataset: "curated.orders",
  now: { ...step, ...now },
  lastGood: step,
  partitions: null,
  checks: 4,
  ...over,
});

describe("checks of a step that cannot be compared", () => {
  it.each([
    [{ state: "running" }, "Judged after it has ended."],
    [{ state: "failed", errorKind: "engine-failed" }, "It published nothing, so there was nothing to judge."],
    [
      { state: "failed", errorKind: "check-failed", errorMessage: "3 keys stand in more than one row." },
      "Refused before anyone could read it: 3 keys stand in more than one row.",
    ],
    [{ state: "cancelled" }, "It published nothing, so there was nothing to judge."],
    [{ state: "skipped" }, "It wrote nothing; what was judged before still holds."],
    [
      { state: "done-by-hand" },
      "A person marked it as done; it wrote nothing, and what was judged before still holds.",
    ],
    [{ state: "succeeded" }, "Not judged yet: 4 checks come with the next round, within ten minutes."],
    [{ state: "succeeded", endedAt: new Date(0) }, "No round of checks on it is on record."],
  ] as const)("%o", (now, words) => {
    expect(whyNotJudged(compared(now), soon)).toBe(words);
  });

  it("say that there are none, and nothing when they were judged", () => {
    expect(whyNotJudged(compared({}, { checks: 0 }), soon)).toBe("The dataset has no checks.");
    expect(whyNotJudged(compared({ checks: [check] }), soon)).toBeNull();
  });
});

describe("checks of a step", () => {
  it("are counted by outcome, the worst first", () => {
    const checks = [check, { ...check, outcome: "failed" }, { ...check, outcome: "skipped" }, check] as const;
    expect(judgedText({ checks })).toBe("1 failed, 2 passed, 1 not judged");
    expect(judgedText({ checks: [] })).toBeNull();
  });

  it("say since when they were judged with what came after", () => {
    expect(judgedLater({ checks: [check] })).toBeNull();
    expect(judgedLater({ checks: [check, { ...check, own: false, at: soon }] })).toEqual(soon);
  });
});

describe("inputs and code that cannot be compared", () => {
  it("say whose are not known, and why", () => {
    expect(whyNoInputs(compared({ inputs: {} }))).toBe("not recorded by the last good run");
    expect(whyNoInputs(compared({ state: "failed" }))).toBe("it ended before it read any");
    expect(whyNoCode(compared({ codeVersion: "c" }))).toBe("not recorded by the last good run");
    expect(whyNoCode(compared({ state: "failed" }))).toBe("it ended before it began to compute");
    expect(whyNoCode(compared({}, { dataset: "staged.orders" }))).toBe("no model: it is loaded");
  });

  it.each(STEP_STATES)("have words in state %s", (state) => {
    expect(whyNoInputs(compared({ state }))).not.toBe("");
    expect(whyNoCode(compared({ state }))).not.toBe("");
  });
});
