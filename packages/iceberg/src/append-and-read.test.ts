import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryCatalog } from "./catalogs/memory/index.ts";
import { openLakehouse, where, type Lakehouse, type Scan } from "./index.ts";
import { folderStorage } from "./storage/folder/index.ts";

let folder: string;
let duckdb: DuckDBInstance;
let connection: DuckDBConnection;
let lakehouse: Lakehouse;
const id = { namespace: "raw", name: "events" };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "iceberg-"));
  duckdb = await DuckDBInstance.create(":memory:");
  connection = await duckdb.connect();
  lakehouse = openLakehouse({ catalog: memoryCatalog(), storage: folderStorage(folder), duckdb, warehouse: folder });
});
afterEach(async () => {
  connection.closeSync();
  await rm(folder, { recursive: true, force: true });
});
const read = async (scan: Scan, order = "ALL"): Promise<unknown[]> => (await connection.runAndReadAll(`SELECT * FROM ${await scan.toSql()} ORDER BY ${order}`)).getRowObjectsJson();

test("rows appended in two commits are read back, and the first snapshot stays readable", async () => {
  let table = await lakehouse.createTable(id, { schema: [{ name: "id", type: "long", required: true }, { name: "name", type: "string" }, { name: "amount", type: "decimal(20,2)" }] });
  expect(await read(table.scan())).toEqual([]);
  const first = await lakehouse.commit(await table.stageAppend({ connection, query: "SELECT i AS id, 'n' || i AS name, i * 1.5 AS amount FROM range(3) t(i)" }));
  table = first.table;
  const second = await lakehouse.commit(await table.stageAppend({ connection, query: "SELECT 10 AS id" }), { properties: { batch: "2" } });
  expect(await read(second.table.scan())).toEqual([
    { id: "0", name: "n0", amount: "0.00" },
    { id: "1", name: "n1", amount: "1.50" },
    { id: "2", name: "n2", amount: "3.00" },
    { id: "10", name: null, amount: null },
  ]);
  expect(await read(second.table.scan({ snapshotId: first.snapshotId, columns: ["id"] }))).toHaveLength(3);
  expect(await read(second.table.scan({ filter: where.gt("id", 1) }))).toHaveLength(2);
  expect(await second.table.scan({ filter: where.gt("id", 5) }).files()).toHaveLength(1);
  expect(second.table.history.snapshots.at(-1)?.summary).toMatchObject({ operation: "append", batch: "2", "total-records": "4", "total-data-files": "2", "added-records": "1" });
  const reopened = openLakehouse({ catalog: memoryCatalog(), storage: folderStorage(folder), duckdb, warehouse: folder });
  await expect(reopened.loadTable(id)).rejects.toMatchObject({ kind: "table-not-found" });
});

test("hour and identity partitions split files and prune them", async () => {
  const table = await lakehouse.createTable(id, {
    schema: [{ name: "stream", type: "string" }, { name: "at", type: "timestamptz" }, { name: "n", type: "int" }],
    partitionBy: [{ column: "at", transform: "hour" }, { column: "stream", transform: "identity" }],
  });
  await connection.run("SET TimeZone='Asia/Kolkata'");
  const query = "SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE 's/' || i % 3 END AS stream, TIMESTAMPTZ '2026-01-01 00:30:00+00' + to_hours(i::INT // 4) AS at, i AS n FROM range(8) t(i)";
  const { table: next } = await lakehouse.commit(await table.stageAppend({ connection, query }));
  expect(await next.scan().files()).toHaveLength(6);
  expect(await next.scan({ filter: where.gte("at", "2026-01-01T01:00:00Z") }).files()).toHaveLength(3);
  expect(await next.scan({ filter: where.eq("stream", "s/1") }).files()).toHaveLength(2);
  expect(await read(next.scan({ filter: where.isNull("stream"), columns: ["n"] }))).toEqual([{ n: 0 }, { n: 3 }, { n: 6 }]);
});
