import { modelCompiler } from "@nova/engines/sql";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Db, openDb } from "@nova/db/client";
import { migrate } from "@nova/db/migrate";
import * as stores from "@nova/db/repositories";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { openLakeEngine } from "@nova/engines/duckdb";
import { readRows } from "@nova/engines/duckdb/testing";
import { type Logger, uuidV7Source } from "@nova/pipeline-core/kernel";
import { emptyEnvelopeColumns, type Op } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDefinitions, type Pipelines, startPipelines } from "./index.ts";

const clock = { now: () => new Date() };
const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
const context = { clock, ids };
const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silent,
};
const definitions = loadDefinitions(modelCompiler);
const COLUMNS = Object.entries(definitions.contracts["staged.orders_db__orders"] ?? {});

let server: TestPostgres;
let db: Db;
let folder: string;
let engine: LakeEngine;
let position = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nova-pipelines-"));
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("pipelines");
  await migrate(connectionString);
  db = openDb({ connectionString, max: 10 });
  engine = await openLakeEngine({
    lakeDir: join(folder, "lake"),
    tempDir: join(folder, "spill"),
    pool: db.pool,
    memoryLimit: "400MB",
    threads: 2,
    clock,
    logger: silent,
    contracts: definitions.contracts,
  });
  const sources = stores.sourceStore(db, context);
  for (const { id, kind } of definitions.sources)
    await sources.registerSource({ id, kind, configured: id === "orders_db" });
  const columns = COLUMNS.map(([name, type]) => ({
    name,
    sourceType: type,
    type,
    nullable: name !== "order_id",
    description: name,
    pii: "none" as const,
  }));
  await sources.saveStreamSchemas("orders_db", [
    { stream: "public.orders", key: ["order_id"], description: "Orders.", columns },
  ]);
}, 120_000);
afterAll(async () => {
  await engine.close();
  await db.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

async function newEpoch(): Promise<bigint> {
  return stores.workerLease(db, context).acquire({ id: ids.next(), pid: process.pid, startedAt: clock.now() });
}

function start(epoch: bigint, onFatal: (error: Error) => void): Promise<Pipelines> {
  return startPipelines({
    engine,
    definitions,
    catalog: stores.catalogStore(db, context),
    runs: stores.runStore(db, context),
    commands: stores.commandStore(db, context),
    controls: stores.controlStore(db),
    quality: stores.qualityStore(db),
    lineage: stores.lineageStore(db),
    sources: stores.sourceStore(db, context),
    quarantine: stores.quarantine(db, context),
    configured: new Set(["orders_db"] as const),
    epoch,
    clock,
    logger: silent,
    pace: {
      hot: 100,
      cold: 1_000,
      model: 100,
      lagShare: 0,
      idle: 500,
      freshness: 1_000,
      checks: 1_000,
      maintenance: 500,
    },
    onFatal,
  });
}

async function commit(op: Op, id: number, total: string): Promise<void> {
  position += 1;
  const columns = emptyEnvelopeColumns();
  columns.stream.push("public.orders");
  columns.op.push(op);
  columns.key.push(JSON.stringify({ order_id: String(id) }));
  columns.payload.push(
    op === "d"
      ? null
      : JSON.stringify({
          order_id: String(id),
          customer_id: "1",
          total,
          status: "paid",
          placed_at: "2026-11-01 10:00:00+00",
        }),
  );
  columns.unchanged.push(null);
  columns.sourceTs.push(BigInt(clock.now().getTime()) * 1000n);
  columns.position.push(`A.${String(position).padStart(10, "0")}`);
  columns.schemaVersion.push(1);
  await engine.rawStore.append({
    source: "orders_db",
    input: { from: "columns", columns },
    batchId: `b${position}`,
    ingestedAt: clock.now(),
    within: async () => undefined,
    position: String(position),
  });
  await stores.sourceStore(db, context).setDataThrough("orders_db", clock.now());
}

async function eventually(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within the deadline: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function orders(): Promise<string> {
  const built = (await engine.snapshots(["curated.orders"])).get("curated.orders") !== null;
  return built ? JSON.stringify(await readRows(engine, "curated.orders", "order_id, CAST(total AS varchar)")) : "[]";
}

describe("pipelines on PostgreSQL and Iceberg", () => {
  it(
    "record what they did, are fenced by a newer worker, and go on where they were",
    { timeout: 180_000 },
    async () => {
      const first = await start(await newEpoch(), () => undefined);
      await commit("c", 1, "10.00");
      first.notify("orders_db");
      await eventually("the order is curated", async () => (await orders()) === '[["1","10.00"]]');
      await eventually("the catalog knows the commit", async () => {
        const { rows } = await db.pool.query(
          "SELECT row_count, data_through, snapshot_id FROM datasets WHERE name = 'curated.orders'",
        );
        return Number(rows[0]?.row_count) === 1 && rows[0]?.data_through !== null && rows[0]?.snapshot_id !== null;
      });
      await first.stop();

      let fenced: Error | null = null;
      const old = await start(await newEpoch(), (error) => {
        fenced = error;
      });
      const epoch = await newEpoch();
      await commit("u", 1, "12.00");
      old.notify("orders_db");
      await eventually("the older worker is told", () => fenced !== null);
      await old.stop();
      expect(fenced).toMatchObject({ kind: "stale-writer" });
      expect(await readRows(engine, "staged.orders_db__orders", "CAST(total AS varchar)")).toEqual([["10.00"]]);

      const next = await start(epoch, () => undefined);
      await commit("c", 2, "5.00");
      next.notify("orders_db");
      await eventually("both changes arrive once", async () => (await orders()) === '[["1","12.00"],["2","5.00"]]');
      await next.stop();
      const { rows } = await db.pool.query(
        "SELECT r.state, s.state AS step FROM runs r JOIN steps s ON s.run_id = r.id WHERE s.dataset = 'curated.orders' ORDER BY r.created_at",
      );
      expect(rows.length).toBeGreaterThanOrEqual(2);
      expect(
        rows.every((row: { state: string; step: string }) => row.state === "succeeded" && row.step === "succeeded"),
      ).toBe(true);
    },
  );
});
