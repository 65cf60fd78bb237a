import { EVENT_CHANNEL, type Transaction } from "@nova/pipeline-core/kernel";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import pg from "pg";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { DEMO_PEOPLE, seedDemoPeople } from "../seed/index.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { emptyDb, standingClock, testIds } from "../testing/store-fixture.ts";
import { listRunDays } from "../read-models/run-days.ts";
import * as stores from "./index.ts";

const NOW = new Date("2026-11-23T09:00:00Z");
const MINUTE = 60_000;
const clock = standingClock(NOW);
const context = { clock, ids: testIds(clock) };
let server: TestPostgres;
let connectionString: string;
let db: Db;

beforeAll(async () => {
  server = await startTestPostgres();
  connectionString = await server.createDatabase("stores");
  await migrate(connectionString);
  db = openDb({ connectionString });
}, 60_000);
beforeEach(() => emptyDb(db));
afterAll(async () => {
  await db.close();
  await server.stop();
});

const registered = async () => {
  const sources = stores.sourceStore(db, context);
  await sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
  return sources;
};
const sample = {
  source: "orders_db",
  at: NOW,
  rows: 10,
  bytes: 1_000,
  errors: 0,
  lagSeconds: 2,
  lagBytes: 50,
  lastEventAt: NOW,
} as const;

describe("people and grants", () => {
  test("the demo people come in once, whatever happened before", async () => {
    await seedDemoPeople(db, NOW);
    await seedDemoPeople(db, NOW);
    expect(await stores.userStore(db, context).demoPeople()).toHaveLength(DEMO_PEOPLE.length);
    expect(await db.prisma.grant.count()).toBe(2);
  });

  test("a person is found by e-mail without case, an unknown one is not", async () => {
    await seedDemoPeople(db, NOW);
    const users = stores.userStore(db, context);
    expect(await users.findByEmail("Ana@NovaRetail.example")).toMatchObject({ name: "Ana Lima", role: "analyst" });
    expect(await users.findByEmail("nobody@novaretail.example")).toBeNull();
    expect(await users.findById("not-a-uuid")).toBeNull();
  });

  test("a principal carries the grants that still hold", async () => {
    await seedDemoPeople(db, NOW);
    const [ana, , priya] = DEMO_PEOPLE;
    const grant = (dataset: string, validUntil: Date) =>
      db.prisma.grant.create({
        data: {
          id: context.ids.next(),
          userId: ana!.id,
          dataset,
          columns: ["email"],
          reason: "",
          grantedBy: "owen",
          validUntil,
        },
      });
    await grant("curated.customers", new Date(NOW.getTime() + MINUTE));
    await grant("curated.orders", new Date(NOW.getTime() - MINUTE));
    const grants = stores.grantStore(db, context);
    expect(await grants.principal(ana!.id)).toMatchObject({
      role: "analyst",
      grants: [{ dataset: "curated.customers", columns: ["email"] }],
    });
    expect(await grants.principal(priya!.id)).toMatchObject({ grants: [{ dataset: "*", columns: null }] });
    expect(await grants.principal("01900000-0000-7000-8000-0000000000ff")).toBeNull();
  });
});

describe("queries by people", () => {
  test("a query is on record with its audit entry before it runs, and counts toward its datasets when it succeeds", async () => {
    await stores.catalogStore(db, context).saveEntries([
      {
        name: "curated.orders",
        kind: "merge",
        description: "",
        owner: "",
        columns: [],
        key: [],
        inputs: [],
        targetLagSeconds: 30,
        pipeline: "",
        sql: "",
        path: "",
        codeVersion: "",
      },
    ]);
    const queries = stores.queryStore(db, context);
    const id = context.ids.next();
    await queries.start({
      id,
      userId: null,
      actor: "ana@novaretail.example",
      sql: "SELECT 1",
      datasets: ["curated.orders"],
    });
    expect(await db.prisma.auditEntry.findMany()).toMatchObject([
      { actor: "ana@novaretail.example", action: "query.run", resource: `query/${id}` },
    ]);
    const outcome = { state: "succeeded", rows: 3, bytes: 30, error: null, scanned: new Map() } as const;
    await queries.finish(id, outcome);
    await queries.finish(id, outcome);
    expect(await db.prisma.dataset.findFirst()).toMatchObject({ queryCount: 1n });
    expect(await db.prisma.query.findFirst()).toMatchObject({ state: "succeeded", rows: 3n });
  });
});

describe("sources", () => {
  test("flow of the same ten seconds is one sample, and totals move with it", async () => {
    const sources = await registered();
    await sources.recordFlow(sample);
    await sources.recordFlow({ ...sample, at: new Date(NOW.getTime() + 4_000), lagSeconds: 1 });
    expect(await db.prisma.flowSample.findMany()).toMatchObject([{ rows: 20n, bytes: 2_000n, lagSeconds: 1 }]);
    expect(await db.prisma.source.findFirst()).toMatchObject({ totalRows: 20n, totalBytes: 2_000n, lastEventAt: NOW });
  });

  test("a changed schema leaves a drift item that names the change", async () => {
    const sources = await registered();
    const column = {
      name: "total",
      sourceType: "numeric(12,2)",
      type: "decimal(12,2)",
      nullable: true,
      description: "",
      pii: "none",
    } as const;
    await sources.saveStreamSchemas("orders_db", [
      { stream: "public.orders", columns: [column], key: [], description: "" },
    ]);
    await sources.saveStreamSchemas("orders_db", [
      {
        stream: "public.orders",
        columns: [{ ...column, sourceType: "text", type: "string" }],
        key: [],
        description: "",
      },
    ]);
    expect(await db.prisma.driftItem.findMany()).toMatchObject([
      {
        stream: "public.orders",
        fromVersion: 1,
        toVersion: 2,
        change: { kind: "retyped", column: "total", from: "numeric(12,2)", to: "text" },
        state: "open",
      },
    ]);
  });

  test("a taking of the lease waits for the commit under way, and a commit that waited for a taking is refused", async () => {
    const sources = await registered();
    const lease = stores.workerLease(db, context);
    const epoch = await lease.acquire({ id: "one", pid: 1, startedAt: NOW });
    const move = (tx: Transaction, from: string | null, to: string) =>
      sources.advancePosition(tx, { source: "orders_db", epoch, from, to, at: NOW });
    let taken: Promise<bigint> | undefined;
    await stores.inTransaction(db.pool, async (tx) => {
      await move(tx as Transaction, null, "0001");
      taken = lease.acquire({ id: "two", pid: 2, startedAt: NOW });
    });
    expect(await taken).toBeGreaterThan(epoch);
    await expect(stores.inTransaction(db.pool, (tx) => move(tx as Transaction, "0001", "0002"))).rejects.toMatchObject({
      kind: "stale-writer",
    });
    expect(await sources.position("orders_db")).toBe("0001");
  });

  test("refused bytes with a NUL are kept", async () => {
    await stores.quarantine(db, context).add([
      {
        source: "app_logs",
        stream: null,
        reason: "malformed",
        detail: "not JSON",
        payload: "a\u0000b",
        receivedAt: NOW,
      },
    ]);
    expect(await db.prisma.quarantineItem.findMany()).toMatchObject([{ payload: "a\uFFFDb", reason: "malformed" }]);
  });
});

describe("announcements", () => {
  test("a write is told to listeners once it is committed, and one that is undone is not", async () => {
    const sources = await registered();
    const listener = new pg.Client({ connectionString });
    await listener.connect();
    const heard: string[] = [];
    listener.on("notification", (message) => heard.push(message.payload ?? ""));
    await listener.query(`LISTEN ${EVENT_CHANNEL}`);
    await expect(
      stores.inTransaction(db.pool, async (tx) => {
        await tx.query("SELECT pg_notify($1, 'undone')", [EVENT_CHANNEL]);
        throw new Error("undo");
      }),
    ).rejects.toThrow("undo");
    await sources.setSourceState("orders_db", "streaming");
    // Notifications arrive before the answer of a later query on the same connection.
    await listener.query("SELECT 1");
    await listener.end();
    expect(heard).toEqual([JSON.stringify({ topic: "source", id: "orders_db" })]);
  });
});

describe("checks", () => {
  test("an outcome stands since it last changed, and a replayed older result changes nothing", async () => {
    await stores.catalogStore(db, context).saveEntries([
      {
        name: "curated.orders",
        kind: "merge",
        description: "",
        owner: "",
        columns: [],
        key: [],
        inputs: [],
        targetLagSeconds: 30,
        pipeline: "",
        sql: "",
        path: "",
        codeVersion: "",
      },
    ]);
    const quality = stores.qualityStore(db);
    const check = {
      dataset: "curated.orders",
      name: "duplicate-keys",
      kind: "duplicate-keys",
      column: null,
      severity: "error",
      blocking: true,
      threshold: 0,
      description: "",
    } as const;
    await quality.saveChecks(["curated.orders"], [check]);
    const result = (minute: number, outcome: "passed" | "failed") => ({
      dataset: "curated.orders",
      check: "duplicate-keys",
      at: new Date(NOW.getTime() + minute * MINUTE),
      outcome,
      value: 0,
      threshold: 0,
      snapshotId: null,
      runId: null,
      message: "",
    });
    await quality.recordResults([result(0, "passed"), result(1, "failed")]);
    await quality.recordResults([result(2, "failed")]);
    await quality.recordResults([result(0, "passed")]);
    expect(await db.prisma.check.findFirst()).toMatchObject({
      lastOutcome: "failed",
      outcomeSince: new Date(NOW.getTime() + MINUTE),
      lastAt: new Date(NOW.getTime() + 2 * MINUTE),
    });
    expect(await db.prisma.checkResult.count()).toBe(3);
    await quality.saveChecks(["curated.orders"], []);
    expect(await db.prisma.checkResult.count()).toBe(0);
  });
});

describe("history", () => {
  test("flow older than a day is kept by the minute with nothing lost", async () => {
    const sources = await registered();
    for (const second of [0, 10, 20, 70])
      await sources.recordFlow({ ...sample, at: new Date(NOW.getTime() + second * 1_000), lagSeconds: second });
    clock.forward(25 * 60 * MINUTE);
    await stores.tidyHistory(db, clock);
    await stores.tidyHistory(db, clock);
    expect(await db.prisma.flowSample.findMany({ orderBy: { at: "asc" } })).toMatchObject([
      { rows: 30n, lagSeconds: 20 },
      { rows: 10n, lagSeconds: 70 },
    ]);
    clock.forward(-25 * 60 * MINUTE);
  });

  test("runs past their time go, and their steps are counted in the days of their datasets, each once", async () => {
    const runs = stores.runStore(db, context);
    const MART = "mart.daily_sales";
    const ORDERS = "curated.orders";
    const outcome = { rowsIn: 5, rowsOut: 7, bytes: 1, snapshotBefore: "1", snapshotAfter: "2" };
    const run = async (seconds: number, fails = false): Promise<string> => {
      const steps = [ORDERS, MART].map((dataset) => ({ dataset, reason: "new data", after: [] }));
      const id = await runs.createRun({ pipeline: "sales", trigger: "target-lag", steps });
      await runs.startRun(id);
      const attempt = await runs.startStep(id, ORDERS);
      clock.forward(seconds * 1_000);
      if (fails) await runs.failStep(id, ORDERS, attempt, { kind: "engine-failed", message: "no" }, null);
      else await runs.succeedStep(id, ORDERS, attempt, outcome);
      await runs.skipStep(id, MART, fails ? "curated.orders did not succeed" : "nothing new");
      await runs.finishRun(id);
      return id;
    };
    const left = async (): Promise<string[]> => (await db.prisma.run.findMany()).map(({ id }) => id);
    const days = () => db.prisma.datasetRunDay.findMany({ orderBy: [{ dataset: "asc" }, { day: "asc" }] });
    const start = clock.now().getTime();
    await run(2);
    await run(10);
    const failed = await run(3, true);
    const later = new Date(clock.now().getTime() + MINUTE);
    expect(await runs.prune({ succeededAfter: later, failedAfter: new Date(0) })).toBe(2);
    expect(await left()).toEqual([failed]);
    const first = { succeeded: 2, failed: 0, skipped: 0, rowsOut: 14n, seconds: 12, longestSeconds: 10 };
    const today = new Date(NOW.toISOString().slice(0, 10));
    expect(await days()).toMatchObject([
      { dataset: ORDERS, day: today, ...first },
      { dataset: MART, day: today, succeeded: 0, skipped: 2, rowsOut: 0n, seconds: 0 },
    ]);

    // Read together with what is still there: the failed run.
    expect(await listRunDays(db.pool, ORDERS, 5)).toEqual([
      {
        day: "2026-11-23",
        succeeded: 2,
        failed: 1,
        skipped: 0,
        cancelled: 0,
        rowsOut: 14,
        meanSeconds: 5,
        longestSeconds: 10,
      },
    ]);

    // The next time adds to the same day; a run of another day has its own, and the last of a schedule stays.
    clock.forward(24 * 60 * MINUTE);
    await run(4);
    const scheduled = await run(1);
    await db.pool.query(
      `INSERT INTO datasets (name, layer, kind, description, owner, pipeline, target_lag_seconds) VALUES ($1, 'curated', 'merge', '', '', 'sales', 60)`,
      [ORDERS],
    );
    await db.pool.query(
      "INSERT INTO dataset_schedules (dataset, cron, zone, declared, run_id) VALUES ($1, '0 6 * * *', 'UTC', true, $2)",
      [ORDERS, scheduled],
    );
    const evening = new Date(clock.now().getTime() + MINUTE);
    expect(await runs.prune({ succeededAfter: evening, failedAfter: evening })).toBe(2);
    expect(await runs.prune({ succeededAfter: evening, failedAfter: evening })).toBe(0);
    expect(await left()).toEqual([scheduled]);
    expect((await days()).filter(({ dataset }) => dataset === ORDERS)).toMatchObject([
      { day: today, ...first, failed: 1, seconds: 15 },
      { succeeded: 1, failed: 0, rowsOut: 7n, seconds: 4, longestSeconds: 4 },
    ]);
    clock.forward(start - clock.now().getTime());
  });
});
