import type { ExpectStatic, TestAPI } from "vitest";
import type { Transaction } from "../kernel/index.ts";
import type { BackfillPlan, PlannedDataset } from "./backfill.ts";
import { backfillSpecSchema } from "./backfill.ts";
import type { BackfillStore, ClaimedRun } from "./backfill-store.ts";

/** Fresh and empty for every test. */
export interface BackfillStoreFixture {
  readonly backfills: BackfillStore;
  /** A newer worker takes the lease; returns its epoch. */
  newEpoch: () => Promise<bigint>;
  within: <Result>(work: (tx: Transaction) => Promise<Result>) => Promise<Result>;
}

const NOW = new Date("2026-11-23T09:00:00Z");
const DEV = "dev@nova.example";
const RUN = "019a0000-0000-7000-8000-000000000001";
const MART = "mart.daily_sales";
const DAILY = "export.daily_sales";
const TOTAL = "export.total_sales";
const NOBODY = "019a0000-0000-7000-8000-0000000000ff";

function planned(dataset: string, change: Partial<PlannedDataset> = {}): PlannedDataset {
  return {
    dataset,
    kind: "recompute",
    owner: "sales-data",
    reason: "every partition asked for",
    after: [],
    wave: 0,
    ranges: [{ from: "2026-11-01", to: "2026-11-03" }],
    partitions: 3,
    runs: 3,
    rows: 30,
    bytes: 300,
    seconds: 1.5,
    codeVersion: "v1",
    inputs: { "curated.orders": "7" },
    ...change,
  };
}

/** Three days of a mart and what is made from it by day and as a whole. */
export function examplePlan(datasets: readonly PlannedDataset[] = [planned(MART)], perRun = 1): BackfillPlan {
  return {
    spec: backfillSpecSchema.parse({ dataset: MART, perRun }),
    kind: "recompute",
    datasets,
    partitions: datasets.reduce((sum, one) => sum + one.partitions, 0),
    runs: 3,
    rows: 30,
    bytes: 300,
    seconds: 1.5,
    dollars: "0.0002",
    affected: [],
    atRisk: [],
    notes: [],
    plannedAt: NOW,
    hash: "abc",
  };
}

const DOWNSTREAM = [
  planned(MART),
  planned(DAILY, { after: [MART] }),
  planned(TOTAL, { after: [MART], wave: 1, ranges: null, partitions: 1, runs: 1 }),
];

export function backfillStoreContract(
  { test, expect }: { test: TestAPI; expect: ExpectStatic },
  make: () => Promise<BackfillStoreFixture>,
): void {
  const begun = async (plan: BackfillPlan = examplePlan()) => {
    const fixture = await make();
    const { backfills, within, newEpoch } = fixture;
    const epoch = await newEpoch();
    const { id } = await backfills.plan(plan, DEV);
    await within((tx) => backfills.submit(tx, epoch, id));
    const all = async (claimed: ClaimedRun | null, state: "succeeded" | "failed" | "skipped"): Promise<void> => {
      for (const { dataset } of claimed?.steps ?? [])
        await backfills.settle(epoch, id, claimed?.number ?? 0, dataset, {
          state,
          ...(state === "failed" ? { failure: { kind: "check-failed" as const, message: "a check failed" } } : {}),
        });
    };
    return { ...fixture, epoch, id, all };
  };

  test("a plan is kept as it was shown, and nothing of it runs before it is submitted", async () => {
    const { backfills, newEpoch } = await make();
    const epoch = await newEpoch();
    const plan = examplePlan(DOWNSTREAM, 2);
    const stored = await backfills.plan(plan, DEV);
    expect(await backfills.find(stored.id)).toEqual(stored);
    expect(stored).toMatchObject({ state: "planned", plan, requestedBy: DEV, parallelism: 1, startedAt: null });
    expect(await backfills.open()).toEqual([]);
    expect(await backfills.claim(epoch, stored.id)).toBeNull();
    expect(await backfills.find(NOBODY)).toBeNull();
  });

  test("submitting queues each part once; a second submit is refused", async () => {
    const { backfills, within, epoch, id } = await begun(examplePlan(DOWNSTREAM));
    expect(await backfills.counts(id)).toMatchObject({ queued: 7, running: 0, succeeded: 0 });
    await expect(within((tx) => backfills.submit(tx, epoch, id))).rejects.toMatchObject({ kind: "conflict" });
    expect((await backfills.open()).map((one) => one.id)).toEqual([id]);
  });

  test("runs are taken in order, each once, with their datasets in order", async () => {
    const { backfills, epoch, id } = await begun(examplePlan(DOWNSTREAM.slice(0, 2), 2));
    expect(await backfills.claim(epoch, id)).toEqual({
      number: 1,
      broken: 0,
      steps: [MART, DAILY].map((dataset) => ({ dataset, ranges: [{ from: "2026-11-01", to: "2026-11-02" }] })),
    });
    expect(await backfills.claim(epoch, id)).toMatchObject({ number: 2 });
    expect(await backfills.claim(epoch, id)).toBeNull();
  });

  test("two who take at once never take the same part", async () => {
    const { backfills, epoch, id } = await begun();
    const taken = await Promise.all([1, 2, 3, 4, 5].map(() => backfills.claim(epoch, id)));
    expect(taken.flatMap((one) => (one === null ? [] : [one.number])).toSorted((left, right) => left - right)).toEqual([
      1, 2, 3,
    ]);
  });

  test("what is cut otherwise waits until everything before it has ended, well or not", async () => {
    const { backfills, epoch, id, all } = await begun(examplePlan(DOWNSTREAM, 3));
    const days = await backfills.claim(epoch, id);
    expect(await backfills.claim(epoch, id)).toBeNull();
    await all(days, "succeeded");
    const whole = await backfills.claim(epoch, id);
    expect(whole).toEqual({ number: 2, broken: 0, steps: [{ dataset: TOTAL, ranges: null }] });
    expect(await backfills.finishIfDone(epoch, id)).toMatchObject({ state: "running", endedAt: null });
    await all(whole, "succeeded");
    const done = await backfills.finishIfDone(epoch, id);
    expect(done.state).toBe("done");
    expect(done.endedAt).not.toBeNull();
  });

  test("a run behind others is told how much of them did not succeed", async () => {
    const { backfills, epoch, id, all } = await begun(examplePlan(DOWNSTREAM));
    for (const state of ["succeeded", "failed", "skipped"] as const) await all(await backfills.claim(epoch, id), state);
    expect(await backfills.claim(epoch, id)).toMatchObject({ number: 4, broken: 4 });
  });

  test("a backfill with a part that did not succeed has failed; a retry queues these parts and no others", async () => {
    const { backfills, within, epoch, id, all } = await begun();
    for (const state of ["succeeded", "failed", "skipped"] as const) await all(await backfills.claim(epoch, id), state);
    expect(await backfills.finishIfDone(epoch, id)).toMatchObject({ state: "failed" });
    expect(await backfills.tried(MART)).toEqual({
      succeeded: [{ from: "2026-11-01", to: "2026-11-01" }],
      failed: [{ from: "2026-11-02", to: "2026-11-02" }],
    });
    expect(await within((tx) => backfills.retry(tx, epoch, id))).toBe(2);
    expect(await backfills.counts(id)).toMatchObject({ queued: 2, succeeded: 1, failed: 0 });
    expect(await backfills.claim(epoch, id)).toMatchObject({ number: 2 });
    await all({ number: 2, broken: 0, steps: [{ dataset: MART, ranges: null }] }, "succeeded");
    await all(await backfills.claim(epoch, id), "succeeded");
    expect(await backfills.finishIfDone(epoch, id)).toMatchObject({ state: "done" });
    expect(await backfills.tried(MART)).toMatchObject({ failed: [] });
    await expect(within((tx) => backfills.retry(tx, epoch, id))).rejects.toMatchObject({ kind: "conflict" });
  });

  test("a paused one starts nothing; what runs ends by itself, and resuming goes on with what is left", async () => {
    const { backfills, within, epoch, id, all } = await begun();
    const first = await backfills.claim(epoch, id);
    await within((tx) => backfills.pause(tx, epoch, id));
    expect(await backfills.claim(epoch, id)).toBeNull();
    await all(first, "succeeded");
    expect(await backfills.finishIfDone(epoch, id)).toMatchObject({ state: "paused" });
    expect((await backfills.open()).map((one) => one.id)).toEqual([id]);
    await expect(within((tx) => backfills.pause(tx, epoch, id))).rejects.toMatchObject({ kind: "conflict" });
    await within((tx) => backfills.resume(tx, epoch, id));
    expect(await backfills.claim(epoch, id)).toMatchObject({ number: 2 });
  });

  test("cancelling ends what waits and names the runs that are still at it", async () => {
    const { backfills, within, epoch, id, all } = await begun();
    const first = await backfills.claim(epoch, id);
    expect(await backfills.attach(epoch, id, 1, RUN)).toBe(true);
    expect(await within((tx) => backfills.cancel(tx, epoch, id))).toEqual([RUN]);
    expect(await backfills.attach(epoch, id, 1, RUN)).toBe(false);
    expect(await backfills.counts(id)).toMatchObject({ running: 1, cancelled: 2, queued: 0 });
    expect(await backfills.claim(epoch, id)).toBeNull();
    await all(first, "succeeded");
    expect(await backfills.finishIfDone(epoch, id)).toMatchObject({ state: "cancelled" });
    await expect(within((tx) => backfills.resume(tx, epoch, id))).rejects.toMatchObject({ kind: "conflict" });
    expect(await within((tx) => backfills.retry(tx, epoch, id))).toBe(2);
    expect(await backfills.find(id)).toMatchObject({ state: "running", endedAt: null });
  });

  test("how many run at once changes while it runs", async () => {
    const { backfills, within, epoch, id } = await begun();
    await within((tx) => backfills.setParallelism(tx, epoch, id, 4));
    expect(await backfills.find(id)).toMatchObject({ parallelism: 4 });
    await within((tx) => backfills.cancel(tx, epoch, id));
    await expect(within((tx) => backfills.setParallelism(tx, epoch, id, 2))).rejects.toMatchObject({
      kind: "conflict",
    });
  });

  test("a newer worker takes over what an older one had begun, and the older one can do nothing more", async () => {
    const { backfills, newEpoch, within, epoch, id } = await begun();
    await backfills.claim(epoch, id);
    const newer = await newEpoch();
    await expect(backfills.claim(epoch, id)).rejects.toMatchObject({ kind: "stale-writer" });
    await expect(backfills.settle(epoch, id, 1, MART, { state: "succeeded" })).rejects.toMatchObject({
      kind: "stale-writer",
    });
    await expect(within((tx) => backfills.pause(tx, epoch, id))).rejects.toMatchObject({ kind: "stale-writer" });
    expect(await backfills.reclaim(newer)).toBe(1);
    expect(await backfills.reclaim(newer)).toBe(0);
    expect(await backfills.claim(newer, id)).toMatchObject({ number: 1 });
  });

  test("parts that ended are not ended again", async () => {
    const { backfills, epoch, id, all } = await begun();
    const first = await backfills.claim(epoch, id);
    await all(first, "succeeded");
    await all(first, "failed");
    expect(await backfills.counts(id)).toMatchObject({ succeeded: 1, failed: 0 });
  });

  test("plans that nobody submitted go, the others stay", async () => {
    const { backfills, id } = await begun();
    const idle = await backfills.plan(examplePlan(), DEV);
    expect(await backfills.forgetPlans(new Date(NOW.getTime() + 1))).toBe(1);
    expect(await backfills.find(idle.id)).toBeNull();
    expect(await backfills.find(id)).not.toBeNull();
  });
}
