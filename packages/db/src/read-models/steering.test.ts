import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { controlStore, runStore, workerLease } from "../repositories/index.ts";
import { standingClock, testIds } from "../testing/store-fixture.ts";
import { readStatus } from "./status.ts";
import { steeringReadModel } from "./steering.ts";

const clock = standingClock(new Date("2026-11-23T09:00:00Z"));
const context = { clock, ids: testIds(clock) };
const DEV = "dev@nova.example";
let server: TestPostgres;
let db: Db;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("steering");
  await migrate(connectionString);
  db = openDb({ connectionString });
  await db.pool.query(
    `INSERT INTO datasets (name, layer, kind, description, owner, pipeline, target_lag_seconds, data_through)
     VALUES ('curated.orders', 'curated', 'merge', '', 'o', 'sales', 60, $1), ('mart.sales', 'mart', 'partitioned', '', 'o', 'marts', 60, $1)`,
    [clock.now()],
  );
  await db.pool.query(
    "INSERT INTO dataset_inputs (dataset, input, consumed_snapshot) VALUES ('curated.orders', 'staged.a', '9')",
  );
}, 60_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

async function ran(from: string | null, to: string, retryOf?: string): Promise<string> {
  clock.forward(60_000);
  const runs = runStore(db, context);
  const steps = [{ dataset: "curated.orders", reason: "new data", after: [] }];
  const id = await runs.createRun({
    pipeline: "sales",
    trigger: "manual",
    steps,
    requestedBy: DEV,
    ...(retryOf === undefined ? {} : { retryOf }),
  });
  await runs.startRun(id);
  const attempt = await runs.startStep(id, "curated.orders");
  const outcome = { rowsIn: 1, rowsOut: 10, bytes: 100, snapshotBefore: from, snapshotAfter: to };
  await runs.succeedStep(id, "curated.orders", attempt, outcome);
  await runs.finishRun(id);
  return id;
}

test("a dataset can go back before each run that changed it, told with what that undoes", async () => {
  const read = steeringReadModel(db.pool);
  const first = await ran(null, "1");
  const second = await ran("1", "2");
  await ran("2", "2");
  const third = await ran("2", "3", first);
  expect(await read.rollbackPoints("curated.orders", 10)).toMatchObject([
    { runId: third, snapshotBefore: "2", runsUndone: 1, rowsUndone: 10, bytesUndone: 100 },
    { runId: second, snapshotBefore: "1", runsUndone: 2, rowsUndone: 20 },
  ]);
  expect(await read.ofRun(first)).toEqual({
    retryOf: null,
    requestedBy: DEV,
    cancelledBy: null,
    retries: [{ id: third, state: "succeeded" }],
  });
  expect(await read.ofRun(third)).toMatchObject({ retryOf: first, retries: [] });
});

test("pauses and rollbacks show until they end, and only the worker that holds the lease makes them", async () => {
  const read = steeringReadModel(db.pool);
  const controls = controlStore(db);
  const lease = workerLease(db, context);
  const stale = await lease.acquire({ id: "old", pid: 1, startedAt: clock.now() });
  const epoch = await lease.acquire({ id: "new", pid: 2, startedAt: clock.now() });
  const pause = { pipeline: "sales", by: DEV, at: clock.now() };
  await expect(controls.within((tx) => controls.pause(tx, stale, pause))).rejects.toMatchObject({
    kind: "stale-writer",
  });
  await controls.within((tx) => controls.pause(tx, epoch, pause));
  const runId = context.ids.next();
  const earlier = new Date(clock.now().getTime() - 3_600_000);
  await controls.within((tx) =>
    controls.rollBack(tx, epoch, {
      dataset: "curated.orders",
      snapshotId: "1",
      runId,
      by: DEV,
      at: clock.now(),
      consumed: { "staged.a": "4" },
      dataThrough: earlier,
      downstream: ["mart.sales"],
    }),
  );
  expect(await read.pauses()).toEqual([pause]);
  expect((await readStatus(db, clock)).pauses).toEqual([pause]);
  expect(await read.holdOf("curated.orders")).toMatchObject({
    dataset: "curated.orders",
    snapshotId: "1",
    runId,
    by: DEV,
  });
  expect(await controls.holds()).toHaveLength(1);
  const { rows } = await db.pool.query("SELECT name, snapshot_id, data_through FROM datasets ORDER BY name");
  expect(rows).toEqual([
    { name: "curated.orders", snapshot_id: "1", data_through: earlier },
    { name: "mart.sales", snapshot_id: null, data_through: earlier },
  ]);
  const inputs = await db.pool.query("SELECT consumed_snapshot FROM dataset_inputs");
  expect(inputs.rows).toEqual([{ consumed_snapshot: "4" }]);
  await controls.within((tx) => controls.release(tx, epoch, "curated.orders"));
  await controls.within((tx) => controls.resume(tx, epoch, "sales"));
  expect(await read.pauses()).toEqual([]);
  expect(await read.holdOf("curated.orders")).toBeNull();
});
