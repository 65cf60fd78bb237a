import type { ExpectStatic, TestAPI } from "vitest";
import { DAY } from "../kernel/index.ts";
import type { RunStoreFixture } from "./run-store-contract.ts";
import type { PlannedRun } from "./run.ts";

const [STAGED, CURATED] = ["staged.orders_db__orders", "curated.orders"];
const PLAN: PlannedRun = {
  pipeline: "curated",
  trigger: "target-lag",
  steps: [
    { dataset: STAGED, reason: "12 changes wait", after: [] },
    { dataset: CURATED, reason: "its input changes", after: [STAGED] },
  ],
};
const OUTCOME = { rowsIn: 12, rowsOut: 12, bytes: 1_024, snapshotBefore: null, snapshotAfter: "1" };
const FAILURE = { kind: "engine-failed", message: "out of memory" } as const;

/** What marks by hand do to a run on record; beside `runStoreContract`, on the same fixture. */
export function runMarksContract(
  { test, expect }: { test: TestAPI; expect: ExpectStatic },
  make: () => Promise<RunStoreFixture>,
): void {
  const started = async () => {
    const fixture = await make();
    return { ...fixture, runId: await fixture.runs.createRun(PLAN) };
  };
  const BY = { by: "dev@nova.example", reason: "loaded by the vendor" };

  test("a failed step is marked as done: nothing is written, and a run that has ended is judged again", async () => {
    const { runs, runId, now, see } = await started();
    await runs.startRun(runId);
    const attempt = await runs.startStep(runId, STAGED);
    await runs.failStep(runId, STAGED, attempt, FAILURE, null);
    await runs.skipStep(runId, CURATED, `${STAGED} did not succeed`);
    await runs.finishRun(runId);
    expect(await runs.markSteps(runId, { as: "done", datasets: [], ...BY })).toEqual([STAGED]);
    expect(await see(runId)).toMatchObject({
      state: "succeeded",
      steps: [{ state: "done-by-hand" }, { state: "skipped" }],
    });
    expect((await runs.find(runId))?.steps[0]).toMatchObject({
      mark: { ...BY, at: expect.any(Date) },
      snapshotAfter: null,
      progress: null,
    });
    // Kept as long as one that failed.
    expect(await runs.prune({ succeededAfter: new Date(now.getTime() + DAY), failedAfter: now })).toBe(0);
    await expect(runs.markSteps(runId, { as: "failed", datasets: [], ...BY })).rejects.toMatchObject({
      kind: "conflict",
    });
  });

  test("a mark as done is taken back while nothing went on from it: the run has failed as before", async () => {
    const { runs, runId, see } = await started();
    await runs.startRun(runId);
    const attempt = await runs.startStep(runId, STAGED);
    await expect(runs.unmarkSteps(runId, { datasets: [] })).rejects.toMatchObject({ kind: "conflict" });
    await runs.failStep(runId, STAGED, attempt, FAILURE, null);
    await runs.skipStep(runId, CURATED, `${STAGED} did not succeed`);
    await runs.finishRun(runId);
    await expect(runs.unmarkSteps(runId, { datasets: [] })).rejects.toMatchObject({ kind: "conflict" });
    await runs.markSteps(runId, { as: "done", datasets: [STAGED, CURATED], ...BY });
    expect(await see(runId)).toMatchObject({ state: "succeeded" });
    expect(await runs.unmarkSteps(runId, { datasets: [CURATED] })).toEqual([CURATED]);
    expect(await see(runId)).toMatchObject({
      state: "succeeded",
      steps: [{ state: "done-by-hand" }, { state: "skipped" }],
    });
    expect(await runs.unmarkSteps(runId, { datasets: [] })).toEqual([STAGED]);
    expect(await see(runId)).toMatchObject({ state: "failed", steps: [{ state: "failed" }, { state: "skipped" }] });
    expect((await runs.find(runId))?.steps.map(({ mark }) => mark)).toEqual([null, null]);
  });

  test("a mark stands once another run went on from it, or did the dataset again", async () => {
    const { runs, runId } = await started();
    const fail = async (id: string): Promise<void> => {
      await runs.startRun(id);
      await runs.failStep(id, STAGED, await runs.startStep(id, STAGED), FAILURE, null);
      await runs.skipStep(id, CURATED, `${STAGED} did not succeed`);
      await runs.finishRun(id);
    };
    await fail(runId);
    await runs.markSteps(runId, { as: "done", datasets: [STAGED], ...BY });
    const later = await runs.createRun(PLAN);
    await fail(later);
    await expect(runs.unmarkSteps(runId, { datasets: [STAGED] })).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringContaining(later),
    });
    await runs.markSteps(later, { as: "done", datasets: [STAGED], ...BY });
    const next = await runs.createRun({ ...PLAN, retryOf: later });
    await expect(runs.unmarkSteps(later, { datasets: [] })).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringContaining(next),
    });
  });

  test("a running step that is marked as failed never publishes, and one that waits never starts", async () => {
    const { runs, runId, see, transaction } = await started();
    await runs.startRun(runId);
    const attempt = await runs.startStep(runId, STAGED);
    expect(await runs.markSteps(runId, { as: "failed", datasets: [], ...BY })).toEqual([STAGED, CURATED]);
    for (const late of [
      () => transaction((tx) => runs.publishStep(tx, runId, STAGED, attempt)),
      () => runs.succeedStep(runId, STAGED, attempt, OUTCOME),
      () => runs.failStep(runId, STAGED, attempt, FAILURE, null),
      () => runs.startStep(runId, CURATED),
      () => runs.skipStep(runId, CURATED, "nothing new"),
    ])
      await expect(late()).rejects.toMatchObject({ kind: "cancelled" });
    await runs.finishRun(runId);
    expect(await see(runId)).toMatchObject({ state: "failed", steps: [{ state: "failed" }, { state: "failed" }] });
  });

  test("a step that has published is not marked", async () => {
    const { runs, runId, transaction } = await started();
    const attempt = await runs.startStep(runId, STAGED);
    await transaction((tx) => runs.publishStep(tx, runId, STAGED, attempt));
    await expect(runs.markSteps(runId, { as: "failed", datasets: [STAGED], ...BY })).rejects.toMatchObject({
      kind: "conflict",
    });
    await runs.succeedStep(runId, STAGED, attempt, OUTCOME);
  });
}
