import { NOTHING_SCANNED, oneQuery, type Scanned } from "@nova/pipeline-core/lakehouse";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { costReadModel } from "../read-models/cost.ts";
import { emptyDb, standingClock, testIds } from "../testing/store-fixture.ts";
import * as stores from "./index.ts";

const NOW = new Date("2026-11-23T09:00:00Z");
const DAY = 86_400_000;
const BIG = oneQuery(50_000_000);
const SMALL = oneQuery(1_000);
const STEP = "curated.orders";
let server: TestPostgres;
let db: Db;
let clock: ReturnType<typeof standingClock>;
let runs: ReturnType<typeof stores.runStore>;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("charges");
  await migrate(connectionString);
  db = openDb({ connectionString });
}, 60_000);
beforeEach(async () => {
  await emptyDb(db);
  clock = standingClock(NOW);
  runs = stores.runStore(db, { clock, ids: testIds(clock) });
});
afterAll(async () => {
  await db.close();
  await server.stop();
});

const ALL = { from: "2026-01-01", to: "2026-12-31", dataset: null, pipeline: null, owner: null, kind: null } as const;
const charged = async () =>
  (await costReadModel(db.pool).days(ALL)).map(({ day, kind, scannedBytes, billedBytes, queries }) => [
    day,
    kind,
    scannedBytes,
    billedBytes,
    queries,
  ]);

async function begin(trigger: "target-lag" | "backfill" = "target-lag"): Promise<{ id: string; attempt: number }> {
  const id = await runs.createRun({ pipeline: "sales", trigger, steps: [{ dataset: STEP, reason: "r", after: [] }] });
  await runs.startRun(id);
  return { id, attempt: await runs.startStep(id, STEP) };
}
const outcome = (scanned: Scanned) => ({
  rowsIn: 1,
  rowsOut: 1,
  bytes: 1,
  snapshotBefore: null,
  snapshotAfter: "1",
  scanned,
});
const stepOf = async (runId: string) => {
  const step = await db.prisma.step.findFirstOrThrow({ where: { runId } });
  return [step.scannedBytes, step.billedBytes, step.scanQueries];
};

describe("what a step scanned", () => {
  test("is kept with the step, all attempts together, and charged to its dataset's day", async () => {
    const { id, attempt } = await begin();
    await runs.failStep(id, STEP, attempt, { kind: "engine-failed", message: "m", scanned: BIG }, NOW);
    const second = await runs.startStep(id, STEP);
    await runs.succeedStep(id, STEP, second, outcome(SMALL));
    expect(await stepOf(id)).toEqual([50_001_000n, 60_000_000n, 2]);
    expect(await charged()).toEqual([["2026-11-23", "refresh", 50_001_000, 60_000_000, 2]]);
  });

  test("is charged once when the end of the step is told twice, and not by an attempt that is stale", async () => {
    const { id, attempt } = await begin();
    await runs.succeedStep(id, STEP, attempt, outcome(BIG));
    await expect(runs.succeedStep(id, STEP, attempt, outcome(BIG))).rejects.toMatchObject({ kind: "stale-writer" });
    expect(await charged()).toEqual([["2026-11-23", "refresh", 50_000_000, 50_000_000, 1]]);
  });

  test("is charged once when the worker dies: what the next one does again is charged, what nobody told of is not", async () => {
    const { id, attempt } = await begin();
    await runs.closeAbandoned();
    await expect(runs.succeedStep(id, STEP, attempt, outcome(BIG))).rejects.toMatchObject({ kind: "stale-writer" });
    expect(await charged()).toEqual([]);
    const again = await begin();
    await runs.succeedStep(again.id, STEP, again.attempt, outcome(BIG));
    expect(await charged()).toEqual([["2026-11-23", "refresh", 50_000_000, 50_000_000, 1]]);
  });

  test("is charged when the step was cancelled meanwhile", async () => {
    const { id, attempt } = await begin();
    await runs.cancelRun(id, "ben@novaretail.example");
    await runs.chargeCancelled(id, STEP, attempt, SMALL);
    expect(await charged()).toEqual([["2026-11-23", "refresh", 1_000, 10_000_000, 1]]);
  });

  test("stays when the run is pruned", async () => {
    const { id, attempt } = await begin();
    await runs.succeedStep(id, STEP, attempt, outcome(BIG));
    await runs.finishRun(id);
    clock.forward(DAY);
    expect(await runs.prune({ succeededAfter: clock.now(), failedAfter: clock.now() })).toBe(1);
    expect(await charged()).toEqual([["2026-11-23", "refresh", 50_000_000, 50_000_000, 1]]);
  });

  test("makes no row where nothing was scanned", async () => {
    const { id, attempt } = await begin();
    await runs.succeedStep(id, STEP, attempt, outcome(NOTHING_SCANNED));
    expect(await charged()).toEqual([]);
    expect(await stepOf(id)).toEqual([0n, 0n, 0]);
  });

  test("of a backfill is added up with it, and is a kind of its own", async () => {
    const backfillId = "0190a000-0000-7000-8000-000000000001";
    await db.pool.query(
      "INSERT INTO backfills (id, dataset, state, plan, parallelism, requested_by, created_at) VALUES ($1, $2, 'running', '{}', 1, 'ben@novaretail.example', $3)",
      [backfillId, STEP, NOW],
    );
    for (const day of ["2026-11-01", "2026-11-02"]) {
      const { id, attempt } = await begin("backfill");
      for (const part of [`${day}a`, `${day}b`])
        await db.pool.query(
          "INSERT INTO backfill_partitions (backfill_id, dataset, part, number, wave, ordinal, state, run_id) VALUES ($1, $2, $3, 0, 0, 0, 'running', $4)",
          [backfillId, STEP, part, id],
        );
      await runs.succeedStep(id, STEP, attempt, outcome(BIG));
    }
    expect(await db.prisma.backfill.findFirst()).toMatchObject({
      scannedBytes: 100_000_000n,
      billedBytes: 100_000_000n,
    });
    expect(await charged()).toEqual([["2026-11-23", "backfill", 100_000_000, 100_000_000, 2]]);
  });
});

describe("what else is charged", () => {
  test("a check's query, once however often its result is recorded", async () => {
    const quality = stores.qualityStore(db);
    await db.pool.query(
      "INSERT INTO datasets (name, layer, kind, description, owner, pipeline, key_columns, target_lag_seconds) VALUES ($1, 'curated', 'merge', '', 'sales-data', 'sales', '{}', 60)",
      [STEP],
    );
    const check = {
      dataset: STEP,
      name: "rows",
      kind: "row-count",
      column: null,
      severity: "error",
      blocking: false,
      threshold: 0,
      description: "",
    } as const;
    await quality.saveChecks([STEP], [check]);
    const result = {
      dataset: STEP,
      check: "rows",
      at: NOW,
      outcome: "passed",
      value: 0,
      threshold: 0,
      snapshotId: null,
      runId: null,
      message: "",
      scanned: SMALL,
    } as const;
    await quality.recordResults([result]);
    await quality.recordResults([result]);
    expect(await db.prisma.checkResult.findFirst()).toMatchObject({ scannedBytes: 1_000n, billedBytes: 10_000_000n });
    expect(await charged()).toEqual([["2026-11-23", "check", 1_000, 10_000_000, 1]]);
  });

  test("a comparison, when it ends, and a person's query with its record", async () => {
    const context = { clock, ids: testIds(clock) };
    const sources = stores.sourceStore(db, context);
    await sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
    await db.pool.query(
      "INSERT INTO reconciliations (id, source_id, stream, repair, state, requested_at) VALUES ('0190a000-0000-7000-8000-000000000002', 'orders_db', 'public.orders', false, 'running', $1)",
      [NOW],
    );
    const comparisons = stores.reconciliationStore(db, context);
    const equal = {
      state: "equal",
      sourceRows: 1,
      datasetRows: 1,
      ranges: 1,
      rangesDifferent: 0,
      differences: 0,
      keys: [],
      moving: 0,
      repaired: 0,
      leftOut: [],
      message: "",
      scanned: BIG,
    } as const;
    await comparisons.finish("0190a000-0000-7000-8000-000000000002", equal);
    await comparisons.finish("0190a000-0000-7000-8000-000000000002", equal);
    const queries = stores.queryStore(db, context);
    const id = context.ids.next();
    await queries.start({ id, userId: null, actor: "ana@novaretail.example", sql: "SELECT 1", datasets: [STEP] });
    const done = { state: "succeeded", rows: 1, bytes: 1, error: null, scanned: new Map([[STEP, SMALL]]) } as const;
    await queries.finish(id, done);
    await queries.finish(id, done);
    expect(await db.prisma.query.findFirst()).toMatchObject({ scannedBytes: 1_000n, billedBytes: 10_000_000n });
    const groups = await costReadModel(db.pool).groups("dataset", ALL);
    expect(groups.map(({ name, billedBytes }) => [name, billedBytes])).toEqual([
      ["staged.orders_db__orders", 50_000_000],
      [STEP, 10_000_000],
    ]);
    expect((await charged()).map(([, kind]) => kind)).toEqual(["comparison", "query"]);
    expect(await costReadModel(db.pool).month(NOW)).toEqual({ billedBytes: 60_000_000, since: new Date("2026-11-23") });
  });
});
