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
    expect(await refused.refused("orders_db", { stream: "public.a" })).toMatchObject({
      rows: [{ payload: "{}", origin: null }],
      complete: true,
    });
    const replay = {
      source: "orders_db",
      stream: "public.a",
      action: "replay",
      requestedBy: "ana@example.com",
    } as const;
    const { id } = await requests.ask(replay);
    await requests.settle(id, { state: "done", message: "1 rows read again" });
    expect(await refused.refused("orders_db", { stream: "public.a" })).toEqual({ rows: [], complete: true });
    await refused.add([{ ...item, detail: "d (one of 900 rows; 500 are kept here, all are in raw.orders_db)" }]);
    expect((await refused.refused("orders_db", { stream: "public.a" })).complete).toBe(false);
    const { rows } = await db.pool.query(
      "SELECT actor, action, resource FROM audit_entries WHERE action LIKE 'stream.%'",
    );
    expect(rows).toEqual([{ actor: "ana@example.com", action: "stream.replay", resource: "orders_db/public.a" }]);
  });

  test("what no stream is known of is replayed as a whole, and what nobody vouches for never is", async () => {
    const { sources, requests } = await connectorStores();
    await sources.registerSource({ id: "stripe", kind: "stripe", configured: true });
    const refused = quarantine(db, context);
    const item = { source: "stripe", stream: null, detail: "d", receivedAt: new Date(0) } as const;
    await refused.add([
      { ...item, reason: "malformed", payload: "of the other mode" },
      { ...item, reason: "bad-signature", payload: "forged" },
    ]);
    expect(await refused.refused("stripe", { stream: null })).toMatchObject({
      rows: [{ payload: "of the other mode" }],
      complete: true,
    });
    const replay = { stream: null, action: "replay", requestedBy: "ana@example.com" } as const;
    await expect(requests.ask({ ...replay, source: "salesforce" })).rejects.toMatchObject({ kind: "invalid-input" });
    const { id } = await requests.ask({ ...replay, source: "stripe" });
    await requests.settle(id, { state: "done", message: "1 refused events: 1 taken" });
    const { rows } = await db.pool.query("SELECT payload, replayed_at IS NOT NULL AS replayed FROM quarantine_items");
    expect(rows.toSorted((left, right) => (left.payload < right.payload ? -1 : 1))).toEqual([
      { payload: "forged", replayed: false },
      { payload: "of the other mode", replayed: true },
    ]);
  });

  test("a replay of a part takes just that part out; what is refused again waits with today's words, and each waits once", async () => {
    const { sources, requests } = await connectorStores();
    await sources.registerSource({ id: "app_logs", kind: "logs", configured: true });
    await sources.saveStreamSchemas("app_logs", [{ stream: "events", columns: [], key: [], description: "" }]);
    await sources.setStreamState("app_logs", "events", "streaming");
    const refused = quarantine(db, context);
    const item = (record: number, detail: string) =>
      ({
        source: "app_logs",
        stream: "events",
        reason: "malformed",
        detail,
        payload: `${record}`,
        receivedAt: new Date(0),
        origin: { delivery: `#${record} of cart:b1`, batchId: "cart:b1", sender: "cart", form: "line" },
      }) as const;
    const items = [item(1, "ts: no zone"), item(2, "ts: no zone"), item(3, "ts: no zone"), item(4, "line: no JSON")];
    await refused.add(items);
    // The sender was not answered and sends the batch again.
    await refused.add(items);
    const part = { stream: "events", why: "ts: no zone" };
    const first = await refused.refused("app_logs", { ...part, most: 2 });
    const rest = await refused.refused("app_logs", { ...part, most: 2, after: first.rows.at(-1)?.id ?? "" });
    expect([first.complete, rest.complete]).toEqual([false, true]);
    const rows = [...first.rows, ...rest.rows].toSorted((one, other) => (one.payload < other.payload ? -1 : 1));
    expect(rows).toMatchObject([{ payload: "1", origin: { sender: "cart" } }, { payload: "2" }, { payload: "3" }]);
    expect((await refused.refused("app_logs", { ...part, until: new Date(-1) })).rows).toEqual([]);

    const ask = { source: "app_logs", action: "replay", requestedBy: "ana@example.com", ...part } as const;
    const { id } = await requests.ask(ask);
    expect(await requests.open("app_logs")).toMatchObject([{ id, why: "ts: no zone" }]);
    const [again, left] = [{ id: rows[1]?.id ?? "", why: "service: too long" }, rows[2]?.id ?? ""];
    const outcome = { state: "done", message: "3 refused records", kept: { again: [again], left: [left] } } as const;
    await requests.settle(id, outcome);
    await requests.settle(id, outcome);
    const { rows: waiting } = await db.pool.query(
      `SELECT payload, detail, origin->>'batchId' AS batch FROM quarantine_items WHERE replayed_at IS NULL ORDER BY payload`,
    );
    expect(waiting).toEqual([
      { payload: "2", detail: "service: too long", batch: null },
      { payload: "3", detail: "ts: no zone", batch: "cart:b1" },
      { payload: "4", detail: "line: no JSON", batch: "cart:b1" },
    ]);
    await expect(requests.ask({ ...ask, source: "orders_db" })).rejects.toMatchObject({ kind: "invalid-input" });
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
