import type { ExpectStatic, TestAPI } from "vitest";
import type { Transaction } from "../kernel/index.ts";
import { type Breaker, closedBreaker } from "./breaker.ts";
import type { StreamSchema } from "./model.ts";
import type { DeliveryLedger, SourceStore, StreamRequests, WorkerLease } from "./ports.ts";

export interface ContractRunner {
  readonly test: TestAPI;
  readonly expect: ExpectStatic;
}

/** Fresh and empty for every test. `transaction` commits what `work` did, and undoes it when `work` throws. */
export interface ConnectorStores {
  readonly sources: SourceStore;
  readonly deliveries: DeliveryLedger;
  readonly lease: WorkerLease;
  transaction: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;
}

export const AT = new Date("2026-11-23T09:00:00Z");
export const WORKER = { id: "worker-1", pid: 1, startedAt: AT };
export const ORDERS: Omit<StreamSchema, "version"> = {
  stream: "public.orders",
  description: "Orders",
  key: ["order_id"],
  columns: [
    { name: "order_id", sourceType: "bigint", type: "long", nullable: false, description: "", pii: "none" },
    { name: "total", sourceType: "numeric(12,2)", type: "decimal(12,2)", nullable: true, description: "", pii: "none" },
  ],
};

export function sourceStoreContract({ test, expect }: ContractRunner, make: () => Promise<ConnectorStores>): void {
  const registered = async () => {
    const stores = await make();
    await stores.sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
    return { ...stores, epoch: await stores.lease.acquire(WORKER) };
  };

  test("a source has no position before its first commit", async () => {
    const { sources } = await registered();
    expect(await sources.position("orders_db")).toBeNull();
  });

  test("a breaker that is not closed is told, until it is closed or a worker starts anew", async () => {
    const { sources } = await registered();
    const open: Breaker = {
      state: "open",
      failures: 5,
      since: AT,
      until: new Date(AT.getTime() + 60_000),
      error: { kind: "source-unreachable", message: "connection refused" },
    };
    await sources.saveBreaker("orders_db", "load", open);
    await sources.saveBreaker("orders_db", "capture", open);
    await sources.saveBreaker("orders_db", "capture", { ...open, state: "half-open", until: null, error: null });
    expect(await sources.openBreakers()).toEqual([
      { source: "orders_db", part: "capture", ...open, state: "half-open", until: null, error: null },
      { source: "orders_db", part: "load", ...open },
    ]);
    await sources.saveBreaker("orders_db", "load", closedBreaker(AT));
    expect(await sources.openBreakers()).toMatchObject([{ part: "capture" }]);
    await sources.closeBreakers();
    expect(await sources.openBreakers()).toEqual([]);
  });

  test("a position moves from where it stands, and registering again keeps it", async () => {
    const { sources, transaction, epoch } = await registered();
    await transaction((tx) =>
      sources.advancePosition(tx, { source: "orders_db", epoch, from: null, to: "0001", at: AT }),
    );
    await transaction((tx) =>
      sources.advancePosition(tx, { source: "orders_db", epoch, from: "0001", to: "0002", at: AT }),
    );
    await sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
    expect(await sources.position("orders_db")).toBe("0002");
  });

  test("a move from another position is refused as stale", async () => {
    const { sources, transaction, epoch } = await registered();
    await transaction((tx) =>
      sources.advancePosition(tx, { source: "orders_db", epoch, from: null, to: "0001", at: AT }),
    );
    const again = transaction((tx) =>
      sources.advancePosition(tx, { source: "orders_db", epoch, from: null, to: "0003", at: AT }),
    );
    await expect(again).rejects.toMatchObject({ kind: "stale-writer" });
    expect(await sources.position("orders_db")).toBe("0001");
  });

  test("a worker that lost its lease moves nothing", async () => {
    const { sources, lease, transaction, epoch } = await registered();
    await lease.acquire({ ...WORKER, id: "worker-2" });
    const late = transaction((tx) =>
      sources.advancePosition(tx, { source: "orders_db", epoch, from: null, to: "0001", at: AT }),
    );
    await expect(late).rejects.toMatchObject({ kind: "stale-writer" });
    expect(await sources.position("orders_db")).toBeNull();
  });

  test("an unknown source is said by name", async () => {
    const { sources } = await make();
    await expect(sources.setSourceState("stripe", "connecting")).rejects.toMatchObject({ kind: "not-found" });
  });

  test("a stream starts at version 1, keeps it while unchanged, and gets the next one when its columns change", async () => {
    const { sources } = await registered();
    const version = async (schema: typeof ORDERS) =>
      (await sources.saveStreamSchemas("orders_db", [schema]))[0]?.schema.version;
    expect(await version(ORDERS)).toBe(1);
    expect(await version({ ...ORDERS, description: "Orders of the shop" })).toBe(1);
    const widened = ORDERS.columns.map((column) =>
      column.name === "total" ? { ...column, sourceType: "numeric(14,2)", type: "decimal(14,2)" } : column,
    );
    expect(await version({ ...ORDERS, columns: widened })).toBe(2);
    const [stored] = await sources.streams("orders_db");
    expect(stored?.schema.columns).toEqual(widened);
    expect(stored?.schema).toMatchObject({ stream: "public.orders", version: 2, key: ["order_id"] });
  });

  test("schemas are answered in the order they were given", async () => {
    const { sources } = await registered();
    const saved = await sources.saveStreamSchemas("orders_db", [{ ...ORDERS, stream: "public.zebra" }, ORDERS]);
    expect(saved.map((record) => record.stream)).toEqual(["public.zebra", "public.orders"]);
  });

  test("snapshot progress is kept with its cursor, also when the schema is saved again", async () => {
    const { sources, transaction } = await registered();
    await sources.saveStreamSchemas("orders_db", [ORDERS]);
    const progress = {
      source: "orders_db",
      stream: "public.orders",
      state: "snapshotting",
      rowsRead: 200_000,
      rowsExpected: 500_000,
      cursor: '["200000"]',
    } as const;
    await transaction((tx) => sources.saveSnapshotProgress(tx, progress));
    await sources.saveStreamSchemas("orders_db", [ORDERS]);
    expect(await sources.streams("orders_db")).toMatchObject([
      { state: "snapshotting", rowsRead: 200_000, rowsExpected: 500_000, cursor: '["200000"]' },
    ]);
  });
}

export function deliveryLedgerContract({ test, expect }: ContractRunner, make: () => Promise<ConnectorStores>): void {
  test("an id is unseen until it is claimed, per source", async () => {
    const { deliveries, transaction } = await make();
    expect(await deliveries.unseen("stripe", ["evt_1", "evt_2"])).toEqual(new Set(["evt_1", "evt_2"]));
    await transaction((tx) => deliveries.claim(tx, "stripe", ["evt_1"], AT));
    expect(await deliveries.unseen("stripe", ["evt_1", "evt_2"])).toEqual(new Set(["evt_2"]));
    expect(await deliveries.unseen("app_logs", ["evt_1"])).toEqual(new Set(["evt_1"]));
  });

  test("claiming an id a second time is a conflict", async () => {
    const { deliveries, transaction } = await make();
    await transaction((tx) => deliveries.claim(tx, "stripe", ["evt_1"], AT));
    await expect(transaction((tx) => deliveries.claim(tx, "stripe", ["evt_1", "evt_9"], AT))).rejects.toMatchObject({
      kind: "commit-conflict",
    });
  });
}

export function workerLeaseContract({ test, expect }: ContractRunner, make: () => Promise<ConnectorStores>): void {
  test("every taking of the lease has a higher epoch and fences the one before", async () => {
    const { lease } = await make();
    const first = await lease.acquire(WORKER);
    await lease.heartbeat(first);
    const second = await lease.acquire({ ...WORKER, id: "worker-2" });
    expect(second).toBeGreaterThan(first);
    await expect(lease.heartbeat(first)).rejects.toMatchObject({ kind: "stale-writer" });
    await lease.heartbeat(second);
  });

  test("a released lease beats no more", async () => {
    const { lease } = await make();
    const epoch = await lease.acquire(WORKER);
    await lease.release(epoch);
    await expect(lease.heartbeat(epoch)).rejects.toMatchObject({ kind: "stale-writer" });
  });
}

export function streamRequestsContract(
  { test, expect }: ContractRunner,
  make: () => Promise<Omit<ConnectorStores, "deliveries"> & { readonly requests: StreamRequests }>,
): void {
  const streaming = async () => {
    const stores = await make();
    await stores.sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
    await stores.sources.saveStreamSchemas("orders_db", [ORDERS]);
    await stores.sources.setStreamState("orders_db", "public.orders", "streaming");
    return stores;
  };
  const pause = { source: "orders_db", stream: "public.orders", action: "pause", requestedBy: "ana" } as const;

  test("a request stays open until it is settled, and the first outcome stands", async () => {
    const { requests } = await streaming();
    const { id } = await requests.ask(pause);
    expect(await requests.open("orders_db")).toMatchObject([{ ...pause, id }]);
    expect(await requests.open("stripe")).toEqual([]);
    expect(await requests.outcome(id)).toBeNull();
    await requests.settle(id, { state: "done", message: "paused" });
    await requests.settle(id, { state: "failed", message: "late" });
    expect(await requests.open("orders_db")).toEqual([]);
    expect(await requests.outcome(id)).toEqual({ state: "done", message: "paused" });
    await expect(requests.outcome("019a0000-0000-7000-8000-00000000dead")).rejects.toMatchObject({ kind: "not-found" });
  });

  test("the last one that was done since a time is found, for its stream and action only", async () => {
    const { requests } = await streaming();
    const { id, requestedAt } = await requests.ask(pause);
    expect(await requests.lastDone(pause, requestedAt)).toBeNull();
    await requests.settle(id, { state: "failed", message: "no" });
    expect(await requests.lastDone(pause, requestedAt)).toBeNull();
    const again = await requests.ask(pause);
    await requests.settle(again.id, { state: "done", message: "paused" });
    expect(await requests.lastDone(pause, again.requestedAt)).toEqual({ state: "done", message: "paused" });
    expect(await requests.lastDone({ ...pause, action: "resync" }, again.requestedAt)).toBeNull();
    expect(await requests.lastDone(pause, new Date(again.requestedAt.getTime() + 1))).toBeNull();
  });

  test("a second request for a stream waits for the first, other streams do not", async () => {
    const { requests } = await streaming();
    const { id } = await requests.ask(pause);
    await expect(requests.ask({ ...pause, action: "resync" })).rejects.toMatchObject({ kind: "conflict" });
    await requests.ask({ ...pause, stream: null, action: "resync" });
    await requests.settle(id, { state: "done", message: "" });
    await requests.ask({ ...pause, action: "resync" });
  });

  test("what the stream's state does not allow is refused", async () => {
    const { requests } = await streaming();
    await expect(requests.ask({ ...pause, action: "resume" })).rejects.toMatchObject({ kind: "conflict" });
    await expect(requests.ask({ ...pause, stream: "public.nowhere" })).rejects.toMatchObject({ kind: "not-found" });
    await expect(requests.ask({ ...pause, stream: null })).rejects.toMatchObject({ kind: "invalid-input" });
  });

  test("a resync of some rows keeps their range; one that fits no key, no state or no source is refused", async () => {
    const { requests, sources } = await streaming();
    const resync = { ...pause, action: "resync" } as const;
    const refused = (request: Parameters<StreamRequests["ask"]>[0]) =>
      expect(requests.ask(request)).rejects.toMatchObject({ kind: expect.stringMatching(/invalid-input|conflict/) });
    await refused({ ...resync, range: { from: null, through: null } });
    await refused({ ...resync, range: { from: ["1", "2"], through: null } });
    await refused({ ...pause, range: { from: ["1"], through: null } });
    await refused({ ...pause, source: "app_logs", stream: "events" });
    const range = { from: ["1"], through: ["1000"] };
    const { id } = await requests.ask({ ...resync, range });
    expect(await requests.open("orders_db")).toMatchObject([{ id, range }]);
    await requests.settle(id, { state: "done", message: "" });
    await sources.setStreamState("orders_db", "public.orders", "paused");
    await refused({ ...resync, range });
  });

  test("a source that is reset begins anew with its streams known", async () => {
    const { sources, transaction, lease } = await streaming();
    const epoch = await lease.acquire(WORKER);
    await transaction((tx) => sources.advancePosition(tx, { source: "orders_db", epoch, from: null, to: "5", at: AT }));
    await sources.resetSource("orders_db");
    expect(await sources.position("orders_db")).toBeNull();
    expect(await sources.streams("orders_db")).toMatchObject([
      { stream: "public.orders", state: "waiting", rowsRead: 0, cursor: null },
    ]);
  });
}
