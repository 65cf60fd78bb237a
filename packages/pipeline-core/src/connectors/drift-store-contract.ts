import type { StreamColumn } from "./model.ts";
import type { DriftStore, SourceStore, StreamRequests } from "./ports.ts";
import { AT, type ConnectorStores, type ContractRunner, ORDERS, WORKER } from "./store-contracts.ts";

export function driftStoreContract(
  { test, expect }: ContractRunner,
  make: () => Promise<
    Omit<ConnectorStores, "deliveries"> & { readonly requests: StreamRequests; readonly drift: DriftStore }
  >,
): void {
  const [orderId, total] = ORDERS.columns as [StreamColumn, StreamColumn];
  const amount = { ...total, name: "amount" };
  /** The stream streams, its source has a position, and `total` was renamed to `amount` at place 7. */
  const renamed = async (needed: readonly string[]) => {
    const stores = await make();
    const { sources } = stores;
    await sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
    await sources.saveStreamSchemas("orders_db", [ORDERS]);
    await sources.setStreamState("orders_db", "public.orders", "streaming");
    const epoch = await stores.lease.acquire(WORKER);
    await stores.transaction((tx) =>
      sources.advancePosition(tx, { source: "orders_db", epoch, from: null, to: "5", at: AT }),
    );
    await sources.saveStreamSchemas("orders_db", [{ ...ORDERS, columns: [orderId, amount] }], {
      position: "7",
      needs: (_, column) => needed.includes(column),
    });
    const [item] = await stores.drift.list({ source: "orders_db", open: true });
    if (item === undefined) throw new Error("the rename was not seen");
    return { ...stores, item };
  };
  const orders = async (sources: SourceStore) =>
    (await sources.streams("orders_db")).find((record) => record.stream === "public.orders")?.schema;

  test("a change that needs a person is open with its place, and what relies on it makes loading wait", async () => {
    const { sources, item } = await renamed(["total"]);
    expect(item).toMatchObject({
      source: "orders_db",
      stream: "public.orders",
      fromVersion: 1,
      toVersion: 2,
      change: { kind: "renamed", column: "total", newName: "amount" },
      state: "open",
      waits: true,
      position: "7",
      decidedBy: null,
    });
    expect(await orders(sources)).toMatchObject({ waits: true, staged: { columns: { amount: { skip: true } } } });
  });

  test("a decision settles the item, changes the dataset's shape, and lets loading go on", async () => {
    const { sources, drift, requests, item } = await renamed(["total"]);
    const settled = await drift.decide({ item: item.id, choice: "map", target: null, decidedBy: "ana" });
    expect(settled).toMatchObject({ item: { state: "mapped", decidedBy: "ana" }, asked: null });
    const schema = await orders(sources);
    expect(schema?.waits).toBeUndefined();
    expect(schema).toMatchObject({ decisions: 1, staged: { columns: { amount: { as: { name: "total" } } } } });
    expect(await drift.list({ open: true })).toEqual([]);
    expect(await requests.open("orders_db")).toEqual([]);
    const again = drift.decide({ item: item.id, choice: "map", target: null, decidedBy: "ana" });
    await expect(again).rejects.toMatchObject({ kind: "conflict" });
  });

  test("a decision that needs every row asks for the stream to be read again; a busy stream makes it a conflict", async () => {
    const { drift, requests, item } = await renamed([]);
    const pause = { source: "orders_db", stream: "public.orders", action: "pause", requestedBy: "ben" } as const;
    const { id } = await requests.ask(pause);
    const decision = { item: item.id, choice: "accept", target: null, decidedBy: "ana" } as const;
    await expect(drift.decide(decision)).rejects.toMatchObject({ kind: "conflict" });
    expect(await drift.list({ open: true })).toHaveLength(1);
    await requests.settle(id, { state: "done", message: "" });
    const { asked } = await drift.decide(decision);
    expect(await requests.open("orders_db")).toMatchObject([{ id: asked?.id, action: "resync", requestedBy: "ana" }]);
  });

  test("a shape survives the next look at the schema, and a column that changed again supersedes its item", async () => {
    const { sources, drift, item } = await renamed(["total"]);
    await sources.saveStreamSchemas("orders_db", [{ ...ORDERS, columns: [orderId, amount] }]);
    expect(await orders(sources)).toMatchObject({ version: 2, staged: { columns: { amount: { skip: true } } } });
    await sources.saveStreamSchemas("orders_db", [{ ...ORDERS, columns: [orderId, amount, total] }]);
    expect(await drift.list({ open: true })).toEqual([]);
    expect((await orders(sources))?.waits).toBeUndefined();
    const late = drift.decide({ item: item.id, choice: "map", target: null, decidedBy: "ana" });
    await expect(late).rejects.toMatchObject({ kind: "conflict" });
  });

  test("new tables follow the source's rule, and a person takes one in", async () => {
    const { sources, drift, requests } = await renamed([]);
    const state = async (stream: string) =>
      (await sources.streams("orders_db")).find((record) => record.stream === stream)?.state;
    expect(await drift.newTableRule("orders_db")).toBe("include");
    await sources.saveStreamSchemas("orders_db", [{ ...ORDERS, stream: "public.a" }]);
    expect(await state("public.a")).toBe("waiting");
    await drift.setNewTableRule("orders_db", "ask", "ana");
    await sources.saveStreamSchemas("orders_db", [{ ...ORDERS, stream: "public.b" }]);
    expect(await state("public.b")).toBe("paused");
    const open = await drift.list({ open: true });
    const item = open.find((each) => each.stream === "public.b");
    expect(item?.change.kind).toBe("table");
    await drift.decide({ item: item?.id ?? "", choice: "accept", target: null, decidedBy: "ana" });
    expect(await requests.open("orders_db")).toMatchObject([{ stream: "public.b", action: "resume" }]);
    await drift.setNewTableRule("orders_db", "ignore", "ana");
    await sources.saveStreamSchemas("orders_db", [{ ...ORDERS, stream: "public.c" }]);
    expect(await state("public.c")).toBe("paused");
    expect((await drift.list({ open: true })).map((each) => each.stream)).toEqual(["public.orders"]);
  });

  test("what is not there is said", async () => {
    const { drift } = await make();
    const decision = { item: "00000000-0000-7000-8000-000000000000", choice: "accept", target: null } as const;
    await expect(drift.decide({ ...decision, decidedBy: "ana" })).rejects.toMatchObject({ kind: "not-found" });
    await expect(drift.newTableRule("stripe")).rejects.toMatchObject({ kind: "not-found" });
  });
}
