import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commitChange } from "../commit/commit-change.ts";
import { stageChange } from "../commit/stage.ts";
import { executeCompaction, planCompaction, planRewriteDeletes, where, Table, type PartitionBy } from "../index.ts";
import { CONTENT, type DataFile } from "../manifest/data-file.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let made = 0;
beforeEach(async () => void (box = await openTestLakehouse()));
afterEach(async () => box.close());

/** What a streaming writer does: deletes by value, without looking for the rows. `columns` are those of `query`. */
async function deleteEqual(
  table: Table,
  query: string,
  columns: readonly string[],
  partition: DataFile["partition"] = [],
  data = "",
): Promise<Table> {
  const { context, state } = Table.internals(table);
  const location = `${table.location}/data/equality-${(made += 1)}.parquet`;
  const ids = columns.map((name) => table.columns.find((column) => column.name === name)?.id as number);
  await context.storage.prepareFolder(`${table.location}/data`);
  const written = await box.connection.runAndReadAll(
    `COPY (${query}) TO '${context.storage.enginePath(location)}' (FORMAT parquet, RETURN_STATS, FIELD_IDS {${columns.map((name, index) => `${name}: ${ids[index]}`).join(", ")}})`,
  );
  const [row] = written.getRowObjectsJson();
  const file: DataFile = {
    content: CONTENT.equalityDeletes,
    path: location,
    format: "PARQUET",
    specId: partition.length === 0 ? 0 : state.metadata["default-spec-id"],
    partition,
    recordCount: Number(row?.["count"]),
    sizeBytes: Number(row?.["file_size_bytes"]),
    equalityIds: ids,
  };
  const added =
    data === "" ? [] : (await table.stageAppend({ connection: box.connection, query: data })).addedDataFiles;
  const staged = stageChange(context, state, {
    operation: data === "" ? "delete" : "overwrite",
    concurrency: "always",
    addedDataFiles: added,
    addedDeleteFiles: [file],
  });
  await commitChange(context, staged, {});
  return table.refresh();
}

const create = async (partitionBy: PartitionBy[] = []): Promise<Table> =>
  box.lakehouse.createTable(
    { namespace: "streamed", name: `t${(made += 1)}` },
    {
      schema: [
        { name: "a", type: "int" },
        { name: "b", type: "string" },
        { name: "n", type: "long" },
      ],
      partitionBy,
    },
  );
const append = async (table: Table, query: string): Promise<Table> =>
  (await box.lakehouse.commit(await table.stageAppend({ connection: box.connection, query }))).table;
const numbers = async (table: Table): Promise<number[]> =>
  (await box.rows((await box.stranger().loadTable(table.identifier)).scan({ columns: ["n"] }))).map((row) =>
    Number((row as { n: string }).n),
  );
const compact = async (table: Table): Promise<Table> =>
  (await executeCompaction(table, await planCompaction(table, { minInputFiles: 2 }), { connection: box.connection }))
    .table;

test("a delete by value hits rows that were there before it, and none that came with or after it", async () => {
  let table = await append(await create(), "SELECT i AS a, 'x' AS b, i AS n FROM range(4) t(i)");
  table = await deleteEqual(table, "SELECT 1::INTEGER AS a", ["a"], [], "SELECT 1 AS a, 'x' AS b, 10 AS n");
  table = await append(table, "SELECT 1 AS a, 'x' AS b, 20 AS n");
  expect(await numbers(table)).toEqual([0, 2, 3, 10, 20]);
  expect(table.metadata.snapshots[1]?.summary).toMatchObject({
    "added-equality-delete-files": "1",
    "added-equality-deletes": "1",
    "total-equality-deletes": "1",
    "total-position-deletes": "0",
  });
});

test("null equals null, and all columns of the delete have to be equal", async () => {
  let table = await append(
    await create(),
    "SELECT * FROM (VALUES (1, 'x', 1), (1, NULL, 2), (NULL, NULL, 3), (NULL, 'x', 4), (2, NULL, 5)) t(a, b, n)",
  );
  table = await deleteEqual(table, "SELECT * FROM (VALUES (1::INTEGER, NULL::VARCHAR), (NULL, NULL)) t(a, b)", [
    "a",
    "b",
  ]);
  expect(await numbers(table)).toEqual([1, 4, 5]);
  table = await deleteEqual(table, "SELECT NULL::INTEGER AS a", ["a"]);
  expect(await numbers(table)).toEqual([1, 5]);
});

test("a delete of an unpartitioned spec reaches every partition, one of a partition only that", async () => {
  let table = await append(await create(), "SELECT 7 AS a, 'x' AS b, 1 AS n");
  table = await table.updateSpec().addField("b", "identity").commit();
  table = await append(table, "SELECT 7 AS a, unnest(['x', 'y']) AS b, unnest([2, 3]) AS n");
  const global = await deleteEqual(table, "SELECT 7::INTEGER AS a", ["a"], [Buffer.from("y")]);
  expect(await numbers(global)).toEqual([1, 2]);
  expect(await numbers(await deleteEqual(global, "SELECT 7::INTEGER AS a", ["a"]))).toEqual([]);
});

test("compaction applies them once, keeps the age of the rows, and later deletes still reach them", async () => {
  let table = await append(await create(), "SELECT i AS a, 'x' AS b, i AS n FROM range(5) t(i)");
  table = await deleteEqual(table, "SELECT 1::INTEGER AS a", ["a"]);
  table = await append(table, "SELECT 1 AS a, 'x' AS b, 10 AS n");
  const before = table.metadata["last-sequence-number"];
  table = await compact(table);
  expect(await numbers(table)).toEqual([0, 2, 3, 4, 10]);
  const entries = (
    await box.connection.runAndReadAll(
      `SELECT content, sequence_number::INTEGER AS s FROM ${await table.metadataTables.relation("files")}`,
    )
  ).getRowObjectsJson();
  expect(entries, "the delete file went with the rows it hit").toEqual([{ content: "data", s: before }]);
  table = await deleteEqual(table, "SELECT 1::INTEGER AS a", ["a"]);
  expect(await numbers(table)).toEqual([0, 2, 3, 4]);
});

test("a delete by value that comes in while a compaction writes is not lost", async () => {
  const table = await append(
    await append(await create(), "SELECT 1 AS a, 'x' AS b, 1 AS n"),
    "SELECT 2 AS a, 'x' AS b, 2 AS n",
  );
  let racing: Promise<unknown> | undefined;
  const other = await box
    .stranger({
      failpoint: (name) => {
        if (name === "manifests-written") racing ??= deleteEqual(table, "SELECT 1::INTEGER AS a", ["a"]);
      },
    })
    .loadTable(table.identifier);
  await executeCompaction(other, await planCompaction(other, { minInputFiles: 2 }), { connection: box.connection });
  await racing;
  expect(await numbers(table)).toEqual([2]);
});

test("what needs the position of a row refuses them by name until a compaction has applied them", async () => {
  let table = await append(await create(), "SELECT i AS a, 'x' AS b, i AS n FROM range(5) t(i)");
  table = await deleteEqual(table, "SELECT 1::INTEGER AS a", ["a"]);
  const merge = async (of: Table): ReturnType<Table["stageDelete"]> =>
    of.stageDelete({ connection: box.connection, where: where.eq("n", 3) });
  await expect(merge(table)).rejects.toMatchObject({ kind: "unsupported-feature" });
  table = await compact(table);
  ({ table } = await box.lakehouse.commit(await merge(table)));
  expect(await numbers(table)).toEqual([0, 2, 4]);
  expect((await planRewriteDeletes(table)).dangling).toEqual([]);
});

test("any sequence of appends, deletes by value and compactions leaves the rows that the rules say", async () => {
  const row = fc.record({
    a: fc.option(fc.nat(2), { nil: null }),
    b: fc.constantFrom("x", "y", null),
  });
  const step = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ op: fc.constant("append" as const), rows: fc.array(row, { minLength: 1, maxLength: 5 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant("delete" as const),
        rows: fc.array(row, { minLength: 1, maxLength: 2 }),
        columns: fc.constantFrom(["a"], ["b"], ["a", "b"]),
      }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant("compact" as const) }) },
  );
  const literal = (value: number | string | null): string => (value === null ? "NULL" : `'${value}'`);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 7 }), async (steps) => {
      let table = await create();
      let model: { a: number | null; b: string | null; n: number }[] = [];
      let n = 0;
      for (const one of steps)
        if (one.op === "append") {
          const added = one.rows.map((values) => ({ ...values, n: (n += 1) }));
          model.push(...added);
          const values = added.map((values) => `(${literal(values.a)}, ${literal(values.b)}, ${values.n})`).join(", ");
          table = await append(table, `SELECT * FROM (VALUES ${values}) t(a, b, n)`);
        } else if (one.op === "delete") {
          const columns: readonly ("a" | "b")[] = one.columns;
          model = model.filter(
            (kept) => !one.rows.some((gone) => columns.every((column) => gone[column] === kept[column])),
          );
          const values = one.rows.map((gone) => `(${literal(gone.a)}, ${literal(gone.b)})`).join(", ");
          const select = columns.map((column) => `${column}::${column === "a" ? "INTEGER" : "VARCHAR"} AS ${column}`);
          table = await deleteEqual(table, `SELECT ${select.join(", ")} FROM (VALUES ${values}) t(a, b)`, columns);
        } else table = await compact(table);
      expect(await numbers(table)).toEqual(model.map((kept) => kept.n).sort((x, y) => x - y));
    }),
    { numRuns: 20 },
  );
}, 60_000);

test("a delete by value under a spec of nothing but void reaches the files of every partitioning", async () => {
  let table = await append(
    await create([{ column: "a", transform: "identity" }]),
    "SELECT i AS a, 'x' AS b, i AS n FROM range(4) t(i)",
  );
  table = await table.updateSpec().removeField("a").addField("a", "void", "a_gone").commit();
  table = await append(table, "SELECT 2 AS a, 'x' AS b, 20 AS n UNION ALL SELECT 3, 'x', 30");
  table = await deleteEqual(table, "SELECT 2::INTEGER AS a", ["a"], [null]);
  expect(await numbers(table)).toEqual([0, 1, 3, 30]);
});

test("changes across a delete by value are refused with what to do instead, those after it are told", async () => {
  let table = await append(await create(), "SELECT i AS a, 'x' AS b, i AS n FROM range(4) t(i)");
  const before = table.currentSnapshotId;
  table = await deleteEqual(table, "SELECT 1::INTEGER AS a", ["a"]);
  const deleted = table.currentSnapshotId;
  await expect(table.changes({ from: before })).rejects.toMatchObject({
    kind: "unsupported-feature",
    message: expect.stringMatching(/equality deletes; read the whole table/),
  });
  table = await append(table, "SELECT 9 AS a, 'x' AS b, 9 AS n");
  const changes = await table.changes({ from: deleted });
  const rows = await box.connection.runAndReadAll(`SELECT n, _change_type FROM ${await changes.toSql()}`);
  expect(rows.getRowsJson()).toEqual([["9", "insert"]]);
  const whole = await table.changes({ from: null });
  const all = await box.connection.runAndReadAll(`SELECT n FROM ${await whole.toSql()} ORDER BY n`);
  expect(all.getRowsJson().flat()).toEqual(["0", "2", "3", "9"]);
});
