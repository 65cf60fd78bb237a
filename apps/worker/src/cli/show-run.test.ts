import { POLICY } from "@nova/pipeline-core/kernel";
import { expect, test } from "vitest";
import { type RunSteps, runText } from "./show-run.ts";

const at = (second: number): Date => new Date(Date.UTC(2026, 10, 23, 12, 0, second));
const step = (change: Partial<RunSteps["steps"][number]>): RunSteps["steps"][number] => ({
  dataset: "curated.orders",
  state: "succeeded",
  reason: "new data in staged.a",
  startedAt: at(1),
  endedAt: at(5),
  rowsOut: 12,
  snapshotBefore: "7",
  snapshotAfter: "8",
  skipReason: null,
  mark: null,
  key: "k",
  errorKind: null,
  errorMessage: null,
  attempts: [{}],
  ...change,
});
const compared = {
  runId: "good",
  startedAt: at(0),
  seconds: 4,
  rowsIn: 10,
  inputs: { a: "1", b: "1" },
  codeVersion: "c1",
};
const run = (change: Partial<RunSteps>): RunSteps => ({
  id: "bad",
  pipeline: "sales",
  trigger: "target-lag",
  state: "failed",
  createdAt: at(0),
  steps: [step({})],
  compared: [],
  ...change,
});

test("a run is its steps, each with why it ran and what it made of the dataset", () => {
  const steps = [step({}), step({ dataset: "mart.a", rowsOut: null, snapshotBefore: "9", snapshotAfter: "9" })];
  expect(runText(run({ steps, state: "succeeded" })).split("\n")).toEqual([
    "run bad of sales (target-lag) succeeded, begun 2026-11-23 12:00:00 UTC",
    "STEP            STATE      TRIES  TOOK  ROWS  SNAPSHOTS      WHY",
    "curated.orders  succeeded      1   4 s    12  7 → 8          new data in staged.a",
    "mart.a          succeeded      1   4 s     –  9 (as before)  new data in staged.a",
  ]);
});

test("what failed says what to do, and what was skipped why", () => {
  const failed = step({ state: "failed", errorKind: "timed-out", errorMessage: "it took longer than 20 min" });
  const skipped = step({ dataset: "mart.a", state: "skipped", skipReason: "curated.orders did not succeed" });
  expect(
    runText(run({ steps: [failed, skipped] }))
      .split("\n")
      .slice(-3),
  ).toEqual([
    "curated.orders: timed-out: it took longer than 20 min",
    `  ${POLICY["timed-out"].remedy}`,
    "mart.a: curated.orders did not succeed",
  ]);
});

test("what was done by hand says by whom and why, in place of what it had failed of", () => {
  const mark = { by: "dev@nova.example", reason: "loaded by the vendor" };
  const done = step({ state: "done-by-hand", mark, errorKind: "engine-failed", errorMessage: "no" });
  expect(
    runText(run({ steps: [done] }))
      .split("\n")
      .slice(-1),
  ).toEqual(["curated.orders: marked as done by dev@nova.example, no rows were changed: loaded by the vendor"]);
});

test.each([
  [{}, "the same code; the same inputs; 10 → 10 rows in; 4 s → 4 s"],
  [
    { codeVersion: "c2", inputs: { a: "2", b: "1" }, rowsIn: 900, seconds: 300 },
    "code c1 → c2; a 1 → 2; 10 → 900 rows in; 4 s → 5 min",
  ],
  [
    { codeVersion: null, inputs: null, rowsIn: null, seconds: null },
    "code not known; inputs not known; 10 → – rows in; 4 s → –",
  ],
])("a step stands beside the last good one: %j", (change, text) => {
  const beside = [
    { dataset: "curated.orders", now: { ...compared, runId: "bad", ...change }, lastGood: compared, partitions: null },
  ];
  expect(
    runText(run({ compared: beside }))
      .split("\n")
      .at(-1),
  ).toBe(`curated.orders beside good, the last good run: ${text}`);
});

test("a backfill's run says whether the last good one did the same partitions", () => {
  const beside = (partitions: "same" | "other") =>
    runText(run({ compared: [{ dataset: "curated.orders", now: compared, lastGood: compared, partitions }] }));
  expect(beside("same")).toContain("the last good run of these partitions");
  expect(beside("other")).toContain("none of these partitions is known");
});

test("the first run of a dataset has nothing to stand beside", () => {
  const first = [{ dataset: "curated.orders", now: compared, lastGood: null, partitions: null }];
  expect(runText(run({ compared: first }))).toContain("there is no good run before this one");
});
