import type { ExpectStatic, TestAPI } from "vitest";
import { DAY, type Transaction } from "../kernel/index.ts";
import type { RunStore } from "./ports.ts";
import type { PlannedRun, RunState, StepState } from "./run.ts";

/** Fresh and empty for every test, with what the portal would see of a run. */
export interface RunStoreFixture {
  readonly runs: RunStore;
  readonly now: Date;
  readonly transaction: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;
  see: (runId: string) => Promise<{
    state: RunState;
    steps: { dataset: string; state: StepState; attempt: number }[];
    logLines: number;
  } | null>;
}

const PLAN: PlannedRun = {
  pipeline: "curated",
  trigger: "target-lag",
  steps: [
    { dataset: "staged.orders_db__orders", reason: "12 changes wait", after: [] },
    { dataset: "curated.orders", reason: "its input changes", after: ["staged.orders_db__orders"] },
  ],
};
const OUTCOME = { rowsIn: 12, rowsOut: 12, bytes: 1_024, snapshotBefore: null, snapshotAfter: "1" };
const FAILURE = { kind: "engine-failed", message: "out of memory" } as const;
const [STAGED, CURATED] = ["staged.orders_db__orders", "curated.orders"];

export function runStoreContract(
  { test, expect }: { test: TestAPI; expect: ExpectStatic },
  make: () => Promise<RunStoreFixture>,
): void {
  const started = async () => {
    const fixture = await make();
    const runId = await fixture.runs.createRun(PLAN);
    return { ...fixture, runId };
  };

  test("a plan becomes a queued run whose steps wait in order", async () => {
    const { runId, see } = await started();
    expect(await see(runId)).toEqual({
      state: "queued",
      steps: [
        { dataset: STAGED, state: "waiting", attempt: 0 },
        { dataset: CURATED, state: "waiting", attempt: 0 },
      ],
      logLines: 0,
    });
  });

  test("a run whose steps succeeded or were skipped has succeeded", async () => {
    const { runs, runId, see } = await started();
    await runs.startRun(runId);
    const attempt = await runs.startStep(runId, STAGED);
    await runs.succeedStep(runId, STAGED, attempt, OUTCOME);
    await runs.skipStep(runId, CURATED, "nothing changed");
    await runs.finishRun(runId);
    expect(await see(runId)).toMatchObject({
      state: "succeeded",
      steps: [
        { state: "succeeded", attempt: 1 },
        { state: "skipped", attempt: 0 },
      ],
    });
  });

  test("a failed attempt with a retry time is tried again under the next number", async () => {
    const { runs, runId, now, see } = await started();
    await runs.startRun(runId);
    expect(await runs.startStep(runId, STAGED)).toBe(1);
    await runs.failStep(runId, STAGED, 1, FAILURE, now);
    expect(await see(runId)).toMatchObject({ steps: [{ state: "retrying" }, {}] });
    expect(await runs.startStep(runId, STAGED)).toBe(2);
    await runs.failStep(runId, STAGED, 2, FAILURE, null);
    await runs.skipStep(runId, CURATED, "an upstream step failed");
    await runs.finishRun(runId);
    expect(await see(runId)).toMatchObject({
      state: "failed",
      steps: [{ state: "failed", attempt: 2 }, { state: "skipped" }],
    });
  });

  test("the end of an attempt that is not the running one is refused", async () => {
    const { runs, runId, now } = await started();
    await runs.startStep(runId, STAGED);
    await runs.failStep(runId, STAGED, 1, FAILURE, now);
    await runs.startStep(runId, STAGED);
    await expect(runs.succeedStep(runId, STAGED, 1, OUTCOME)).rejects.toMatchObject({ kind: "stale-writer" });
    await runs.succeedStep(runId, STAGED, 2, OUTCOME);
    await expect(runs.failStep(runId, STAGED, 2, FAILURE, null)).rejects.toMatchObject({ kind: "stale-writer" });
  });

  test("a step that runs or has ended does not start again", async () => {
    const { runs, runId } = await started();
    await runs.startStep(runId, STAGED);
    await expect(runs.startStep(runId, STAGED)).rejects.toMatchObject({ kind: "conflict" });
  });

  test("an unknown step is said by name", async () => {
    const { runs, runId } = await started();
    await expect(runs.startStep(runId, "curated.nothing")).rejects.toMatchObject({
      kind: "not-found",
      message: expect.stringContaining("curated.nothing"),
    });
  });

  test("finishing early cancels what had not ended", async () => {
    const { runs, runId, see } = await started();
    await runs.startRun(runId);
    await runs.finishRun(runId);
    expect(await see(runId)).toMatchObject({
      state: "cancelled",
      steps: [{ state: "cancelled" }, { state: "cancelled" }],
    });
  });

  test("cancelling ends steps that wait or run, and what runs never publishes afterwards", async () => {
    const { runs, runId, transaction, see } = await started();
    await runs.startRun(runId);
    const attempt = await runs.startStep(runId, STAGED);
    expect(await runs.cancelRun(runId, "dev@nova.example")).toEqual([STAGED, CURATED]);
    const late = [
      () => transaction((tx) => runs.publishStep(tx, runId, STAGED, attempt)),
      () => runs.succeedStep(runId, STAGED, attempt, OUTCOME),
      () => runs.failStep(runId, STAGED, attempt, FAILURE, null),
      () => runs.startStep(runId, CURATED),
      () => runs.skipStep(runId, CURATED, "an upstream step failed"),
    ];
    for (const one of late) await expect(one()).rejects.toMatchObject({ kind: "cancelled" });
    await runs.finishRun(runId);
    expect(await see(runId)).toMatchObject({
      state: "cancelled",
      steps: [{ state: "cancelled" }, { state: "cancelled" }],
    });
    await expect(runs.cancelRun(runId, "dev@nova.example")).rejects.toMatchObject({ kind: "conflict" });
  });

  test("a step that has published is no longer cancelled: it ends as it is", async () => {
    const { runs, runId, transaction, see } = await started();
    await runs.startRun(runId);
    const attempt = await runs.startStep(runId, STAGED);
    await transaction((tx) => runs.publishStep(tx, runId, STAGED, attempt));
    expect(await runs.cancelRun(runId, "dev@nova.example")).toEqual([CURATED]);
    await runs.succeedStep(runId, STAGED, attempt, OUTCOME);
    await runs.finishRun(runId);
    expect(await see(runId)).toMatchObject({
      state: "cancelled",
      steps: [{ state: "succeeded" }, { state: "cancelled" }],
    });
  });

  test("an attempt that is not the running one does not publish", async () => {
    const { runs, runId, now, transaction } = await started();
    await runs.startStep(runId, STAGED);
    await runs.failStep(runId, STAGED, 1, FAILURE, now);
    await runs.startStep(runId, STAGED);
    await expect(transaction((tx) => runs.publishStep(tx, runId, STAGED, 1))).rejects.toMatchObject({
      kind: "stale-writer",
    });
    await transaction((tx) => runs.publishStep(tx, runId, STAGED, 2));
  });

  test("a run is found with its steps, whose retry it is and who asked for it", async () => {
    const { runs, runId, now } = await started();
    const attempt = await runs.startStep(runId, STAGED);
    const progress = {
      inputsBefore: { "raw.orders_db": null },
      inputsAfter: { "raw.orders_db": "7" },
      throughBefore: now,
      throughAfter: new Date(now.getTime() + 60_000),
      codeVersion: "c1",
      key: "k1",
    };
    await runs.succeedStep(runId, STAGED, attempt, { ...OUTCOME, progress });
    await runs.skipStep(runId, CURATED, "it is there already", "k2");
    const again = await runs.createRun({ ...PLAN, trigger: "manual", retryOf: runId, requestedBy: "dev@nova.example" });
    expect(await runs.find(runId)).toMatchObject({
      id: runId,
      pipeline: PLAN.pipeline,
      trigger: "target-lag",
      state: "queued",
      retryOf: null,
      requestedBy: null,
      steps: [
        { ...PLAN.steps[0], state: "succeeded", attempt: 1, snapshotBefore: null, snapshotAfter: "1", progress },
        { ...PLAN.steps[1], state: "skipped", skipReason: "it is there already", progress: null },
      ],
    });
    expect(await runs.find(again)).toMatchObject({
      trigger: "manual",
      retryOf: runId,
      requestedBy: "dev@nova.example",
    });
    expect(await runs.find("019a0000-0000-7000-8000-000000000000")).toBeNull();
  });

  test("a step that failed keeps what it worked with, and one that succeeded later what came of it", async () => {
    const { runs, runId, now } = await started();
    const tried = {
      inputsBefore: { "raw.orders_db": "6" },
      inputs: { "raw.orders_db": "7" },
      throughBefore: now,
      codeVersion: "c1",
    };
    const step = async () => (await runs.find(runId))?.steps[0];
    await runs.startStep(runId, STAGED);
    await runs.failStep(runId, STAGED, 1, { ...FAILURE, tried }, now);
    expect(await step()).toMatchObject({ state: "retrying", progress: null, tried });
    const again = { ...tried, inputs: { "raw.orders_db": "8" } };
    await runs.startStep(runId, STAGED);
    await runs.failStep(runId, STAGED, 2, { ...FAILURE, tried: again }, now);
    expect(await step()).toMatchObject({ tried: again });
    await runs.startStep(runId, STAGED);
    const progress = { inputsBefore: {}, inputsAfter: { "raw.orders_db": "9" }, throughBefore: now, key: "k1" };
    await runs.succeedStep(runId, STAGED, 3, { ...OUTCOME, progress });
    expect(await step()).toMatchObject({ state: "succeeded", progress, tried: null });
  });

  test("a run that is not known cannot be cancelled", async () => {
    const { runs } = await make();
    await expect(runs.cancelRun("019a0000-0000-7000-8000-000000000000", "x")).rejects.toMatchObject({
      kind: "not-found",
    });
  });

  test("log lines are kept with their run", async () => {
    const { runs, runId, now, see } = await started();
    await runs.log([
      { runId, dataset: STAGED, at: now, level: "info", message: "merging", fields: { rows: 12 } },
      { runId, dataset: null, at: now, level: "warn", message: "slow", fields: {} },
    ]);
    expect(await see(runId)).toMatchObject({ logLines: 2 });
  });

  test("what a dead worker left open is closed as failed, once", async () => {
    const { runs, runId, see } = await started();
    await runs.startRun(runId);
    await runs.startStep(runId, STAGED);
    expect(await runs.closeAbandoned()).toBe(1);
    expect(await see(runId)).toMatchObject({ state: "failed", steps: [{ state: "failed" }, { state: "failed" }] });
    expect(await runs.closeAbandoned()).toBe(0);
  });

  test("old runs go, failed ones later, open ones never", async () => {
    const { runs, now, see } = await make();
    const finished = async (fail: boolean) => {
      const id = await runs.createRun({ ...PLAN, steps: PLAN.steps.slice(0, 1) });
      const attempt = await runs.startStep(id, STAGED);
      await (fail ? runs.failStep(id, STAGED, attempt, FAILURE, null) : runs.succeedStep(id, STAGED, attempt, OUTCOME));
      await runs.finishRun(id);
      return id;
    };
    const [succeeded, failed, open] = [await finished(false), await finished(true), await runs.createRun(PLAN)];
    const tomorrow = new Date(now.getTime() + DAY);
    expect(await runs.prune({ succeededAfter: tomorrow, failedAfter: new Date(0) })).toBe(1);
    expect([await see(succeeded), (await see(failed))?.state, (await see(open))?.state]).toEqual([
      null,
      "failed",
      "queued",
    ]);
    expect(await runs.prune({ succeededAfter: tomorrow, failedAfter: tomorrow })).toBe(1);
    expect((await see(open))?.state).toBe("queued");
  });
}
