import type { SourceStore } from "./ports.ts";
import type { ReconciliationOutcome, ReconciliationStore } from "./reconcile.ts";
import { type ContractRunner, ORDERS } from "./store-contracts.ts";

const EQUAL: ReconciliationOutcome = {
  state: "equal",
  sourceRows: 3,
  datasetRows: 3,
  ranges: 1,
  rangesDifferent: 0,
  differences: 0,
  keys: [],
  moving: 0,
  repaired: 0,
  leftOut: [],
  message: "equal: 3 rows",
};

export function reconciliationStoreContract(
  { test, expect }: ContractRunner,
  make: () => Promise<{ readonly sources: SourceStore; readonly reconciliations: ReconciliationStore }>,
): void {
  const streaming = async () => {
    const stores = await make();
    await stores.sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
    for (const stream of ["public.a", "public.b"]) {
      await stores.sources.saveStreamSchemas("orders_db", [{ ...ORDERS, stream }]);
      await stores.sources.setStreamState("orders_db", stream, "streaming");
    }
    return stores;
  };
  const ask = { source: "orders_db", stream: "public.a", repair: false, requestedBy: "ana" } as const;

  test("one of a stream at a time is asked, taken and finished, and the first outcome stands", async () => {
    const { reconciliations } = await streaming();
    const { id } = await reconciliations.ask(ask);
    await expect(reconciliations.ask(ask)).rejects.toMatchObject({ kind: "conflict" });
    await expect(reconciliations.ask({ ...ask, stream: "public.none" })).rejects.toMatchObject({ kind: "not-found" });
    expect(await reconciliations.take("orders_db")).toMatchObject({ ...ask, id, state: "running" });
    expect(await reconciliations.take("orders_db")).toBeNull();
    await reconciliations.finish(id, EQUAL);
    await reconciliations.finish(id, { ...EQUAL, state: "failed" });
    expect(await reconciliations.find(id)).toMatchObject({ state: "equal", outcome: EQUAL });
    expect(await reconciliations.list("orders_db", "public.b")).toEqual([]);
    expect(await reconciliations.list("orders_db", null)).toHaveLength(1);
  });

  test("people go before the schedule, and what a worker left behind is taken up again", async () => {
    const { reconciliations } = await streaming();
    await reconciliations.ask({ ...ask, requestedBy: null });
    await reconciliations.ask({ ...ask, stream: "public.b" });
    const first = await reconciliations.take("orders_db");
    expect(first?.stream).toBe("public.b");
    await reconciliations.reopen("stripe", []);
    await reconciliations.reopen("orders_db", [first?.id ?? ""]);
    expect((await reconciliations.take("orders_db"))?.stream).toBe("public.a");
    expect(await reconciliations.take("orders_db")).toBeNull();
    await reconciliations.reopen("orders_db", []);
    expect((await reconciliations.take("orders_db"))?.stream).toBe("public.b");
    expect((await reconciliations.take("orders_db"))?.stream).toBe("public.a");
  });

  test("all of a source are asked at once, but for one under way and those that cannot be compared", async () => {
    const { sources, reconciliations } = await streaming();
    for (const [stream, key] of [
      ["public.keyless", []],
      ["public.paused", ["id"]],
    ] as const)
      await sources.saveStreamSchemas("orders_db", [{ ...ORDERS, stream, key }]);
    await sources.setStreamState("orders_db", "public.keyless", "streaming");
    await sources.setStreamState("orders_db", "public.paused", "paused");
    const { id } = await reconciliations.ask(ask);
    const { asked, left } = await reconciliations.askAll({ source: "orders_db", repair: true, requestedBy: "ana" });
    expect(asked.map((each) => [each.stream, each.repair, each.state])).toEqual([
      ["public.a", false, "asked"],
      ["public.b", true, "asked"],
    ]);
    expect(asked[0]?.id).toBe(id);
    expect(left).toEqual([
      { stream: "public.keyless", why: "no-key" },
      { stream: "public.paused", why: "paused" },
    ]);
    expect(await reconciliations.list("orders_db", null)).toHaveLength(2);
  });

  test("most due is the stream that was never compared, and none when all are younger", async () => {
    const { sources, reconciliations } = await streaming();
    await reconciliations.ask(ask);
    const future = new Date("2100-01-01T00:00:00Z");
    expect(await reconciliations.mostDue("orders_db", future)).toBe("public.b");
    await reconciliations.ask({ ...ask, stream: "public.b" });
    expect(await reconciliations.mostDue("orders_db", new Date("2000-01-01T00:00:00Z"))).toBeNull();
    await sources.setStreamState("orders_db", "public.b", "paused");
    expect(await reconciliations.mostDue("orders_db", future)).toBe("public.a");
  });
}
