import { describe, expect, it } from "vitest";
import { brokenSteps, chooseMarked, type MarkRequest, marksOf, planAfterMark } from "./mark-steps.ts";
import type { StepState, StoredStep } from "./run.ts";

const DEV = "dev@nova.example";
const [A, B, C, D] = ["staged.a", "curated.b", "mart.c", "mart.d"] as const;
const step = (
  dataset: string,
  state: StepState,
  after: readonly string[],
  more: Partial<StoredStep> = {},
): StoredStep => ({
  dataset,
  reason: "",
  after,
  state,
  attempt: 0,
  startedAt: null,
  skipReason: null,
  published: false,
  mark: null,
  snapshotBefore: null,
  snapshotAfter: null,
  progress: null,
  tried: null,
  ...more,
});
/** A failed, so B and C after it were skipped; D was skipped for a reason of its own. */
const run = (steps: readonly StoredStep[]) => ({ id: "019a0000-0000-7000-8000-000000000001", steps });
const broken = run([step(A, "failed", []), step(B, "skipped", [A]), step(C, "skipped", [B]), step(D, "skipped", [])]);
const asking = (change: Partial<MarkRequest> = {}): MarkRequest => ({
  as: "done",
  datasets: [],
  by: DEV,
  reason: "loaded by the vendor",
  ...change,
});

describe("steps that did not succeed", () => {
  it("are those that failed or were cancelled, and those skipped because of them", () => {
    expect([...brokenSteps(broken.steps)]).toEqual([A, B, C]);
    expect([...brokenSteps([step(A, "done-by-hand", []), step(B, "skipped", [A])])]).toEqual([]);
  });
});

describe("what can be marked", () => {
  it.each([
    ["waiting", [], [A]],
    ["running", [], [A]],
    ["retrying", [], [A]],
    ["succeeded", [], []],
    ["failed", [A], []],
    ["skipped", [], []],
    ["cancelled", [], []],
    ["done-by-hand", [], []],
  ] as const)("%s: as done %j, as failed %j", (state, done, failed) => {
    expect(marksOf([step(A, state, [])], "done")).toEqual(done);
    expect(marksOf([step(A, state, [])], "failed")).toEqual(failed);
  });

  it("is also what was skipped because of a failure, but not what was skipped for itself or has published", () => {
    expect(marksOf(broken.steps, "done")).toEqual([A, B, C]);
    expect(marksOf([step(A, "running", [], { published: true })], "failed")).toEqual([]);
  });

  it("is everything that failed unless steps are named", () => {
    expect(chooseMarked(broken, asking())).toEqual([A]);
    expect(chooseMarked(broken, asking({ datasets: [B] }))).toEqual([B]);
  });

  it("is refused by name, with the reason", () => {
    expect(() => chooseMarked(broken, asking({ datasets: ["mart.x"] }))).toThrow("has no step mart.x");
    expect(() => chooseMarked(broken, asking({ datasets: [D] }))).toThrow(
      "mart.d cannot be marked as done: it was skipped for a reason",
    );
    expect(() => chooseMarked(run([step(A, "cancelled", [])]), asking({ datasets: [A] }))).toThrow("retry it instead");
    expect(() => chooseMarked(run([step(A, "running", [])]), asking({ datasets: [A] }))).toThrow(
      "mark it as failed first",
    );
    const published = run([step(A, "running", [], { published: true })]);
    expect(() => chooseMarked(published, asking({ as: "failed", datasets: [A] }))).toThrow("it has published its rows");
    expect(() => chooseMarked(run([step(A, "succeeded", [])]), asking())).toThrow("has no step that failed");
    expect(() => chooseMarked(broken, asking({ as: "failed" }))).toThrow("every step of run");
  });

  it("is the same mark when it is asked again in the same words", () => {
    const mark = { by: DEV, at: new Date(0), reason: "loaded by the vendor" };
    const marked = run([step(A, "done-by-hand", [], { mark })]);
    expect(chooseMarked(marked, asking())).toEqual([A]);
    expect(() => chooseMarked(marked, asking({ reason: "something else" }))).toThrow("has no step that failed");
  });
});

describe("what goes on after a mark", () => {
  it("is what was skipped because of it, in the order of the plan", () => {
    const [, ...others] = broken.steps;
    const marked = run([step(A, "done-by-hand", []), ...others]);
    const reason = `waited in run 019a0000 for staged.a, marked as done by ${DEV}`;
    expect(planAfterMark(marked, [A], DEV)).toEqual([
      { dataset: B, reason, after: [] },
      { dataset: C, reason, after: [B] },
    ]);
  });

  it("is nothing that waits for another failure too", () => {
    const marked = run([step(A, "done-by-hand", []), step(B, "failed", []), step(C, "skipped", [A, B])]);
    expect(planAfterMark(marked, [A], DEV)).toEqual([]);
  });
});
