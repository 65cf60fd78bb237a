import type { ExpectStatic, TestAPI } from "vitest";
import type { Transaction } from "../kernel/index.ts";
import type { CatalogEntry, CatalogStore } from "./ports.ts";

/** Fresh and empty for every test. `transaction` commits what `work` did, and undoes it when `work` throws. */
export interface CatalogFixture {
  readonly catalog: CatalogStore;
  /** The lease that is held, and one that was taken over. */
  readonly epoch: bigint;
  readonly staleEpoch: bigint;
  transaction: <T>(work: (tx: Transaction) => Promise<T>) => Promise<T>;
}

const AT = new Date("2026-11-23T09:00:00Z");
const ORDERS: CatalogEntry = {
  name: "curated.orders",
  kind: "merge",
  description: "One row per order",
  owner: "Sales",
  columns: [{ name: "order_id", type: "long", description: "Number of the order", pii: "none" }],
  key: ["order_id"],
  inputs: ["staged.orders_db__orders"],
  targetLagSeconds: 30,
  pipeline: "curated",
  sql: "SELECT 1",
  path: "models/curated/orders.sql",
  codeVersion: "1",
};
const INPUT = { dataset: "curated.orders", input: "staged.orders_db__orders" };

export function catalogStoreContract(
  { test, expect }: { test: TestAPI; expect: ExpectStatic },
  make: () => Promise<CatalogFixture>,
): void {
  const filled = async () => {
    const fixture = await make();
    await fixture.catalog.saveEntries([ORDERS]);
    return fixture;
  };
  const consumed = async (catalog: CatalogStore) =>
    (await catalog.inputs()).map((row) => [row.input, row.consumedSnapshot]);

  test("a new dataset has no state and has consumed nothing", async () => {
    const { catalog } = await filled();
    expect(await catalog.states()).toEqual([
      { name: "curated.orders", snapshotId: null, dataThrough: null, committedAt: null },
    ]);
    expect(await catalog.inputs()).toEqual([{ ...INPUT, consumedSnapshot: null }]);
  });

  test("saving an entry again keeps state and progress, forgets inputs it no longer has, and adds new ones", async () => {
    const { catalog, epoch, transaction } = await filled();
    await transaction((tx) => catalog.advanceInputs(tx, epoch, [{ ...INPUT, from: null, to: "7", at: AT }]));
    await catalog.recordCommits([
      { dataset: "curated.orders", snapshotId: "42", rowCount: 10, bytes: 100, fileCount: 1, committedAt: AT },
    ]);
    await catalog.saveEntries([{ ...ORDERS, inputs: [...ORDERS.inputs, "staged.orders_db__payments"] }]);
    expect(await consumed(catalog)).toEqual(
      expect.arrayContaining([
        ["staged.orders_db__orders", "7"],
        ["staged.orders_db__payments", null],
      ]),
    );
    expect(await catalog.states()).toMatchObject([{ snapshotId: "42", committedAt: AT }]);
    await catalog.saveEntries([{ ...ORDERS, inputs: ["staged.orders_db__payments"] }]);
    expect(await consumed(catalog)).toEqual([["staged.orders_db__payments", null]]);
  });

  test("an input moves from where it stands; another start is refused as stale and nothing of the call stays", async () => {
    const { catalog, epoch, transaction } = await filled();
    await catalog.saveEntries([{ ...ORDERS, inputs: ["staged.a", "staged.b"] }]);
    const move = (input: string, from: string | null, to: string) => ({
      dataset: "curated.orders",
      input,
      from,
      to,
      at: AT,
    });
    await transaction((tx) => catalog.advanceInputs(tx, epoch, [move("staged.a", null, "1")]));
    const torn = transaction((tx) =>
      catalog.advanceInputs(tx, epoch, [move("staged.b", null, "1"), move("staged.a", null, "2")]),
    );
    await expect(torn).rejects.toMatchObject({ kind: "stale-writer" });
    await expect(
      catalog.skipInputs(epoch, [move("staged.b", null, "1"), move("staged.a", "9", "2")]),
    ).rejects.toMatchObject({ kind: "stale-writer" });
    expect(await consumed(catalog)).toEqual(
      expect.arrayContaining([
        ["staged.a", "1"],
        ["staged.b", null],
      ]),
    );
    await catalog.skipInputs(epoch, [move("staged.a", "1", "2"), move("staged.b", null, "5")]);
    expect(await consumed(catalog)).toEqual(
      expect.arrayContaining([
        ["staged.a", "2"],
        ["staged.b", "5"],
      ]),
    );
  });

  test("a worker that lost its lease moves no input", async () => {
    const { catalog, staleEpoch, transaction } = await filled();
    const moves = [{ ...INPUT, from: null, to: "1", at: AT }];
    await expect(transaction((tx) => catalog.advanceInputs(tx, staleEpoch, moves))).rejects.toMatchObject({
      kind: "stale-writer",
    });
    await expect(catalog.skipInputs(staleEpoch, moves)).rejects.toMatchObject({ kind: "stale-writer" });
    expect(await catalog.inputs()).toEqual([{ ...INPUT, consumedSnapshot: null }]);
  });

  test("data through only moves forward", async () => {
    const { catalog } = await filled();
    const earlier = new Date(AT.getTime() - 60_000);
    await catalog.setDataThrough([{ dataset: "curated.orders", at: AT }]);
    await catalog.setDataThrough([{ dataset: "curated.orders", at: earlier }]);
    expect(await catalog.states()).toMatchObject([{ dataThrough: AT }]);
  });

  test("a commit without a snapshot keeps the last one", async () => {
    const { catalog } = await filled();
    const commit = { dataset: "curated.orders", rowCount: 10, bytes: 100, fileCount: 1, committedAt: AT };
    await catalog.recordCommits([{ ...commit, snapshotId: "42" }]);
    await catalog.recordCommits([{ ...commit, snapshotId: null }]);
    expect(await catalog.states()).toMatchObject([{ snapshotId: "42" }]);
  });

  test("a dataset that is not in the catalog is said by name", async () => {
    const { catalog } = await filled();
    await expect(catalog.setDataThrough([{ dataset: "curated.nothing", at: AT }])).rejects.toMatchObject({
      kind: "not-found",
      message: expect.stringContaining("curated.nothing"),
    });
  });
}
