import { afterEach, beforeEach, expect, test } from "vitest";
import { executeCompaction, planCompaction, where, type Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
beforeEach(async () => {
  box = await openTestLakehouse();
  table = await box.lakehouse.createTable(
    { namespace: "raw", name: "sales" },
    {
      schema: [
        { name: "id", type: "long" },
        { name: "at", type: "timestamp" },
        { name: "place", type: { type: "struct", fields: [{ name: "country", type: "string" }] } },
        { name: "amount", type: "decimal(9,2)" },
      ],
      key: ["id"],
      partitionBy: [{ column: "at", transform: "month" }],
    },
  );
  await append(0, 40);
});
afterEach(async () => box.close());

async function append(from: number, to: number): Promise<void> {
  const query = `SELECT i AS id, TIMESTAMP '2026-01-01 00:00:00' + INTERVAL (i) DAY AS at, {'country': CASE WHEN i % 2 = 0 THEN 'de' ELSE 'fr' END} AS place, i * 1.25 AS amount FROM range(${from}, ${to}) t(i)`;
  ({ table } = await box.lakehouse.commit(await table.stageAppend({ connection: box.connection, query })));
}
const ids = async (options = {}): Promise<number[]> =>
  ((await box.rows(table.scan(options), "id")) as { id: string }[]).map((row) => Number(row.id));
const specs = async (): Promise<Set<string>> =>
  new Set((await table.scan().files()).map((file) => file.path.split("/").slice(-2)[0] as string));

test("field ids are used again for the same source and transform, spec ids for the same fields", async () => {
  table = await table
    .updateSpec()
    .removeField("at_month")
    .addField("at", "day")
    .addField("amount", "bucket[4]")
    .commit();
  expect(table.metadata["partition-specs"].at(-1)).toEqual({
    "spec-id": 1,
    fields: [
      { "source-id": 2, "field-id": 1001, name: "at_day", transform: "day" },
      { "source-id": 4, "field-id": 1002, name: "amount_bucket", transform: "bucket[4]" },
    ],
  });
  expect(table.metadata["last-partition-id"]).toBe(1002);
  table = await table
    .updateSpec()
    .removeField("at_day")
    .removeField("amount_bucket")
    .addField("at", "month", "mon")
    .commit();
  expect(table.metadata["partition-specs"].at(-1)).toEqual({
    "spec-id": 2,
    fields: [{ "source-id": 2, "field-id": 1000, name: "mon", transform: "month" }],
  });
  table = await table.updateSpec().renameField("mon", "at_month").commit();
  expect(table.metadata["default-spec-id"]).toBe(0);
  expect(table.partitioning).toEqual([{ name: "at_month", column: "at", transform: "month" }]);
  expect((await table.updateSpec().commit()).metadataLocation).toBe(table.metadataLocation);
});

test("rows of several specs are read, pruned, merged, deleted, overwritten and compacted as one table", async () => {
  table = await table.updateSpec().removeField("at_month").addField("place.country", "identity", "country").commit();
  expect(table.partitioning).toEqual([{ name: "country", column: "place.country", transform: "identity" }]);
  await append(40, 50);
  table = await table.updateSpec().addField("id", "truncate[10]").commit();
  await append(50, 60);
  expect(await ids()).toHaveLength(60);
  expect((await specs()).size).toBeGreaterThan(4);
  expect(await ids({ filter: where.lt("at", "2026-01-03") })).toEqual([0, 1]);
  expect((await table.scan({ filter: where.lt("at", "2026-01-03") }).files()).length).toBe(1);
  ({ table } = await box.lakehouse.commit(
    await table.stageMerge({
      connection: box.connection,
      query:
        "SELECT i AS id, NULL::TIMESTAMP AS at, NULL AS place, 0 AS amount, i = 45 AS gone FROM (SELECT unnest([3, 45, 55]) AS i)",
      key: ["id"],
      deleteColumn: "gone",
    }),
  ));
  ({ table } = await box.lakehouse.commit(
    await table.stageDelete({ connection: box.connection, where: where.isIn("id", [5, 46, 56]) }),
  ));
  ({ table } = await box.lakehouse.commit(
    await table.stageOverwrite({
      connection: box.connection,
      query: "SELECT 100 AS id, NULL::TIMESTAMP AS at, {'country': 'it'} AS place, 1 AS amount",
      where: where.gte("id", 57),
    }),
  ));
  const expected = [...Array(57).keys(), 100].filter((id) => ![5, 45, 46, 56].includes(id));
  expect(await ids()).toEqual(expected);
  ({ table } = await executeCompaction(table, await planCompaction(table, { minInputFiles: 2, deleteRatio: 0.01 }), {
    connection: box.connection,
  }));
  expect(await ids()).toEqual(expected);
  const stranger = await box.stranger().loadTable(table.identifier);
  expect(((await box.rows(stranger.scan(), "id")) as unknown[]).length).toBe(expected.length);
});

test.each<[string, (table: Table) => { commit(): Promise<Table> }, string, RegExp]>([
  [
    "a field that is not there",
    (t) => t.updateSpec().removeField("day"),
    "invalid-input",
    /no partition field day; it has at_month/,
  ],
  [
    "a field a second time",
    (t) => t.updateSpec().addField("at", "month", "again"),
    "invalid-input",
    /already \(at_month\)/,
  ],
  [
    "the name of a column",
    (t) => t.updateSpec().renameField("at_month", "amount"),
    "invalid-input",
    /name of something else/,
  ],
  [
    "a transform the type does not take",
    (t) => t.updateSpec().addField("amount", "day"),
    "invalid-input",
    /does not take/,
  ],
  ["a struct", (t) => t.updateSpec().addField("place", "identity"), "invalid-input", /primitive type/],
  ["dropping the source", (t) => t.updateSchema().dropColumn("at"), "schema-evolution", /partitioned by it/],
  ["dropping the source's struct", (t) => t.updateSchema().dropColumn("at"), "schema-evolution", /partitioned by it/],
])("%s is refused", async (_what, change, kind, message) => {
  await expect(change(table).commit()).rejects.toMatchObject({ kind, message: expect.stringMatching(message) });
});

test("a column of an older spec may go once the default spec does without it", async () => {
  table = await table.updateSpec().removeField("at_month").commit();
  table = await table.updateSchema().dropColumn("at").commit();
  expect(await ids({ filter: where.lt("id", 3) })).toEqual([0, 1, 2]);
  ({ table } = await box.lakehouse.commit(
    await table.stageDelete({ connection: box.connection, where: where.eq("id", 1) }),
  ));
  expect(await ids({ filter: where.lt("id", 3) })).toEqual([0, 2]);
});

test("concurrent changes of other fields are joined, of the same field they conflict", async () => {
  const other = await box.stranger().loadTable(table.identifier);
  await other.updateSpec().addField("id", "bucket[2]").commit();
  const stale = table;
  table = await table.updateSpec().addField("amount", "truncate[100]").commit();
  expect(table.partitioning.map((field) => field.name)).toEqual(["at_month", "id_bucket", "amount_trunc"]);
  await table.updateSpec().removeField("at_month").commit();
  await expect(stale.updateSpec().renameField("at_month", "month").commit()).rejects.toMatchObject({
    kind: "commit-conflict",
  });
});
