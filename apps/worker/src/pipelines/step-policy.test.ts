import { randomBytes } from "node:crypto";
import { scanMeters } from "@nova/engines/duckdb/testing";
import { modelCompiler } from "@nova/engines/sql";
import { PlatformError, uuidV7Source } from "@nova/pipeline-core/kernel";
import type { OpenLineageEvent } from "@nova/pipeline-core/lineage";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { memoryRunStore, type MemoryRunStore } from "@nova/pipeline-core/orchestration/testing";
import { describe, expect, it } from "vitest";
import { silentLogger } from "../testing/test-logger.ts";
import { createBehindShare } from "./behind-share.ts";
import { PACE, type PipelineContext } from "./context.ts";
import { loadDefinitions } from "./definitions.ts";
import { emptyLakeState } from "./lake-state.ts";
import { openRun } from "./open-run.ts";
import { holdsUp, type OpenRun } from "./run-under-way.ts";
import { runStep, type StepChange } from "./run-step.ts";
import { createLocks, createSlots } from "./slots.ts";
import { openPools, poolFacts, stepPolicies } from "./step-policy.ts";
import { createTeller } from "./tell-lineage.ts";
import { tellPools } from "./tell-pools.ts";

const clock = { now: () => new Date() };
const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
const known = loadDefinitions(modelCompiler);
const CHANGE: StepChange = {
  rowsIn: 0,
  rowsOut: 0,
  bytes: 0,
  snapshotBefore: null,
  snapshotAfter: null,
  mode: "nothing",
  phases: [],
  notes: [],
  progress: { inputsBefore: {}, inputsAfter: {}, throughBefore: null, key: "k" },
};
const ORIGIN = { namespace: "nova", producer: "https://nova.example" };
const A = "curated.orders";
const B = "curated.products";

/** Two slots and a pool of one place; both models are in it. */
async function ground(retries = 2): Promise<{ context: PipelineContext; run: OpenRun }> {
  const models = known.models
    .filter(({ name }) => name === A || name === B)
    .map((model) => ({ ...model, header: { ...model.header, pool: "one", retries } }));
  const pools = openPools([{ name: "one", size: 1, description: "for one" }]);
  const state = emptyLakeState();
  const meters = scanMeters();
  let millis = 0;
  const behindShare = createBehindShare(() => millis);
  // A backfill has just had its turn.
  await behindShare.run(async () => void (millis += 1));
  const context = {
    runs: memoryRunStore({ clock, ids }),
    engine: { openMeter: (tag) => meters.open(tag) } as LakeEngine,
    state,
    definitions: { ...known, models },
    pools,
    policyOf: stepPolicies(models, pools),
    slots: createSlots(2),
    behindSlots: createSlots(1),
    behindShare,
    exclusively: createLocks(),
    stopping: new AbortController().signal,
    openRuns: new Map(),
    teller: createTeller(undefined, state, clock),
    pace: PACE,
    jitter: () => 0,
    clock,
    logger: silentLogger,
  } as Partial<PipelineContext> as PipelineContext;
  const steps = [A, B].map((dataset) => ({ dataset, reason: "a test", after: [] }));
  return { context, run: await openRun(context, { pipeline: "sales", trigger: "manual", steps }) };
}

describe("a concurrency pool", () => {
  it("keeps the second step waiting while slots are free, and says who has its place", async () => {
    const { context, run } = await ground();
    const first = Promise.withResolvers<StepChange>();
    const began = Promise.withResolvers<void>();
    const done: string[] = [];
    const one = runStep(context, run, A, () => {
      began.resolve();
      return first.promise.finally(() => done.push(A));
    });
    await began.promise;
    const other = runStep(context, run, B, async () => {
      done.push(B);
      return CHANGE;
    });
    await expect.poll(() => poolFacts(context.policyOf(B), B)?.queuedBehind).toBe(0);
    expect(poolFacts(context.policyOf(B), B)).toEqual({ name: "one", size: 1, holders: [A], queuedBehind: 0 });
    expect(context.slots.waiting()).toEqual([]);
    expect(tellPools(context)).toMatchObject([
      { kind: "steps", size: 2, datasets: [], running: [{ dataset: A, runId: run.id }], waiting: [] },
      { kind: "backfills", size: 1, running: [], waiting: [] },
      {
        kind: "pool",
        name: "one",
        size: 1,
        datasets: expect.arrayContaining([A, B]),
        running: [{ dataset: A, runId: run.id }],
        waiting: [{ dataset: B, runId: run.id }],
      },
    ]);
    expect(done).toEqual([]);
    first.resolve(CHANGE);
    await Promise.all([one, other]);
    expect(done).toEqual([A, B]);
  });
});

describe("a backfill in a pool", () => {
  it("passes its place on soon when something live waits for it, however busy the slots are", async () => {
    const { context, run } = await ground();
    const frees = [1, 2].map(() => Promise.withResolvers<void>());
    const done: string[] = [];
    const busy = frees.map(({ promise }) =>
      context.slots.run(
        () => 5,
        () => promise,
      ),
    );
    const filling = { ...run, behind: true };
    const steps = [
      runStep(context, filling, A, async () => (done.push(A), CHANGE)),
      context.slots.run(
        () => 0,
        async () => void done.push("something live"),
      ),
    ];
    await expect.poll(() => context.slots.waiting()).toEqual(["", A]);
    steps.push(runStep(context, { ...run, asked: true }, B, async () => (done.push(B), CHANGE)));
    await expect.poll(() => context.slots.waiting()).toEqual([A, ""]);
    frees[0]?.resolve();
    await Promise.all(steps);
    expect(done).toEqual([A, "something live", B]);
    frees[1]?.resolve();
    await Promise.all(busy);
  });
});

describe("retries of a model", () => {
  it.each([
    ["engine-failed", 0, 1],
    ["engine-failed", 1, 2],
    ["check-failed", 5, 1],
  ] as const)("%s with %d retries is tried %d times", async (kind, retries, tries) => {
    const { context, run } = await ground(retries);
    let tried = 0;
    const change = await runStep(context, run, A, () => {
      tried += 1;
      return Promise.reject(new PlatformError(kind, "no"));
    });
    expect(change).toBeNull();
    expect(tried).toBe(tries);
    expect(context.state.leftAlone.get(A)).toMatchObject({ because: "failed", runId: run.id });
  });
});

describe("a step that takes longer than its time limit", () => {
  it("is interrupted, tried again as often as it may, and keeps what it tried", async () => {
    const { context, run } = await ground(1);
    const limited = { ...context, policyOf: (name: string) => ({ ...context.policyOf(name), timeoutMillis: 5 }) };
    const tried = { inputsBefore: { x: "1" }, inputs: { x: "2" }, throughBefore: null, codeVersion: "c" };
    let tries = 0;
    const change = await runStep(limited, run, A, async (attempt) => {
      tries += 1;
      attempt.tries(tried);
      return interrupted(attempt.signal);
    });
    expect([change, tries]).toEqual([null, 2]);
    const stored = await context.runs.find(run.id);
    expect(stored?.steps[0]).toMatchObject({ state: "failed", attempt: 2, tried, progress: null });
    const { lines } = context.runs as MemoryRunStore;
    expect(lines.at(-1)).toMatchObject({
      message: `${A} took longer than 0 s, its time limit, and was interrupted; nothing was published`,
      fields: { kind: "timed-out", remedy: expect.stringContaining("docs/runbooks/timed-out.md") },
    });
  });

  it("counts as done when it was done all the same", async () => {
    const { context, run } = await ground(0);
    const limited = { ...context, policyOf: (name: string) => ({ ...context.policyOf(name), timeoutMillis: 1 }) };
    const done = await runStep(limited, run, A, async ({ signal }) => {
      await interrupted(signal).catch(() => undefined);
      return CHANGE;
    });
    expect(done).toEqual(CHANGE);
  });

  it("has waited for its turn outside of the limit", async () => {
    const { context, run } = await ground(0);
    const limited = { ...context, policyOf: (name: string) => ({ ...context.policyOf(name), timeoutMillis: 1 }) };
    const first = Promise.withResolvers<void>();
    const holder = context.exclusively(A, () => first.promise);
    const begun: boolean[] = [];
    const waiting = runStep(limited, run, A, async ({ signal }) => {
      begun.push(signal.aborted);
      return CHANGE;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    first.resolve();
    await holder;
    expect(await waiting).toEqual(CHANGE);
    expect(begun).toEqual([false]);
  });

  it("ends as cancelled when a person was faster", async () => {
    const { context, run } = await ground(2);
    const stop = new AbortController();
    const mine = { ...run, signal: stop.signal };
    const change = runStep(context, mine, A, async ({ signal }) => {
      stop.abort();
      return interrupted(signal);
    });
    expect(await change).toBeNull();
    expect(context.state.leftAlone.get(A)).toMatchObject({ because: "cancelled" });
  });
});

describe("a step that a person marks as failed while it runs", () => {
  it("is interrupted, is told to lineage as failed without rows, and holds up what comes after it", async () => {
    const { context, run } = await ground(2);
    const told: OpenLineageEvent[] = [];
    const teller = createTeller({ origin: ORIGIN, emit: (event) => void told.push(event) }, context.state, clock);
    const telling = { ...context, teller };
    teller.runBegan(run.id, "sales");
    const change = await runStep(telling, run, A, async ({ signal }) => {
      const request = { as: "failed", datasets: [A], by: "dev@nova.example", reason: "it hangs" } as const;
      for (const dataset of await context.runs.markSteps(run.id, request)) {
        run.marks.set(dataset, "failed");
        run.interrupts.get(dataset)?.abort();
      }
      return interrupted(signal);
    });
    expect(change).toBeNull();
    expect(holdsUp(run, A)).toBe(true);
    expect((await context.runs.find(run.id))?.steps[0]).toMatchObject({
      state: "failed",
      attempt: 1,
      published: false,
    });
    expect(context.state.leftAlone.get(A)).toMatchObject({ because: "failed" });
    // One that waits never begins, whatever it would have found.
    await context.runs.markSteps(run.id, { as: "failed", datasets: [B], by: "dev@nova.example", reason: "nor this" });
    expect(await runStep(telling, run, B, () => Promise.reject(new Error("it began")))).toBeNull();
    teller.runEnded(run.id);
    expect(told.map(({ eventType, job: { name } }) => `${eventType} ${name}`)).toEqual([
      "START sales",
      `START sales.${A}`,
      `FAIL sales.${A}`,
      "FAIL sales",
    ]);
    expect(run.signal.aborted).toBe(false);
  });
});

describe("a failed step that a person marks as done", () => {
  it("holds nothing up any more", async () => {
    const { run } = await ground();
    run.failed.add(A);
    expect(holdsUp(run, A)).toBe(true);
    run.marks.set(A, "done");
    expect(holdsUp(run, A)).toBe(false);
  });
});

/** What the engine does: throws `cancelled` once the signal says so. */
async function interrupted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  throw new PlatformError("cancelled", "the run was cancelled; nothing was published");
}
