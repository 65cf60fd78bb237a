import { backfillSpecSchema, type BackfillPlan, type PlannedDataset } from "@nova/pipeline-core/orchestration";
import { examplePlan } from "@nova/pipeline-core/orchestration/testing";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { backfillStore, inTransaction, partitionStore, workerLease } from "../repositories/index.ts";
import { emptyDb, standingClock, testIds } from "../testing/store-fixture.ts";
import { backfillsReadModel } from "./backfills.ts";

const clock = standingClock(new Date("2026-11-23T09:00:00Z"));
const context = { clock, ids: testIds(clock) };
const MART = "mart.daily_sales";
const DEV = "dev@nova.example";
const NOBODY = "019a0000-0000-7000-8000-0000000000ff";
let server: TestPostgres;
let db: Db;
let epoch: bigint;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("backfills");
  await migrate(connectionString);
  db = openDb({ connectionString });
}, 60_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});
beforeEach(async () => {
  await emptyDb(db);
  await db.pool.query(
    `INSERT INTO datasets (name, layer, kind, description, owner, pipeline, target_lag_seconds)
     VALUES ($1, 'mart', 'partitioned', '', 'o', 'marts', 60)`,
    [MART],
  );
  epoch = await workerLease(db, context).acquire({ id: "worker", pid: 1, startedAt: clock.now() });
});

async function submitted(plan: BackfillPlan): Promise<string> {
  const store = backfillStore(db, context);
  const { id } = await store.plan(plan, DEV);
  await inTransaction(db.pool, (tx) => store.submit(tx as Parameters<typeof store.submit>[0], epoch, id));
  return id;
}

async function run(id: string, state: "succeeded" | "failed", message = ""): Promise<void> {
  const store = backfillStore(db, context);
  const claimed = await store.claim(epoch, id);
  clock.forward(1_000);
  for (const { dataset } of claimed?.steps ?? [])
    await store.settle(epoch, id, claimed?.number ?? 0, dataset, {
      state,
      ...(state === "failed" ? { failure: { kind: "check-failed" as const, message } } : {}),
    });
}

test("lists what was submitted, with how far it is, by dataset too", async () => {
  const read = backfillsReadModel(db.pool);
  await backfillStore(db, context).plan(examplePlan(), DEV);
  expect(await read.list(null, 10)).toEqual([]);
  const id = await submitted(examplePlan());
  await run(id, "succeeded");
  await run(id, "failed", "a check failed");
  expect(await read.list(MART, 10)).toMatchObject([
    {
      id,
      dataset: MART,
      datasets: 1,
      state: "running",
      requestedBy: DEV,
      parts: { succeeded: 1, failed: 1, queued: 1 },
    },
  ]);
  expect(await read.list("mart.other", 10)).toEqual([]);
  expect(await read.one(id)).toMatchObject({ id, plan: { hash: "abc", plannedAt: examplePlan().plannedAt } });
  expect(await read.one(NOBODY)).toBeNull();
});

test("tells progress in spans of days, and parts with those that failed first", async () => {
  const read = backfillsReadModel(db.pool);
  const id = await submitted(examplePlan());
  await run(id, "succeeded");
  await run(id, "failed", "a check failed");
  expect(await read.progress(id)).toEqual([
    {
      dataset: MART,
      parts: { queued: 1, running: 0, succeeded: 1, failed: 1, skipped: 0, cancelled: 0 },
      spans: [
        { from: "2026-11-01", to: "2026-11-01", state: "succeeded", partitions: 1 },
        { from: "2026-11-02", to: "2026-11-02", state: "failed", partitions: 1 },
        { from: "2026-11-03", to: "2026-11-03", state: "queued", partitions: 1 },
      ],
    },
  ]);
  expect((await read.parts(id, null, 0, 10)).map(({ part, state }) => `${state} ${part}`)).toEqual([
    "failed 2026-11-02",
    "queued 2026-11-03",
    "succeeded 2026-11-01",
  ]);
  expect(await read.parts(id, "failed", 0, 10)).toMatchObject([
    { part: "2026-11-02", number: 2, errorKind: "check-failed", errorMessage: "a check failed" },
  ]);
  expect(await read.parts(id, null, 2, 10)).toHaveLength(1);
});

test("tells a dataset's partitions from its first day to today: with rows, empty, missing, failed, queued", async () => {
  const read = backfillsReadModel(db.pool);
  expect(await read.partitions(MART, "2026-11-06")).toBeNull();
  await partitionStore(db).saveSurvey({
    dataset: MART,
    first: "2026-11-01",
    snapshotId: "1",
    at: clock.now(),
    days: [
      { day: "2026-11-03", rows: 5 },
      { day: "2026-11-04", rows: 7 },
    ],
  });
  const id = await submitted(examplePlan());
  await run(id, "succeeded");
  await run(id, "failed");
  expect((await read.partitions(MART, "2026-11-06"))?.spans).toEqual([
    { from: "2026-11-01", to: "2026-11-01", state: "empty", partitions: 1, rows: 0 },
    { from: "2026-11-02", to: "2026-11-02", state: "failed", partitions: 1, rows: 0 },
    { from: "2026-11-03", to: "2026-11-03", state: "queued", partitions: 1, rows: 5 },
    { from: "2026-11-04", to: "2026-11-04", state: "present", partitions: 1, rows: 7 },
    { from: "2026-11-05", to: "2026-11-06", state: "missing", partitions: 2, rows: 0 },
  ]);

  const stands = { parameters: { tolerance: "0.50" }, runId: id, at: clock.now() };
  const days = [{ from: "2026-11-03", to: "2026-11-04" }];
  expect((await read.partitions(MART, "2026-11-06"))?.marked).toEqual([]);
  await partitionStore(db).markParameters(epoch, { dataset: MART, days, ...stands });
  expect((await read.partitions(MART, "2026-11-06"))?.marked).toEqual([{ ...days[0], ...stands }]);
});

test("a hundred thousand days are a few spans", async () => {
  await db.pool.query(
    "INSERT INTO dataset_surveys (dataset, first_day, snapshot_id, at) VALUES ($1, '2026-11-23'::date - 99999, '1', now())",
    [MART],
  );
  await db.pool.query(
    "INSERT INTO dataset_partitions (dataset, day, rows) SELECT $1, '2026-11-23'::date - 99999 + i, 10 FROM generate_series(0, 99999) i WHERE i NOT BETWEEN 500 AND 600",
    [MART],
  );
  const found = await backfillsReadModel(db.pool).partitions(MART, "2026-11-23");
  expect(found?.spans.map(({ state }) => state)).toEqual(["present", "missing", "present"]);
  expect(found?.spans.reduce((sum, span) => sum + span.partitions, 0)).toBe(100_000);
});

test("fifty thousand parts are queued, and shown as spans", async () => {
  const datasets = ["a", "b", "c", "d", "e"].map((name): PlannedDataset => ({
    ...(examplePlan().datasets[0] as PlannedDataset),
    dataset: `mart.${name}`,
    ranges: [{ from: "1999-07-09", to: "2026-11-23" }],
    partitions: 10_000,
  }));
  const plan = { ...examplePlan(datasets), spec: backfillSpecSchema.parse({ dataset: "mart.a", perRun: 100 }) };
  const id = await submitted(plan);
  await run(id, "failed");
  const progress = await backfillsReadModel(db.pool).progress(id);
  expect(progress.map(({ spans }) => spans.map(({ state, partitions }) => `${partitions} ${state}`))).toEqual(
    datasets.map(() => ["100 failed", "9900 queued"]),
  );
});
