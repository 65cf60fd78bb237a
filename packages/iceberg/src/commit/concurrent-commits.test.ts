import { afterEach, beforeEach, expect, test } from "vitest";
import type { Catalog } from "../catalogs/catalog.ts";
import { memoryCatalog } from "../catalogs/memory/index.ts";
import { IcebergError, type Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
const id = { namespace: "raw", name: "events" };
const setUp = async (catalog?: Catalog): Promise<void> => {
  box = await openTestLakehouse(catalog ? { catalog } : {});
  table = await box.lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "long" },
      { name: "v", type: "string" },
    ],
    key: ["id"],
  });
};
beforeEach(async () => setUp());
afterEach(async () => box.close());
const stageRow = (of: Table, n: number): ReturnType<Table["stageAppend"]> =>
  of.stageAppend({ connection: box.connection, query: `SELECT ${n} AS id, 'a' AS v` });
const stageKey = (of: Table, n: number): ReturnType<Table["stageMerge"]> =>
  of.stageMerge({ connection: box.connection, query: `SELECT ${n} AS id, 'm' AS v`, key: ["id"] });

test("appends staged on the same snapshot all get in, from lakehouses that do not know of each other", async () => {
  const others = [box.lakehouse, box.stranger(), box.stranger(), box.stranger()];
  const staged = [];
  for (const [index, lakehouse] of others.entries()) staged.push(await stageRow(await lakehouse.loadTable(id), index));
  await Promise.all(staged.map(async (change, index) => others[index]?.commit(change)));
  const now = await box.stranger().loadTable(id);
  expect(await box.rows(now.scan())).toHaveLength(4);
  const { snapshots } = now.metadata;
  expect(snapshots.map((snapshot) => snapshot["sequence-number"])).toEqual([1, 2, 3, 4]);
  for (const [index, snapshot] of snapshots.entries())
    expect(snapshot["parent-snapshot-id"]).toBe(snapshots[index - 1]?.["snapshot-id"]);
});

test("a merge is refused when rows came in since it looked, and goes through when staged again", async () => {
  const merge = await stageKey(table, 1);
  await box.stranger().commit(await stageRow(table, 1));
  await expect(box.lakehouse.commit(merge)).rejects.toMatchObject({ kind: "commit-conflict" });
  await merge.discard();
  const fresh = await box.lakehouse.loadTable(id);
  const done = await box.lakehouse.commit(await stageKey(fresh, 1));
  expect(await box.rows(done.table.scan())).toEqual([{ id: "1", v: "m" }]);
});

test("a commit that expects another parent is refused", async () => {
  const first = await box.lakehouse.commit(await stageRow(table, 1), { expectedParent: null });
  await expect(box.lakehouse.commit(await stageRow(table, 2), { expectedParent: null })).rejects.toMatchObject({
    kind: "commit-conflict",
  });
  const second = await box.lakehouse.commit(await stageRow(table, 3), { expectedParent: first.snapshotId });
  expect(await box.rows(second.table.scan())).toHaveLength(2);
});

test("work that throws inside the commit leaves the table as it was, and the same change can be committed after", async () => {
  const staged = await stageRow(table, 1);
  await expect(
    box.lakehouse.commit(staged, { within: async () => Promise.reject(new Error("stale token")) }),
  ).rejects.toThrow("stale token");
  expect((await box.stranger().loadTable(id)).currentSnapshotId).toBeNull();
  const { table: next } = await box.lakehouse.commit(staged);
  expect(await box.rows(next.scan())).toEqual([{ id: "1", v: "a" }]);
  await staged.discard();
  expect(await box.rows(next.scan()), "discarding a committed change takes nothing away").toHaveLength(1);
});

test.each([true, false])(
  "when the answer to the swap is lost and the swap %s happened, the outcome is found out",
  async (happened) => {
    await box.close();
    const real = memoryCatalog();
    let lose = false;
    const flaky: Catalog = {
      ...real,
      swap: async (identifier, change) => {
        if (!lose) return real.swap(identifier, change);
        lose = false;
        if (happened) await real.swap(identifier, change);
        throw new IcebergError("commit-state-unknown", "the connection broke");
      },
    };
    await setUp(flaky);
    const staged = await stageRow(table, 1);
    lose = true;
    const { table: next } = await box.lakehouse.commit(staged);
    expect(await box.rows(next.scan())).toHaveLength(1);
    expect(next.metadata.snapshots).toHaveLength(1);
  },
);

test("a change staged for a table that was dropped and created anew is refused", async () => {
  const staged = await stageRow(table, 1);
  await box.lakehouse.dropTable(id);
  await box.lakehouse.createTable(id, { schema: [{ name: "id", type: "long" }] });
  await expect(box.lakehouse.commit(staged)).rejects.toMatchObject({ kind: "commit-conflict" });
});

test("a schema change keeps ids: a name used again is a new column, and old rows do not show up in it", async () => {
  ({ table } = await box.lakehouse.commit(await stageRow(table, 1)));
  table = await table.updateSchema().dropColumn("v").commit();
  table = await table.updateSchema().addColumn("v", "string", { after: null }).addColumn("w", "int").commit();
  expect(table.columns.map((column) => [column.id, column.name])).toEqual([
    [3, "v"],
    [1, "id"],
    [4, "w"],
  ]);
  expect(await box.rows(table.scan())).toEqual([{ v: null, id: "1", w: null }]);
  for (const [update, reason] of [
    [table.updateSchema().dropColumn("id"), "key"],
    [table.updateSchema().promote("w", "string"), "cannot become"],
    [table.updateSchema().renameColumn("w", "id"), "already"],
    [table.updateSchema().dropColumn("nothing"), "no such column"],
  ] as const)
    await expect(update.commit()).rejects.toMatchObject({
      kind: "schema-evolution",
      message: expect.stringContaining(reason),
    });
});
