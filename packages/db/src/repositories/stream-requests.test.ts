import {
  driftStoreContract,
  reconciliationStoreContract,
  streamRequestsContract,
} from "@nova/pipeline-core/connectors/testing";
import type { Transaction } from "@nova/pipeline-core/kernel";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { emptyDb, standingClock, testIds } from "../testing/store-fixture.ts";
import {
  driftStore,
  inTransaction,
  quarantine,
  reconciliationStore,
  sourceStore,
  streamRequests,
  workerLease,
} from "./index.ts";

const clock = standingClock(new Date("2026-11-23T09:00:00Z"));
const context = { clock, ids: testIds(clock) };
let server: TestPostgres;
let db: Db;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("requests");
  await migrate(connectionString);
  db = openDb({ connectionString });
}, 60_000);

afterAll(async () => {
  await db.close();
  await server.stop();
});

const connectorStores = async () => {
  await emptyDb(db);
  return {
    sources: sourceStore(db, context),
    requests: streamRequests(db, context),
    drift: driftStore(db, context),
    reconciliations: reconciliationStore(db, context),
    lease: workerLease(db, context),
    transaction: <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
      inTransaction(db.pool, (tx) => work(tx as Transaction)),
  };
};

describe("requests to streams in PostgreSQL", () => {
  streamRequestsContract({ test, expect }, connectorStores);

  test("are on record with who asked, and a replay that is done takes its rows out of quarantine", async () => {
    const { sources, requests } = await connectorStores();
    await sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
    await sources.saveStreamSchemas("orders_db", [{ stream: "public.a", columns: [], key: ["id"], description: "" }]);
    await sources.setStreamState("orders_db", "public.a", "streaming");
    const refused = quarantine(db, context);
    const item = {
      source: "orders_db",
      stream: "public.a",
      reason: "type-mismatch",
      payload: "{}",
      receivedAt: new Date(0),
    } as const;
    await refused.add([{ ...item, detail: "d" }]);
    expect(await refused.refused("orders_db", "public.a")).toEqual({ payloads: ["{}"], complete: true });
    const replay = {
      source: "orders_db",
      stream: "public.a",
      action: "replay",
      requestedBy: "ana@example.com",
    } as const;
    const { id } = await requests.ask(replay);
    await requests.settle(id, { state: "done", message: "1 rows read again" });
    expect(await refused.refused("orders_db", "public.a")).toEqual({ payloads: [], complete: true });
    await refused.add([{ ...item, detail: "d (one of 900 rows; 500 are kept here, all are in raw.orders_db)" }]);
    expect((await refused.refused("orders_db", "public.a")).complete).toBe(false);
    const { rows } = await db.pool.query(
      "SELECT actor, action, resource FROM audit_entries WHERE action LIKE 'stream.%'",
    );
    expect(rows).toEqual([{ actor: "ana@example.com", action: "stream.replay", resource: "orders_db/public.a" }]);
  });
});

describe("comparisons in PostgreSQL", () => {
  reconciliationStoreContract({ test, expect }, connectorStores);
});

describe("drift in PostgreSQL", () => {
  driftStoreContract({ test, expect }, connectorStores);

  test("a decision is on record with who made it, what changed and what was chosen", async () => {
    const { sources, drift } = await connectorStores();
    await sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
    const column = {
      name: "a",
      sourceType: "text",
      type: "string",
      nullable: true,
      description: "",
      pii: "none",
    } as const;
    const schema = { stream: "public.a", columns: [column], key: [], description: "" };
    await sources.saveStreamSchemas("orders_db", [schema]);
    await sources.saveStreamSchemas("orders_db", [{ ...schema, columns: [{ ...column, name: "b" }] }]);
    const [item] = await drift.list({});
    await drift.decide({ item: item?.id ?? "", choice: "map", target: "b", decidedBy: "ana@example.com" });
    await drift.setNewTableRule("orders_db", "ask", "ana@example.com");
    const { rows } = await db.pool.query(
      "SELECT actor, action, resource, detail->>'target' AS target FROM audit_entries WHERE action LIKE 'drift.%' OR action = 'source.new-tables' ORDER BY action",
    );
    expect(rows).toEqual([
      { actor: "ana@example.com", action: "drift.map", resource: "orders_db/public.a", target: "b" },
      { actor: "ana@example.com", action: "source.new-tables", resource: "orders_db", target: null },
    ]);
  });
});
