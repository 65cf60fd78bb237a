import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";
import type { FileRow, Table } from "../index.ts";

const ROWS = 400_000;
let lake: TestLakehouse;
let table: Table;

beforeAll(async () => {
  lake = await openTestLakehouse();
  table = await lake.lakehouse.createTable(
    { namespace: "curated", name: "orders" },
    {
      schema: [
        { name: "id", type: "long" },
        { name: "status", type: "string" },
      ],
      key: ["id"],
      sortBy: [{ column: "id" }],
    },
  );
  const query = `SELECT i AS id, 'new' AS status FROM range(${ROWS}) t(i)`;
  ({ table } = await lake.lakehouse.commit(await table.stageAppend({ connection: lake.connection, query })));
});
afterAll(() => lake.close());

async function merge(ids: readonly number[], status: string): Promise<bigint | null> {
  const before = table.currentSnapshotId;
  const query = `SELECT id, '${status}' AS status FROM (VALUES ${ids.map((id) => `(${id})`).join(", ")}) t(id)`;
  const staged = await table.stageMerge({ connection: lake.connection, query, key: ["id"] });
  ({ table } = await lake.lakehouse.commit(staged));
  return before;
}

const rowsOf = async (sql: string): Promise<unknown[]> =>
  (await lake.connection.runAndReadAll(`SELECT * FROM ${sql} ORDER BY ALL`)).getRowObjectsJson();

test("rows far from each other are replaced, and their changes are the same however they are read", async () => {
  const start = await merge([3, 4, 200_000, 399_999], "paid");
  const count = `(SELECT status, count(*) AS n FROM ${await table.scan().toSql()} GROUP BY ALL)`;
  expect(await rowsOf(count)).toEqual([
    { status: "new", n: String(ROWS - 4) },
    { status: "paid", n: "4" },
  ]);
  const middle = await merge([4, 399_998, 399_999], "shipped");
  for (const from of [start, middle]) {
    const changes = await table.changes({ from });
    const narrowed = await rowsOf(await changes.toSql(lake.connection));
    expect(narrowed).toEqual(await rowsOf(await changes.toSql()));
    expect(narrowed).toHaveLength(from === start ? 10 : 6);
    const idsOnly = await rowsOf(await changes.toSql(lake.connection, { deletedColumns: ["id"] }));
    const unread = (row: unknown) => {
      const { _change_type: type } = row as { _change_type: string };
      return type === "delete" ? { ...(row as object), status: null } : row;
    };
    const byId = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).toSorted();
    expect(byId(idsOnly)).toEqual(byId(narrowed.map(unread)));
  }
  const reach = await (await table.changes({ from: middle })).deletedReach(lake.connection);
  expect(reach?.deleted).toBe(3);
  expect(reach?.read).toBeGreaterThan(3);
  expect(reach?.read).toBeLessThan(ROWS);
  expect(
    await rowsOf(`(SELECT * FROM ${await table.scan().toSql()} WHERE id IN (3, 4, 200000, 399998, 399999))`),
  ).toEqual([
    { id: "3", status: "paid" },
    { id: "4", status: "shipped" },
    { id: "200000", status: "paid" },
    { id: "399998", status: "shipped" },
    { id: "399999", status: "shipped" },
  ]);
});

test("merges say that they replaced rows by their key, and then the inserts alone tell which keys changed", async () => {
  await merge([6], "paid");
  const start = await merge([7, 8], "paid");
  const middle = await merge([8, 300_000], "shipped");
  const changes = await table.changes({ from: start });
  expect(changes.replacedBy(["id"])).toBe(true);
  expect(changes.replacedBy(["id", "status"])).toBe(false);
  const inserts = await changes.insertsToSql();
  expect(await rowsOf(inserts)).toEqual([
    { id: "7", status: "paid", _change_type: "insert" },
    { id: "8", status: "shipped", _change_type: "insert" },
    { id: "300000", status: "shipped", _change_type: "insert" },
  ]);
  const keys = async (sql: string): Promise<unknown[]> => rowsOf(`(SELECT DISTINCT id FROM ${sql})`);
  expect(await keys(inserts)).toEqual(await keys(await changes.toSql()));
  // A key that goes away is told by no insert.
  const query = "SELECT 9::BIGINT AS id, 'none' AS status, true AS gone UNION ALL SELECT 10, 'paid', false";
  const staged = await table.stageMerge({ connection: lake.connection, query, key: ["id"], deleteColumn: "gone" });
  ({ table } = await lake.lakehouse.commit(staged));
  expect((await table.changes({ from: start })).replacedBy(["id"])).toBe(false);
  expect((await table.changes({ from: middle, to: staged.baseSnapshotId ?? "" })).replacedBy(["id"])).toBe(true);
});

test("a few keys are looked for in a table, not the table in the keys", async () => {
  const plan = async (): Promise<string> => {
    const found = `SELECT * FROM ${await table.scan().toSql()} WHERE id IN (SELECT i * 100 FROM range(1000) k(i))`;
    const [row] = (await lake.connection.runAndReadAll(`EXPLAIN ${found}`)).getRowObjectsJson();
    return JSON.stringify(row);
  };
  const state = table;
  expect(await plan()).toMatch(/Join Type: SEMI/);
  await merge([17], "paid");
  expect(await plan()).toMatch(/Join Type: SEMI/);
  expect(await plan()).not.toMatch(/Join Type: RIGHT/);
  table = state;
});

test("data files have version 2 encodings, position deletes those that Arrow can read as a dictionary", async () => {
  table = await table.refresh();
  await merge([7, 300_000], "late");
  const [data, deletes] = [await encodingsOf("data"), await encodingsOf("position-deletes")];
  expect(data).toContain("DELTA_BINARY_PACKED");
  expect(deletes.length).toBeGreaterThan(0);
  expect(deletes.filter((encoding) => encoding.startsWith("DELTA"))).toEqual([]);
});

/** Encodings of the columns of the table's files. */
async function encodingsOf(content: FileRow["content"]): Promise<string[]> {
  const paths = (await table.metadataTables.files()).filter((file) => file.content === content).map(({ path }) => path);
  const list = paths.map((path) => `'${path.replace("file://", "")}'`).join(", ");
  const found = (await rowsOf(`(SELECT DISTINCT encodings FROM parquet_metadata([${list}]))`)) as {
    encodings: string;
  }[];
  return found.flatMap(({ encodings }) => encodings.split(", "));
}
