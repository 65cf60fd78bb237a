import { RUN_STATES, type RunState } from "@nova/pipeline-core/orchestration";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { seedScenario } from "../seed/index.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { standingClock, testIds } from "../testing/store-fixture.ts";
import {
  PLATFORM,
  queriesReadModel,
  runReadModel,
  runsListReadModel,
  type RunsListScope,
  runsReadModel,
} from "./index.ts";
import type { RunsPage, RunsPosition } from "./run-places.ts";
import type { RunRow, RunsFilter } from "./runs.ts";

const NOW = new Date("2026-11-23T14:30:00Z");
const clock = standingClock(NOW);
const EVERYTHING: RunsFilter = {
  pipeline: null,
  trigger: null,
  dataset: "",
  startedFrom: null,
  startedTo: null,
  longerThanSeconds: null,
};
let server: TestPostgres;
let db: Db;
let runs: ReturnType<typeof runsReadModel>;
let run: ReturnType<typeof runReadModel>;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("runs");
  await migrate(connectionString);
  db = openDb({ connectionString });
  await seedScenario(db, "busy-day", { clock, ids: testIds(clock) });
  runs = runsReadModel(db.pool);
  run = runReadModel(db.pool);
}, 120_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

function page(
  filter: Partial<RunsFilter>,
  states: readonly RunState[] = [],
  at: RunsPosition | null = null,
  limit = 1_000,
): Promise<RunsPage<RunRow>> {
  return runs.page({ ...EVERYTHING, ...filter }, states, at, limit, NOW);
}

describe("the list of runs", () => {
  test("is walked to its end and back page by page, each run once", async () => {
    const all = (await page({})).rows.map((row) => row.id);
    expect(all).toHaveLength(200);
    const older: string[] = [];
    let at = await page({}, [], null, 30);
    for (;;) {
      older.push(...at.rows.map((row) => row.id));
      if (at.older === null) break;
      expect(at.older).toMatch(/^\d{16}_[0-9a-f-]{36}$/);
      at = await page({}, [], { direction: "older", cursor: at.older }, 30);
    }
    expect(older).toEqual(all);
    const newer: string[] = [];
    for (;;) {
      newer.unshift(...at.rows.map((row) => row.id));
      if (at.newer === null) break;
      at = await page({}, [], { direction: "newer", cursor: at.newer }, 30);
    }
    expect(newer).toEqual(all);
  });

  test("keeps runs of the same moment apart", async () => {
    const at = new Date("2026-11-01T00:00:00Z");
    await db.pool.query(
      `INSERT INTO runs (id, pipeline, trigger, state, created_at, datasets)
       SELECT ('00000000-0000-7000-8000-00000000000' || n)::uuid, 'twins', 'manual', 'cancelled', $1, '{}' FROM generate_series(1, 5) AS n`,
      [at],
    );
    const seen: RunRow[] = [];
    let one = await page({ pipeline: "twins" }, [], null, 2);
    seen.push(...one.rows);
    while (one.older !== null) {
      one = await page({ pipeline: "twins" }, [], { direction: "older", cursor: one.older }, 2);
      seen.push(...one.rows);
    }
    expect(new Set(seen.map((row) => row.id)).size).toBe(5);
    expect(seen).toHaveLength(5);
    await db.pool.query("DELETE FROM runs WHERE pipeline = 'twins'");
  });

  test("narrows by state, pipeline, trigger, time and duration, and counts the same", async () => {
    const failed = await page({}, ["failed"]);
    expect(failed.rows.every((row) => row.state === "failed" && row.errorKind !== null)).toBe(true);
    expect((await runs.counts(EVERYTHING, NOW)).all).toMatchObject({
      failed: failed.rows.length,
      running: 1,
      queued: 0,
    });

    const filter = { pipeline: "curated", startedFrom: new Date(NOW.getTime() - 6 * 3_600_000) };
    const recent = await page(filter);
    expect(recent.rows.length).toBeGreaterThan(0);
    expect(recent.rows.length).toBeLessThan(60);
    expect(recent.rows.every((row) => row.pipeline === "curated" && row.createdAt >= filter.startedFrom)).toBe(true);
    const counts = (await runs.counts({ ...EVERYTHING, ...filter }, NOW)).all;
    expect(counts.succeeded + counts.failed + counts.running).toBe(recent.rows.length);

    const manual = await page({ trigger: "manual" });
    expect(new Set(manual.rows.map((row) => row.trigger))).toEqual(new Set(["manual"]));

    const slow = await page({ longerThanSeconds: 8 });
    expect(slow.rows.length).toBeGreaterThan(0);
    for (const row of slow.rows)
      expect((row.endedAt ?? NOW).getTime() - (row.startedAt ?? row.createdAt).getTime()).toBeGreaterThan(8_000);
  });

  test("narrows by who asked for them", async () => {
    const byPlatform = await page({ launchedBy: PLATFORM });
    expect(byPlatform.rows.length).toBeGreaterThan(0);
    expect(byPlatform.rows.every((row) => row.requestedBy === null)).toBe(true);
    expect((await page({ launchedBy: "nobody@nova.example" })).rows).toEqual([]);
  });

  test("finds runs by a dataset's name, or by any part of names", async () => {
    const has = async (name: string): Promise<Set<string>> => {
      const { rows } = await db.pool.query<{ id: string }>(
        "SELECT id FROM runs WHERE EXISTS (SELECT FROM unnest(datasets) AS d WHERE position($1 IN d) > 0)",
        [name],
      );
      return new Set(rows.map((row) => row.id));
    };
    const found = async (dataset: string) => new Set((await page({ dataset })).rows.map((row) => row.id));
    // Exactly one dataset is called so; curated.order_lines and others that hold "order" stay out.
    expect(await found("curated.orders")).toEqual(await has("curated.orders"));
    expect(await found("sales")).toEqual(await has("sales"));
    // A part of most names takes the other way through the store and must find the same.
    expect(await found("orders_db__")).toEqual(await has("orders_db__"));
    expect(await found("no such dataset")).toEqual(new Set());
    expect((await runs.counts({ ...EVERYTHING, dataset: "no such dataset" }, NOW)).all).toMatchObject({ succeeded: 0 });
  });

  test("knows every pipeline that ran", async () => {
    expect(await runs.pipelines()).toEqual(["curated", "marts", "staged"]);
  });
});

describe("one run", () => {
  test("comes with its neighbours, its pipeline's usual time, and steps with every attempt", async () => {
    const [failed] = (await page({}, ["failed"])).rows;
    const detail = await run.one(failed?.id ?? "");
    expect(detail).toMatchObject({ state: "failed", errorKind: "engine-failed", pipeline: failed?.pipeline });
    expect(detail?.typicalSeconds).toBeGreaterThan(0);
    const next = await run.one(detail?.nextId ?? "");
    expect(next).toMatchObject({ pipeline: failed?.pipeline, previousId: failed?.id });
    const steps = await run.steps(failed?.id ?? "");
    expect(steps.map((step) => step.dataset).slice(0, 3)).toEqual(failed?.firstDatasets);
    const broken = steps.find((step) => step.state === "failed");
    expect(broken?.attempts.map((attempt) => attempt.number)).toEqual([1, 2, 3]);
    expect(await run.one("00000000-0000-7000-8000-000000000000")).toBeNull();
  });

  test("has a log that is read from the end, backwards and onwards", async () => {
    const [failed] = (await page({}, ["failed"])).rows;
    const id = failed?.id ?? "";
    const all = await run.log(id, {}, 1_000);
    expect(all.length).toBeGreaterThan(3);
    const newest = await run.log(id, {}, 2);
    expect(newest).toEqual(all.slice(-2));
    expect(await run.log(id, { before: newest[0]?.seq }, 2)).toEqual(all.slice(-4, -2));
    expect(await run.log(id, { after: all[0]?.seq }, 2)).toEqual(all.slice(1, 3));
  });
});

test("queries: a person's own, newest first, and what a role's layers hold", async () => {
  const queries = queriesReadModel(db.pool);
  const { rows } = await db.pool.query<{ id: string }>("SELECT id FROM users ORDER BY email LIMIT 2");
  const [mine = "", other = ""] = rows.map((row) => row.id);
  await db.pool.query("DELETE FROM queries");
  await db.pool.query(
    `INSERT INTO queries (id, user_id, actor, sql, datasets, state, started_at)
     SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN $1::uuid ELSE $2::uuid END, 'a', 'SELECT ' || n, '{}', 'succeeded', $3::timestamptz - make_interval(mins => n)
       FROM generate_series(1, 10) AS n`,
    [mine, other, NOW],
  );
  const first = await queries.mine(mine, null, 3);
  expect(first.map((query) => query.sql)).toEqual(["SELECT 2", "SELECT 4", "SELECT 6"]);
  expect((await queries.mine(mine, first[2]?.startedAt ?? null, 3)).map((query) => query.sql)).toEqual([
    "SELECT 8",
    "SELECT 10",
  ]);
  expect(await queries.one(first[0]?.id ?? "")).toMatchObject({ sql: "SELECT 2", userId: mine });

  const datasets = await queries.datasets(["curated", "mart"]);
  expect(new Set(datasets.map((dataset) => dataset.layer))).toEqual(new Set(["mart", "curated"]));
  const customers = datasets.find((dataset) => dataset.name === "curated.customers");
  expect(customers?.owner).toBe("Owen Clarke");
  expect(customers?.columns.find((column) => column.name === "email")).toMatchObject({ pii: "direct" });
});

describe("backfills in the list of runs", () => {
  const EVERY: RunsListScope = { runStates: [], trigger: null, backfillStates: [], inside: false };
  const backfill = "00000000-0000-7000-8000-0000000000b1";
  const inside = "00000000-0000-7000-8000-0000000000a1";

  test("are one row each, in their place in time, until their runs are asked for", async () => {
    const list = runsListReadModel(db.pool);
    const at = new Date(NOW.getTime() - 3_600_000);
    await db.pool.query(
      `INSERT INTO backfills (id, dataset, state, plan, parallelism, requested_by, created_at)
       VALUES ($1, 'curated.orders', 'running', '{"datasets": [{"dataset": "curated.orders"}, {"dataset": "mart.daily_sales"}]}', 1, 'dev@nova.example', $2)`,
      [backfill, at],
    );
    await db.pool.query(
      `INSERT INTO backfill_partitions (backfill_id, dataset, part, number, wave, ordinal, state, run_id) VALUES ($1, 'curated.orders', '2026-11-01', 1, 0, 0, 'succeeded', $2)`,
      [backfill, inside],
    );
    await db.pool.query(
      "INSERT INTO runs (id, pipeline, trigger, state, created_at, datasets) VALUES ($1, 'curated', 'backfill', 'succeeded', $2, '{curated.orders}')",
      [inside, at],
    );

    const folded = await list.page(EVERYTHING, EVERY, null, 1_000, NOW);
    expect(folded.rows).toHaveLength(201);
    expect(folded.rows.find((row) => row.kind === "backfill")).toMatchObject({
      id: backfill,
      datasets: 2,
      parts: { succeeded: 1 },
    });
    const moments = folded.rows.map((row) => row.createdAt.getTime());
    expect(moments).toEqual(moments.toSorted((a, b) => b - a));
    const open = await list.page(EVERYTHING, { ...EVERY, inside: true }, null, 1_000, NOW);
    expect(open.rows.find((row) => row.id === inside)).toMatchObject({ kind: "run", backfillId: backfill });
    expect(open.rows.every((row) => row.kind === "run")).toBe(true);

    const only = { runStates: [], trigger: "backfill", backfillStates: [], inside: false } as const;
    expect((await list.page(EVERYTHING, only, null, 10, NOW)).rows).toMatchObject([{ kind: "backfill", id: backfill }]);
    expect((await list.page({ ...EVERYTHING, dataset: "mart.daily_sales" }, only, null, 10, NOW)).rows).toHaveLength(1);
    expect((await list.page({ ...EVERYTHING, dataset: "curated.customers" }, only, null, 10, NOW)).rows).toEqual([]);
    expect((await list.page({ ...EVERYTHING, launchedBy: PLATFORM }, only, null, 10, NOW)).rows).toEqual([]);
    expect(await list.counts(EVERYTHING, NOW)).toMatchObject({
      insideBackfills: { succeeded: 1 },
      scheduled: 0,
      backfills: { running: 1, done: 0 },
    });
  });

  test("are counted up to a limit, and the tabs know where there may be more; scheduled ones are always all counted", async () => {
    const list = runsListReadModel(db.pool);
    const exact = await list.counts(EVERYTHING, NOW);
    expect(exact).toMatchObject({ atLeast: [], scheduledAtLeast: false });
    await db.pool.query(
      "INSERT INTO runs (id, pipeline, trigger, state, created_at, datasets) VALUES (gen_random_uuid(), 'marts', 'schedule', 'succeeded', $1, '{mart.daily_sales}')",
      [new Date(NOW.getTime() - 1_000)],
    );
    const few = await list.counts(EVERYTHING, NOW, 2);
    expect(few.runs.succeeded).toBe(2);
    expect(few).toMatchObject({
      atLeast: expect.arrayContaining(["succeeded"]),
      scheduled: 1,
      scheduledAtLeast: false,
    });
    const named = await list.counts({ ...EVERYTHING, dataset: "curated.orders" }, NOW, 1);
    expect(named.atLeast).toEqual(RUN_STATES);
    await db.pool.query("DELETE FROM runs WHERE trigger = 'schedule'");
  });

  test("are walked page by page with the runs, each row once", async () => {
    const list = runsListReadModel(db.pool);
    const all = (await list.page(EVERYTHING, EVERY, null, 1_000, NOW)).rows.map((row) => row.id);
    const seen: string[] = [];
    let one = await list.page(EVERYTHING, EVERY, null, 7, NOW);
    for (;;) {
      seen.push(...one.rows.map((row) => row.id));
      if (one.older === null) break;
      one = await list.page(EVERYTHING, EVERY, { direction: "older", cursor: one.older }, 7, NOW);
    }
    expect(seen).toEqual(all);
    const back: string[] = [];
    for (;;) {
      back.unshift(...one.rows.map((row) => row.id));
      if (one.newer === null) break;
      one = await list.page(EVERYTHING, EVERY, { direction: "newer", cursor: one.newer }, 7, NOW);
    }
    expect(back).toEqual(all);
  });
});
