import { describe, expect, it } from "vitest";
import { downstreamOf, planRetry, planRun } from "./plan-run.ts";
import type { StepState, StoredRun } from "./run.ts";

const KNOWN = [
  { name: "staged.a", inputs: ["raw.s"] },
  { name: "curated.b", inputs: ["staged.a"] },
  { name: "curated.c", inputs: ["staged.z"] },
  { name: "mart.d", inputs: ["curated.b", "curated.c"] },
];
const BY = "dev@nova.example";

describe("a run that a person asks for", () => {
  it("is the dataset alone, or with everything made from it, inputs first", () => {
    expect(planRun("curated.b", KNOWN, { downstream: false, by: BY })).toEqual([
      { dataset: "curated.b", reason: `asked by ${BY}`, after: [] },
    ]);
    expect(planRun("staged.a", KNOWN, { downstream: true, by: BY })).toEqual([
      { dataset: "staged.a", reason: `asked by ${BY}`, after: [] },
      { dataset: "curated.b", reason: `after staged.a, asked by ${BY}`, after: ["staged.a"] },
      { dataset: "mart.d", reason: `after curated.b, asked by ${BY}`, after: ["curated.b"] },
    ]);
  });

  it("knows what is downstream, near and far", () => {
    expect(downstreamOf("staged.a", KNOWN)).toEqual(["curated.b", "mart.d"]);
    expect(downstreamOf("mart.d", KNOWN)).toEqual([]);
  });
});

describe("a retry", () => {
  const original = (states: readonly StepState[]): StoredRun => ({
    id: "019a0000-0000-7000-8000-000000000001",
    pipeline: "sales",
    trigger: "target-lag",
    state: "failed",
    createdAt: new Date(0),
    retryOf: null,
    requestedBy: null,
    steps: ["a", "b", "c", "d"].map((name, index) => ({
      dataset: `curated.${name}`,
      reason: "",
      after: name === "c" ? ["curated.b"] : name === "d" ? ["curated.a"] : [],
      state: states[index] ?? "waiting",
      attempt: 1,
      startedAt: null,
      skipReason: null,
      published: false,
      mark: null,
      snapshotBefore: null,
      snapshotAfter: null,
      progress: null,
      tried: null,
    })),
  });
  const retried = (...args: Parameters<typeof planRetry>) => planRetry(...args).map((step) => step.dataset);
  const run = original(["succeeded", "failed", "skipped", "skipped"]);

  it("of what failed takes the failed and cancelled steps and those that waited for them", () => {
    expect(retried(run, "failed", [], BY)).toEqual(["curated.b", "curated.c"]);
    expect(retried(original(["cancelled", "succeeded", "succeeded", "cancelled"]), "failed", [], BY)).toEqual([
      "curated.a",
      "curated.d",
    ]);
  });

  it("of all, of chosen steps, and from a step on", () => {
    expect(retried(run, "all", [], BY)).toHaveLength(4);
    expect(retried(run, "selected", ["curated.c"], BY)).toEqual(["curated.c"]);
    expect(retried(run, "from", ["curated.b"], BY)).toEqual(["curated.b", "curated.c"]);
  });

  it("says what became of each step, and keeps only waits for steps it has", () => {
    expect(planRetry(run, "selected", ["curated.b", "curated.d"], BY)).toEqual([
      { dataset: "curated.b", reason: `failed in run 019a0000, retry asked by ${BY}`, after: [] },
      { dataset: "curated.d", reason: `was skipped in run 019a0000, retry asked by ${BY}`, after: [] },
    ]);
  });

  it("refuses when there is nothing to do again, and a step the run does not have", () => {
    expect(() => planRetry(original(["succeeded", "succeeded", "skipped", "skipped"]), "failed", [], BY)).toThrow(
      expect.objectContaining({ kind: "conflict" }),
    );
    expect(() => planRetry(run, "from", ["mart.x"], BY)).toThrow(expect.objectContaining({ kind: "not-found" }));
  });
});
