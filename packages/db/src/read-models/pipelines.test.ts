import { randomUUID } from "node:crypto";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { runStore } from "../repositories/index.ts";
import { standingClock, testIds } from "../testing/store-fixture.ts";
import { datasetReadModel } from "./dataset.ts";
import { landingReadModel } from "./landing.ts";
import { pipelinesReadModel } from "./pipelines.ts";
import { runComparisonReadModel } from "./run-comparison.ts";

const clock = standingClock(new Date("2026-11-23T09:00:00Z"));
let server: TestPostgres;
let db: Db;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("pipelines");
  await migrate(connectionString);
  db = openDb({ connectionString });
  await db.pool.query(
    `INSERT INTO datasets (name, layer, kind, description, owner, pipeline, target_lag_seconds, row_count)
     VALUES ('curated.orders', 'curated', 'merge', '', 'o', 'sales', 60, 7), ('mart.daily', 'mart', 'partitioned', '', 'o', 'marts', 60, NULL)`,
  );
  await db.pool.query(
    "INSERT INTO dataset_inputs (dataset, input) VALUES ('curated.orders', 'orders_db/public.orders'), ('mart.daily', 'curated.orders')",
  );
}, 60_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

async function run(dataset: string, end: "succeed" | "fail" | "leave", codeVersion = "c1"): Promise<string> {
  clock.forward(60_000);
  const runs = runStore(db, { clock, ids: testIds(clock) });
  const steps = [{ dataset, reason: "new data", after: [] }];
  const id = await runs.createRun({ pipeline: "sales", trigger: "target-lag", steps });
  await runs.startRun(id);
  const attempt = await runs.startStep(id, dataset);
  const throughAfter = clock.now();
  clock.forward(30_000);
  const inputs = { "staged.orders": id };
  const progress = { inputsBefore: {}, inputsAfter: inputs, throughBefore: null, throughAfter, codeVersion, key: "k" };
  const outcome = { rowsIn: 1, rowsOut: 10, bytes: 100, snapshotBefore: null, snapshotAfter: id, progress };
  if (end === "succeed") await runs.succeedStep(id, dataset, attempt, outcome);
  if (end === "fail") await runs.failStep(id, dataset, attempt, { kind: "engine-failed", message: "no room" }, null);
  if (end !== "leave") await runs.finishRun(id);
  return id;
}

test("a dataset reads datasets; streams are no nodes of the graph", async () => {
  expect(await pipelinesReadModel(db.pool).graph()).toMatchObject([
    { name: "curated.orders", pipeline: "sales", layer: "curated", inputs: [] },
    { name: "mart.daily", pipeline: "marts", layer: "mart", inputs: ["curated.orders"] },
  ]);
});

test("the state of a dataset is its last run that ended, what runs now, and who stopped it", async () => {
  const read = pipelinesReadModel(db.pool);
  expect(await read.states()).toMatchObject([
    { name: "curated.orders", rowCount: 7, lastStep: null, openStep: null, pausedBy: null, heldBy: null },
    { name: "mart.daily", rowCount: null },
  ]);
  await run("curated.orders", "succeed");
  const failed = await run("curated.orders", "fail");
  const running = await run("curated.orders", "leave");
  await db.pool.query("INSERT INTO pipeline_pauses (pipeline, by, at) VALUES ('marts', 'dev@nova.example', $1)", [
    clock.now(),
  ]);
  const [orders, daily] = await read.states();
  expect(orders?.lastStep).toMatchObject({ runId: failed, state: "failed", errorKind: "engine-failed" });
  expect(orders?.lastStep?.startedAt).toBeInstanceOf(Date);
  expect(orders?.openStep).toEqual({ runId: running, state: "running", reason: "new data" });
  expect(daily).toMatchObject({ pausedBy: "dev@nova.example", openStep: null });
});

test("a run stands beside the last good run of each of its datasets: duration, rows, inputs, code, checks", async () => {
  const read = runComparisonReadModel(db.pool);
  const good = await run("mart.daily", "succeed");
  const broken = await run("mart.daily", "fail");
  const changed = await run("mart.daily", "succeed", "c2");
  await db.pool.query(
    `INSERT INTO checks (dataset, name, kind, severity, blocking, threshold, description)
     VALUES ('mart.daily', 'rows', 'volume', 'error', false, 0, ''), ('mart.daily', 'freshness', 'freshness', 'error', false, 0, '')`,
  );
  await db.pool.query(
    `INSERT INTO check_results (dataset, "check", at, outcome, value, threshold, snapshot_id, message)
     SELECT 'mart.daily', name, $2, 'failed', 3, 0, $1, '' FROM checks WHERE dataset = 'mart.daily'`,
    [changed, clock.now()],
  );
  const [one] = await read.ofRun(changed);
  expect(one).toMatchObject({
    dataset: "mart.daily",
    now: { runId: changed, seconds: 30, rowsOut: 10, inputs: { "staged.orders": changed }, codeVersion: "c2" },
    lastGood: { runId: good, state: "succeeded", inputs: { "staged.orders": good }, codeVersion: "c1", checks: [] },
  });
  expect(one?.checks).toBe(1);
  expect(one?.now.checks).toEqual([{ name: "rows", outcome: "failed", value: 3, at: clock.now(), own: true }]);
  expect(one?.now.startedAt).toBeInstanceOf(Date);
  expect(await read.ofRun(broken)).toMatchObject([{ now: { state: "failed" }, lastGood: { runId: good } }]);
  expect(await read.ofRun(good)).toMatchObject([{ lastGood: null }]);

  // Judged a little later, with what came after: known all the same, and said to be so.
  const judge = (snapshot: string, outcome: string, at: Date) =>
    db.pool.query(
      `INSERT INTO check_results (dataset, "check", at, outcome, value, threshold, snapshot_id, message)
       VALUES ('mart.daily', 'rows', $1, $2, 0, 0, $3, '')`,
      [at, outcome, snapshot],
    );
  const later = await run("mart.daily", "succeed", "c2");
  const after = (millis: number) => new Date(clock.now().getTime() + millis);
  await judge("another", "passed", after(1_000));
  await judge("another", "failed", after(2_000));
  const [judged] = await read.ofRun(later);
  expect(judged?.now.checks).toEqual([{ name: "rows", outcome: "passed", value: 0, at: after(1_000), own: false }]);
  await judge(later, "warned", after(3_000));
  expect((await read.ofRun(later))[0]?.now.checks).toMatchObject([{ outcome: "warned", own: true }]);
  expect(await read.ofRun(broken)).toMatchObject([{ now: { errorKind: "engine-failed", checks: [] } }]);
});

test("a snapshot is known by the run that wrote it", async () => {
  const good = await run("mart.daily", "succeed");
  const kept = [good, "upkeep"].map((snapshotId) => ({ snapshotId, committedAt: clock.now() }));
  const read = datasetReadModel(db.pool);
  expect(await read.runsOfSnapshots("mart.daily", kept)).toEqual([{ snapshotId: good, runId: good }]);
  expect(await read.runsOfSnapshots("curated.orders", kept)).toEqual([]);
  expect(await read.runsOfSnapshots("mart.daily", [])).toEqual([]);
});

test("landing times are those of runs that succeeded, spans as long as what is known asks for", async () => {
  const read = landingReadModel(db.pool);
  const landing = await read.ofDataset("mart.daily", clock.now());
  expect(landing).toMatchObject({ spanSeconds: 300, targetLagSeconds: 60 });
  expect(landing?.points.reduce((sum, point) => sum + point.runs, 0)).toBe(4);
  expect(landing?.points.every((point) => point.worstSeconds === 30 && point.at instanceof Date)).toBe(true);
  clock.forward(4 * 86_400_000);
  await run("mart.daily", "succeed");
  expect(await read.ofDataset("mart.daily", clock.now())).toMatchObject({ spanSeconds: 86_400, points: [{}, {}] });
  expect(await read.ofDataset("mart.unknown", clock.now())).toBeNull();
});

test("a backfill's run stands beside the last good one of the same partitions, or says that none is known", async () => {
  const read = runComparisonReadModel(db.pool);
  const part = async (runId: string, ...days: string[]): Promise<void> => {
    const backfill = randomUUID();
    await db.pool.query(
      `INSERT INTO backfills (id, dataset, state, plan, parallelism, requested_by, created_at) VALUES ($1, 'curated.orders', 'done', '{}', 1, 'dev', $2)`,
      [backfill, clock.now()],
    );
    await db.pool.query(
      `INSERT INTO backfill_partitions (backfill_id, dataset, part, number, wave, ordinal, state, run_id)
       SELECT $1, 'curated.orders', day, 1, 0, 0, 'succeeded', $2 FROM unnest($3::text[]) day`,
      [backfill, runId, days],
    );
  };
  const same = await run("curated.orders", "succeed");
  await part(same, "2026-11-01", "2026-11-02");
  const wider = await run("curated.orders", "succeed");
  await part(wider, "2026-11-01", "2026-11-02", "2026-11-03");
  const refresh = await run("curated.orders", "succeed");
  const again = await run("curated.orders", "succeed");
  await part(again, "2026-11-02", "2026-11-01");
  expect(await read.ofRun(again)).toMatchObject([{ lastGood: { runId: same }, partitions: "same" }]);
  const elsewhere = await run("curated.orders", "succeed");
  await part(elsewhere, "2026-11-09");
  expect(await read.ofRun(elsewhere)).toMatchObject([
    { lastGood: { runId: again, snapshotAfter: again }, partitions: "other" },
  ]);
  expect(await read.ofRun(refresh)).toMatchObject([{ lastGood: { runId: wider }, partitions: null }]);
});
