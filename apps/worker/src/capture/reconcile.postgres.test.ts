import { randomBytes } from "node:crypto";
import { openTestLake, readRows } from "@nova/engines/duckdb/testing";
import { postgresConnector } from "@nova/engines/postgres-capture";
import type { Reconciliation } from "@nova/pipeline-core/connectors";
import {
  memoryDeliveryLedger,
  memoryQuarantine,
  memoryReconciliationStore,
  memorySourceStore,
  memoryStreamRequests,
} from "@nova/pipeline-core/connectors/testing";
import { type Logger, uuidV7Source } from "@nova/pipeline-core/kernel";
import { emptyEnvelopeColumns } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runReconciliations } from "./run-reconciliations.ts";
import { runSource } from "./run-source.ts";

const STREAM = "public.items";
const DATASET = "staged.orders_db__items";
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const clock = { now: () => new Date() };
const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });

let server: TestPostgres;
let sql: pg.Client;
let engine: LakeEngine;
const stopper = new AbortController();
const running: Promise<void>[] = [];
const sources = memorySourceStore();
const requests = memoryStreamRequests(sources, { clock, ids });
const reconciliations = memoryReconciliationStore(sources, { clock, ids });
let through: Date | null = null;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("shop");
  sql = new pg.Client({ connectionString });
  await sql.connect();
  // Every kind of value that is compared, special ones among them; the float is left out.
  await sql.query(`CREATE TABLE items (id bigint PRIMARY KEY, price numeric(12,2), name text, tags text[], made timestamptz,
      day date, clock time, ok boolean, blob bytea, ref uuid, code char(5), ratio float8);
    INSERT INTO items SELECT n, n / 7.0, 'naïve 😀 ' || n, ARRAY['a', NULL, n::text], timestamptz '2026-01-01' + n * interval '1.5 seconds',
      date '2026-01-01' + (n % 400)::int, time '00:00' + n * interval '1.25 seconds', n % 2 = 0, decode(lpad(to_hex(n), 8, '0'), 'hex'),
      md5(n::text)::uuid, 'c' || n % 9, n / 3.0 FROM generate_series(1, 9000) n;
    UPDATE items SET price = NULL, name = NULL, made = 'infinity', day = '-infinity', ref = NULL WHERE id % 1000 = 0;
    UPDATE items SET price = 'NaN' WHERE id = 77`);
  engine = await openTestLake({ clock });
  const connector = postgresConnector({
    source: "orders_db",
    connectionString,
    flush: {
      firstRowMillis: 20,
      commitEveryMillis: 200,
      heartbeatMillis: 100,
      controlMillis: 20,
      idleAdvanceMillis: 100,
    },
  });
  await sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
  const deps = {
    rawStore: engine.rawStore,
    sources,
    quarantine: memoryQuarantine(),
    requests,
    deliveries: memoryDeliveryLedger(),
    epoch: 1n,
    clock,
    ids,
    logger: silent,
    piiTag: () => "none" as const,
    needs: () => false,
    onCommitted: () => undefined,
  };
  running.push(runSource(connector, deps, Math.random, stopper.signal), load());
  const { comparison } = connector;
  if (comparison === undefined) throw new Error("the order database cannot be compared");
  const reconcile = {
    reconciliations,
    lake: engine.comparison,
    dataThrough: async () => through,
    everyMillis: null,
    rowsPerRange: 4_000,
  };
  running.push(runReconciliations("orders_db", comparison, { ...deps, ...reconcile }, stopper.signal));
  await until("the rows to be staged", async () => (await liveRows()) === 9_000);
}, 180_000);
afterAll(async () => {
  stopper.abort();
  await Promise.all(running);
  await sql.end();
  await engine.close();
  await server.stop();
}, 60_000);

/** Brings what is in raw to the dataset, as the pipelines do. */
async function load(): Promise<void> {
  let from: string | null = null;
  while (!stopper.signal.aborted) {
    const at = await sources.dataThrough("orders_db");
    const delta = await engine.openDelta({ source: "orders_db", from, only: null, except: [], maxRows: 1e6 });
    const schema = (await sources.streams("orders_db")).find((record) => record.stream === STREAM)?.schema;
    if (delta !== null && schema !== undefined) {
      if (delta.streams.some((each) => each.stream === STREAM))
        await engine.loadStaged({
          delta,
          dataset: DATASET,
          schema,
          kind: "merge",
          within: async () => undefined,
          onRefused: async (rows) => Promise.reject(new Error(rows[0]?.detail)),
        });
      from = delta.to;
    }
    await delta?.close();
    if (delta === null || !delta.more) through = at;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`still waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function liveRows(): Promise<number> {
  if ((await engine.snapshots([DATASET])).get(DATASET) === null) return 0;
  const [row] = await readRows(engine, DATASET, "count(*)", "WHERE _deleted_at IS NULL");
  return Number(row?.[0]);
}

async function reconcile(repair: boolean): Promise<Reconciliation> {
  const { id } = await reconciliations.ask({ source: "orders_db", stream: STREAM, repair, requestedBy: "ana" });
  let found: Reconciliation | null = null;
  await until("the comparison", async () => (found = await reconciliations.find(id))?.outcome !== null);
  if (found === null) throw new Error("the comparison is gone");
  return found;
}

/** Says of rows what the source never did: 5 changed, 6 deleted, 990001 made, 3000 to 3009 changed. */
async function breakRows(): Promise<void> {
  const { rows } = await sql.query<{ lsn: string }>("SELECT pg_current_wal_lsn() AS lsn");
  const [high = "", low = ""] = rows[0]?.lsn.split("/") ?? [];
  const place = `${high.padStart(8, "0")}${low.padStart(8, "0")}`.toLowerCase();
  const columns = emptyEnvelopeColumns();
  const say = (op: "u" | "d", id: number): void => {
    columns.stream.push(STREAM);
    columns.op.push(op);
    columns.key.push(JSON.stringify({ id: String(id) }));
    columns.payload.push(op === "d" ? null : JSON.stringify({ id: String(id), name: "never said" }));
    columns.unchanged.push(null);
    columns.sourceTs.push(0n);
    columns.position.push(`${place}.0000000000`);
    columns.schemaVersion.push(1);
  };
  for (const id of [5, 990_001, ...Array.from({ length: 10 }, (_, index) => 3_000 + index)]) say("u", id);
  say("d", 6);
  await engine.rawStore.append({
    source: "orders_db",
    input: { from: "columns", columns },
    batchId: "broken",
    ingestedAt: clock.now(),
    within: async () => undefined,
    position: "broken",
  });
  await until("the broken rows to be staged", async () => {
    const found = await readRows(engine, DATASET, "id", "WHERE name = 'never said'");
    return found.length === 12;
  });
}

test(
  "a dataset is equal to its source under live traffic; broken rows are found by key, repaired, and equal again",
  {
    timeout: 240_000,
  },
  async () => {
    const traffic = new AbortController();
    const writing = (async () => {
      for (let n = 0; !traffic.signal.aborted; n += 1) {
        await sql.query(
          "UPDATE items SET price = price + 1, name = name || '!' WHERE id = 100 + $1 % 500; INSERT INTO items (id) VALUES (60000 + $1); DELETE FROM items WHERE id = 8000 - $1".replaceAll(
            "$1",
            String(n),
          ),
        );
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    })();
    try {
      const first = await reconcile(false);
      expect(first.outcome).toMatchObject({
        message: expect.stringMatching(/^equal/),
        differences: 0,
        leftOut: ["ratio"],
      });
      expect(first.outcome?.ranges).toBe(3);

      await breakRows();
      const broken = await reconcile(false);
      expect(broken.outcome).toMatchObject({ state: "different", differences: 13, rangesDifferent: 2 });
      const kinds = Object.fromEntries((broken.outcome?.keys ?? []).map(({ key, kind }) => [key["id"], kind]));
      expect(kinds).toMatchObject({ 5: "different", 6: "missing", 990001: "extra", 3005: "different" });

      const repaired = await reconcile(true);
      expect(repaired.outcome).toMatchObject({ state: "repaired", differences: 0, repaired: 13 });
      expect(await readRows(engine, DATASET, "id", "WHERE name = 'never said' AND _deleted_at IS NULL")).toEqual([]);
    } finally {
      traffic.abort();
      await writing;
    }
    const after = await reconcile(true);
    expect(after.outcome).toMatchObject({ state: "equal", moving: 0 });
    expect(after.outcome?.sourceRows).toBe(after.outcome?.datasetRows);
  },
);
