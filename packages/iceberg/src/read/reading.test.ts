import { afterEach, beforeEach, expect, test } from "vitest";
import { where, type Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
let now = 0;
const id = { namespace: "curated", name: "orders" };
beforeEach(async () => {
  now = 0;
  box = await openTestLakehouse({ clock: () => (now += 1_000) });
  table = await box.lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "long" },
      { name: "region", type: "string" },
      { name: "total", type: "decimal(12,2)" },
    ],
    key: ["id"],
    partitionBy: [{ column: "region", transform: "identity" }],
  });
  for (const part of [0, 1])
    await commit(
      `SELECT i AS id, 'o''' || (i % 3) AS region, i / 4 AS total FROM range(${part * 10}, ${part * 10 + 10}) t(i)`,
    );
});
afterEach(async () => box.close());

const commit = async (query: string): Promise<void> =>
  void ({ table } = await box.lakehouse.commit(await table.stageAppend({ connection: box.connection, query })));
const rows = async (sql: string): Promise<Record<string, unknown>[]> =>
  (await box.connection.runAndReadAll(sql)).getRowObjectsJson() as Record<string, unknown>[];

test("metadata tables are relations that any connection can query and join", async () => {
  await box.lakehouse.commit(await table.stageDelete({ connection: box.connection, where: where.eq("id", 4) }));
  table = await (await table.refresh()).createTag("t", { retention: { maxRefAgeMs: 7 } });
  const of = table.metadataTables;
  expect(
    await rows(
      `SELECT count(*) AS n, min(operation) AS op, any_value(summary['total-records']) IS NOT NULL AS s FROM ${await of.relation("snapshots")}`,
    ),
  ).toEqual([{ n: "3", op: "append", s: true }]);
  expect(
    await rows(
      `SELECT h.is_current_ancestor, s.operation FROM ${await of.relation("history")} h JOIN ${await of.relation("snapshots")} s USING (snapshot_id) ORDER BY h.made_current_at`,
    ),
  ).toEqual(["append", "append", "delete"].map((operation) => ({ is_current_ancestor: true, operation })));
  expect(
    await rows(`SELECT name, type, max_reference_age_in_ms FROM ${await of.relation("refs")} ORDER BY name`),
  ).toEqual([
    { name: "main", type: "branch", max_reference_age_in_ms: null },
    { name: "t", type: "tag", max_reference_age_in_ms: "7" },
  ]);
  expect(
    await rows(
      `SELECT content, sum(record_count)::INTEGER AS n FROM ${await of.relation("files")} GROUP BY content ORDER BY content`,
    ),
  ).toEqual([
    { content: "data", n: 20 },
    { content: "position-deletes", n: 1 },
  ]);
  expect(await rows(`SELECT DISTINCT status FROM ${await of.relation("entries")}`)).toEqual([{ status: "added" }]);
  expect(await rows(`SELECT sum(added_files_count)::INTEGER AS n FROM ${await of.relation("manifests")}`)).toEqual([
    { n: 7 },
  ]);
  const partitions = await rows(`SELECT * FROM ${await of.relation("partitions")} ORDER BY partition`);
  expect(
    partitions.map((row) => [
      row["partition"],
      row["record_count"],
      row["file_count"],
      row["position_delete_record_count"],
    ]),
  ).toEqual([
    ["region=o'0", "7", 2, "0"],
    ["region=o'1", "7", 2, "1"],
    ["region=o'2", "6", 2, "0"],
  ]);
  const snapshots = table.metadata.snapshots.map((one) => String(one["snapshot-id"]));
  expect(partitions.map((row) => row["last_updated_snapshot_id"])).toEqual([snapshots[1], snapshots[2], snapshots[1]]);
  await expect(of.relation("files", { maxRows: 3 })).rejects.toMatchObject({
    kind: "invalid-input",
    message: expect.stringContaining("partitions"),
  });
  await expect(of.relation("nonsense" as never)).rejects.toMatchObject({ kind: "invalid-input" });
});

test("an empty table's metadata tables are typed and empty", async () => {
  const empty = await box.lakehouse.createTable(
    { namespace: "curated", name: "empty" },
    { schema: [{ name: "a", type: "int" }] },
  );
  for (const name of ["snapshots", "history", "refs", "files", "entries", "manifests", "partitions"] as const)
    expect(await rows(`SELECT * FROM ${await empty.metadataTables.relation(name)}`)).toEqual([]);
});

test("batches come by column, without loss, and only as far as they are asked for", async () => {
  await commit("SELECT i AS id, 'many' AS region, 0.25 AS total FROM range(100, 10100) t(i)");
  let seen = 0;
  let sum = 0n;
  for await (const batch of table
    .scan({ columns: ["total", "id"], filter: where.gte("id", 100) })
    .batches(box.connection)) {
    expect(batch.rowCount).toBeLessThanOrEqual(2048);
    expect(batch.chunk.columnCount).toBe(2);
    expect(String(batch.column("total")[0])).toBe("0.25");
    for (const value of batch.column("id")) sum += value as bigint;
    expect(() => batch.column("region")).toThrow(expect.objectContaining({ kind: "invalid-input" }));
    seen += batch.rowCount;
  }
  expect(seen).toBe(10_000);
  expect(sum).toBe((100n + 10_099n) * 5_000n);
  for await (const batch of table.scan().batches(box.connection)) {
    expect(batch.rowCount).toBeGreaterThan(0);
    break; // the rest is never read; the connection is free again
  }
  expect(await rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
});

test("changed keys are each named once, whatever happened to their rows", async () => {
  const from = table.currentSnapshotId;
  ({ table } = await box.lakehouse.commit(
    await table.stageMerge({
      connection: box.connection,
      query:
        "SELECT * FROM (VALUES (1, 'new', 1.0, false), (2, 'o''2', 0.5, true), (50, 'new', 1.0, false)) t(id, region, total, gone)",
      key: ["id"],
      deleteColumn: "gone",
    }),
  ));
  const changes = await table.changes({ from });
  expect(await rows(`SELECT * FROM ${await changes.keysToSql()} ORDER BY id`)).toEqual([
    { id: "1" },
    { id: "2" },
    { id: "50" },
  ]);
  expect(await rows(`SELECT * FROM ${await changes.keysToSql(["region"])} ORDER BY region`)).toHaveLength(3);
  await expect(changes.keysToSql(["nothing"])).rejects.toMatchObject({ kind: "invalid-input" });
});

test("time travel reads with the schema of then, a branch with the schema of now", async () => {
  const then = table.metadata.snapshots.at(-1);
  table = await (await table.createBranch("b")).createTag("t");
  table = await table.updateSchema().renameColumn("total", "amount").addColumn("note", "string").commit();
  await commit("SELECT 99 AS id, 'x' AS region, 1 AS amount, 'hi' AS note");
  const names = (options: object): string[] => table.scan(options).columns.map((column) => column.name);
  const [old, current] = [
    ["id", "region", "total"],
    ["id", "region", "amount", "note"],
  ];
  expect(names({})).toEqual(current);
  expect(names({ ref: "b" })).toEqual(current);
  expect(names({ ref: "main" })).toEqual(current);
  expect(names({ ref: "t" })).toEqual(old);
  expect(names({ snapshotId: then?.["snapshot-id"] })).toEqual(old);
  expect(names({ asOf: then?.["timestamp-ms"] })).toEqual(old);
  expect(
    await rows(
      `SELECT count(*)::INTEGER AS n, sum(total) IS NOT NULL AS s FROM ${await table.scan({ ref: "t" }).toSql()}`,
    ),
  ).toEqual([{ n: 20, s: true }]);
  expect(
    await rows(
      `SELECT count(*)::INTEGER AS n, count(note)::INTEGER AS s FROM ${await table.scan({ ref: "b" }).toSql()}`,
    ),
  ).toEqual([{ n: 20, s: 0 }]);
  expect(() => table.scan({ ref: "t", asOf: 5 })).toThrow(expect.objectContaining({ kind: "invalid-input" }));
  expect(() => table.scan({ asOf: 5 })).toThrow(expect.objectContaining({ kind: "snapshot-not-found" }));
});
