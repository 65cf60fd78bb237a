import { afterEach, beforeEach, expect, test } from "vitest";
import { executeCompaction, planCompaction, type Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
beforeEach(async () => {
  box = await openTestLakehouse();
});
afterEach(async () => box.close());

const schema = [
  { name: "id", type: "long" },
  { name: "part", type: "int" },
  { name: "address", type: { type: "struct" as const, fields: [{ name: "city", type: "string" }] } },
];
const mixed =
  "SELECT i AS id, i % 3 AS part, {'city': CASE WHEN i % 7 = 0 THEN NULL ELSE (hash(i) % 100)::VARCHAR END} AS address FROM range(300000) t(i) ORDER BY hash(i)";
const append = async (table: Table, query = mixed): Promise<Table> =>
  (await box.lakehouse.commit(await table.stageAppend({ connection: box.connection, query }))).table;
const orderIds = async (table: Table): Promise<Set<number | undefined>> =>
  new Set((await table.metadataTables.files()).map((row) => row.sortOrderId ?? undefined));
/** Rows that stand behind one they should stand before, over all files. */
async function outOfOrder(table: Table, order: string, breaks: string): Promise<number> {
  let count = 0;
  for (const file of await table.scan().files()) {
    const result = await box.connection.runAndReadAll(
      `SELECT count(*) FILTER (${breaks}) FROM (SELECT ${order} FROM read_parquet('${file.path.replace("file://", "")}', hive_partitioning=false))`,
    );
    count += Number(result.getRowsJson()[0]?.[0]);
  }
  return count;
}
const window =
  "lag(id) OVER (ORDER BY file_row_number) AS before_id, id, lag(address.city) OVER (ORDER BY file_row_number) AS before_city, address.city AS city";

test.each([
  [[], "true"],
  [[], "false"],
  [[{ column: "part", transform: "identity" as const }], "true"],
  [[{ column: "part", transform: "identity" as const }], "false"],
])(
  "a sorted table's files are sorted and say so (partitioned by %j, preserve_insertion_order=%s)",
  async (partitionBy, preserve) => {
    await box.connection.run(`SET preserve_insertion_order=${preserve}`);
    let table = await box.lakehouse.createTable(
      { namespace: "raw", name: "sorted" },
      { schema, partitionBy, sortBy: [{ column: "address.city", direction: "desc" }, { column: "id" }] },
    );
    expect(table.metadata["sort-orders"]).toEqual([
      { "order-id": 0, fields: [] },
      {
        "order-id": 1,
        fields: [
          { transform: "identity", "source-id": 4, direction: "desc", "null-order": "nulls-last" },
          { transform: "identity", "source-id": 1, direction: "asc", "null-order": "nulls-first" },
        ],
      },
    ]);
    table = await append(table);
    table = await append(await table.setProperties({ "write.target-file-size-bytes": "500000" }));
    expect((await table.scan().files()).length).toBeGreaterThan(3);
    expect(await orderIds(table)).toEqual(new Set([1]));
    expect(
      await outOfOrder(
        table,
        window,
        "before_city < city OR (before_city = city AND before_id > id) OR (before_city IS NULL AND before_id IS NOT NULL AND city IS NOT NULL)",
      ),
    ).toBe(0);
    const counted = await box.connection.runAndReadAll(
      `SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER FROM ${await table.scan().toSql()}`,
    );
    expect(counted.getRowsJson()).toEqual([[600_000, 300_000]]);
  },
);

test("the order changes for new files, is turned off by property, and compaction brings the old files along", async () => {
  let table = await box.lakehouse.createTable({ namespace: "raw", name: "later" }, { schema });
  table = await append(table);
  expect(await orderIds(table)).toEqual(new Set([0]));
  table = await table.replaceSortOrder([
    { column: "id", transform: "bucket[4]" },
    { column: "id", direction: "desc", nulls: "first" },
  ]);
  expect(table.metadata["default-sort-order-id"]).toBe(1);
  table = await append(await table.setProperties({ "write.sort.enabled": "false" }));
  expect(await orderIds(table)).toEqual(new Set([0]));
  table = await table.setProperties({ "write.sort.enabled": null });
  ({ table } = await executeCompaction(table, await planCompaction(table, { minInputFiles: 2 }), {
    connection: box.connection,
  }));
  expect(await orderIds(table)).toEqual(new Set([1]));
  await expect(table.updateSchema().dropColumn("id").commit()).rejects.toMatchObject({ kind: "schema-evolution" });
  table = await table.replaceSortOrder([]);
  expect(table.metadata["default-sort-order-id"]).toBe(0);
  expect((await table.replaceSortOrder([])).metadataLocation).toBe(table.metadataLocation);
});

test("more partitions than are sorted one by one are clustered and not called sorted", async () => {
  let table = await box.lakehouse.createTable(
    { namespace: "raw", name: "many" },
    { schema, partitionBy: [{ column: "id", transform: "identity" }], sortBy: [{ column: "part" }] },
  );
  table = await append(table, "SELECT i AS id, 1 AS part, NULL AS address FROM range(300) t(i)");
  expect(await orderIds(table)).toEqual(new Set([0]));
  expect(await table.scan().files()).toHaveLength(300);
});

test.each([
  [[{ column: "nope" }], /cannot sort by nope/],
  [[{ column: "address" }], /cannot sort by address/],
  [[{ column: "address.city", transform: "day" as const }], /does not take/],
])("a sort order by %j is refused", async (sortBy, message) => {
  await expect(box.lakehouse.createTable({ namespace: "raw", name: "bad" }, { schema, sortBy })).rejects.toMatchObject({
    kind: "invalid-input",
    message: expect.stringMatching(message),
  });
});
