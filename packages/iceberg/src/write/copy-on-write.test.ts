import { afterEach, beforeEach, expect, test } from "vitest";
import { where, type CommitOptions, type StagedChange, type Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
beforeEach(async () => void (box = await openTestLakehouse()));
afterEach(async () => box.close());

const commit = async (staged: StagedChange, options?: CommitOptions): Promise<Table> =>
  (await box.lakehouse.commit(staged, options)).table;
const ids = async (table: Table): Promise<number[]> =>
  (await box.rows((await box.stranger().loadTable(table.identifier)).scan({ columns: ["id"] }))).map((row) =>
    Number((row as { id: string }).id),
  );
const deleteFiles = async (table: Table): Promise<number> =>
  (await table.scan().files()).reduce((sum, file) => sum + file.deleteFiles.length, 0);

/** Ids 0 to 9 in one file, `region` by tens' parity, two rows position-deleted. */
async function tenRows(properties: Record<string, string> = {}): Promise<Table> {
  let table = await box.lakehouse.createTable(
    { namespace: "n", name: "t" },
    {
      schema: [
        { name: "id", type: "long" },
        { name: "v", type: "string" },
      ],
      key: ["id"],
      properties,
    },
  );
  const { connection } = box;
  table = await commit(
    await table.stageAppend({ connection, query: "SELECT i AS id, 'old' AS v FROM range(10) t(i)" }),
  );
  const staged = await table.stageDelete({ connection, where: where.isIn("id", [0, 1]), mode: "position-deletes" });
  return commit(staged);
}

test("a delete by filter in copy-on-write leaves no delete file, keeps earlier deletes, and tells the rows that went", async () => {
  const before = await tenRows();
  expect(await deleteFiles(before)).toBe(1);
  const staged = await before.stageDelete({
    connection: box.connection,
    where: where.gte("id", 7),
    mode: "copy-on-write",
  });
  expect(staged.summary).toMatchObject({ operation: "overwrite", deletedRecords: 3, addedRecords: 5, addedFiles: 1 });
  const table = await commit(staged);
  expect(await ids(table)).toEqual([2, 3, 4, 5, 6]);
  expect(await deleteFiles(table)).toBe(0);
  expect(table.metadata.snapshots.at(-1)?.summary).toMatchObject({
    "total-records": "5",
    "total-delete-files": "0",
    "total-position-deletes": "0",
  });
  const changed = await table.changes({ from: before.currentSnapshotId });
  const net = await box.connection.runAndReadAll(
    `SELECT id FROM ${await changed.toSql()} GROUP BY id HAVING sum(if(_change_type = 'delete', 1, -1)) = 1 ORDER BY id`,
  );
  expect(net.getRowsJson().flat()).toEqual(["7", "8", "9"]);
});

test("the property write.delete.mode decides for deletes by keys, and what the caller says overrules it", async () => {
  const table = await tenRows({ "write.delete.mode": "copy-on-write" });
  const keys = { query: "SELECT 5 AS id", columns: ["id"] };
  const copied = await table.stageDelete({ connection: box.connection, keys });
  expect(copied.addedDeleteFiles).toEqual([]);
  const marked = await table.stageDelete({ connection: box.connection, keys, mode: "position-deletes" });
  expect(marked.addedDeleteFiles.length).toBe(1);
  await marked.discard();
  expect(await ids(await commit(copied))).toEqual([2, 3, 4, 6, 7, 8, 9]);
  const wrong = await table.setProperties({ "write.delete.mode": "sometimes" });
  await expect(wrong.stageDelete({ connection: box.connection, keys })).rejects.toMatchObject({
    kind: "invalid-input",
    message: expect.stringContaining("write.delete.mode"),
  });
});

test("a merge with write.merge.mode=copy-on-write replaces, removes and adds rows without delete files", async () => {
  const before = await tenRows({ "write.merge.mode": "copy-on-write" });
  const staged = await before.stageMerge({
    connection: box.connection,
    query: "SELECT * FROM (VALUES (3, 'new', false), (4, NULL, true), (99, 'new', false)) t(id, v, gone)",
    key: ["id"],
    deleteColumn: "gone",
  });
  expect(staged.summary).toMatchObject({ operation: "overwrite", deletedRecords: 2 });
  const table = await commit(staged);
  expect(await deleteFiles(table)).toBe(0);
  expect(await ids(table)).toEqual([2, 3, 5, 6, 7, 8, 9, 99]);
  const changed = await box.rows(table.scan({ filter: where.eq("v", "new") }), "id");
  expect(changed).toMatchObject([{ id: "3" }, { id: "99" }]);
});

test("an overwrite by filter in copy-on-write carries the other rows of its files over", async () => {
  const before = await tenRows();
  const staged = await before.stageOverwrite({
    connection: box.connection,
    query: "SELECT 50 AS id, 'new' AS v",
    where: where.lt("id", 8),
    mode: "copy-on-write",
  });
  expect(staged.summary.deletedRecords).toBe(6);
  const table = await commit(staged);
  expect(await ids(table)).toEqual([8, 9, 50]);
  expect(await deleteFiles(table)).toBe(0);
});

test("a copy-on-write delete refuses to be committed after rows of its files changed", async () => {
  const table = await tenRows();
  const slow = await table.stageDelete({ connection: box.connection, where: where.eq("id", 5), mode: "copy-on-write" });
  await commit(await table.stageDelete({ connection: box.connection, where: where.eq("id", 6) }));
  await expect(box.lakehouse.commit(slow)).rejects.toMatchObject({ kind: "commit-conflict" });
  await slow.discard();
  expect(await ids(await table.refresh())).toEqual([2, 3, 4, 5, 7, 8, 9]);
});
