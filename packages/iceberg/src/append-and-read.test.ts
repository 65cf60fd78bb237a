import { afterEach, beforeEach, expect, test } from "vitest";
import { where } from "./index.ts";
import { openTestLakehouse, type TestLakehouse } from "./test-lakehouse.ts";

let box: TestLakehouse;
const id = { namespace: "raw", name: "events" };
beforeEach(async () => {
  box = await openTestLakehouse();
});
afterEach(async () => box.close());

test("rows appended in two commits are read back, and the first snapshot stays readable", async () => {
  const { lakehouse, connection, rows } = box;
  let table = await lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "long", required: true },
      { name: "name", type: "string" },
      { name: "amount", type: "decimal(20,2)" },
    ],
  });
  expect(await rows(table.scan())).toEqual([]);
  const first = await lakehouse.commit(
    await table.stageAppend({
      connection,
      query: "SELECT i AS id, 'n' || i AS name, i * 1.5 AS amount FROM range(3) t(i)",
    }),
  );
  table = first.table;
  const second = await lakehouse.commit(await table.stageAppend({ connection, query: "SELECT 10 AS id" }), {
    properties: { batch: "2" },
  });
  expect(await rows(second.table.scan())).toEqual([
    { id: "0", name: "n0", amount: "0.00" },
    { id: "1", name: "n1", amount: "1.50" },
    { id: "2", name: "n2", amount: "3.00" },
    { id: "10", name: null, amount: null },
  ]);
  expect(await rows(second.table.scan({ snapshotId: String(first.snapshotId), columns: ["id"] }))).toHaveLength(3);
  expect(await rows(second.table.scan({ filter: where.gt("id", 1) }))).toHaveLength(2);
  expect(await second.table.scan({ filter: where.gt("id", 5) }).files()).toHaveLength(1);
  expect(second.table.history.snapshots.at(-1)?.summary).toMatchObject({
    operation: "append",
    batch: "2",
    "total-records": "4",
    "total-data-files": "2",
    "added-records": "1",
  });
  await expect(lakehouse.loadTable({ namespace: "raw", name: "other" })).rejects.toMatchObject({
    kind: "table-not-found",
  });
});

test("files have the encodings that the table asks for, version 2 unless it says otherwise, and are read the same", async () => {
  const { lakehouse, connection, rows } = box;
  const query = "SELECT 1000 + i * 7 AS id, md5(i::VARCHAR) AS name FROM range(20000) t(i)";
  const written = async (name: string, version?: string) => {
    const created = await lakehouse.createTable(
      { ...id, name },
      {
        schema: [
          { name: "id", type: "long" },
          { name: "name", type: "string" },
        ],
        properties: version === undefined ? {} : { "write.parquet.writer-version": version },
      },
    );
    const { table } = await lakehouse.commit(await created.stageAppend({ connection, query }));
    const [file] = await table.scan().files();
    const sql = `SELECT string_agg(encodings, ' ' ORDER BY column_id) AS encodings FROM parquet_metadata('${file?.path.replace("file://", "")}')`;
    const [row] = (await connection.runAndReadAll(sql)).getRowObjectsJson();
    return { encodings: row?.["encodings"], sum: await rows(table.scan({ filter: where.gt("id", 140_000) })) };
  };
  const [newer, older] = [await written("newer"), await written("older", "v1")];
  expect(newer.encodings).toBe("DELTA_BINARY_PACKED DELTA_LENGTH_BYTE_ARRAY");
  expect(older.encodings).toBe("PLAIN PLAIN");
  expect(newer.sum).toEqual(older.sum);
  await expect(written("other", "v3")).rejects.toMatchObject({ kind: "invalid-input" });
});

test("rows whose partition is decided by constants stand in it like rows that were told apart", async () => {
  const { lakehouse, connection, rows } = box;
  const table = await lakehouse.createTable(id, {
    schema: [
      { name: "n", type: "int" },
      { name: "at", type: "timestamptz" },
      { name: "stream", type: "string" },
    ],
    partitionBy: [
      { column: "at", transform: "hour" },
      { column: "stream", transform: "identity" },
    ],
  });
  const at = "TIMESTAMPTZ '2026-01-01 05:59:59.999+02'";
  const told = `SELECT i::INT AS n, ${at} AS at, 's/1' AS stream FROM range(3) t(i)`;
  const first = await lakehouse.commit(await table.stageAppend({ connection, query: told }));
  const query = "SELECT i::INT AS n FROM range(3, 6) t(i)";
  const staged = await first.table.stageAppend({ connection, query, constants: { at, stream: "'s/1'" } });
  const { table: next } = await lakehouse.commit(staged);
  expect(await next.metadataTables.partitions()).toEqual([
    expect.objectContaining({ partition: "at_hour=490899/stream=s/1", recordCount: 6 }),
  ]);
  expect(await rows(next.scan({ filter: where.eq("stream", "s/1"), columns: ["n"] }))).toHaveLength(6);
  // Without all that the partition is made of, rows are told apart.
  const some = await next.stageAppend({ connection, query: "SELECT 9 AS n, 's/2' AS stream", constants: { at } });
  const { table: last } = await lakehouse.commit(some);
  expect(await last.metadataTables.partitions()).toHaveLength(2);
});

test("rows that are said to be of one partition stand in it with values of their own", async () => {
  const { lakehouse, connection, rows } = box;
  const table = await lakehouse.createTable(id, {
    schema: [
      { name: "n", type: "int" },
      { name: "at", type: "timestamptz" },
    ],
    partitionBy: [{ column: "at", transform: "hour" }],
  });
  const query =
    "SELECT i::INT AS n, TIMESTAMPTZ '2026-01-01 05:00:00+02' + INTERVAL 1 MINUTE * i AS at FROM range(60) t(i)";
  const samePartition = { at: "TIMESTAMPTZ '2026-01-01 03:00:00+00'" };
  const { table: next } = await lakehouse.commit(await table.stageAppend({ connection, query, samePartition }));
  expect(await next.metadataTables.partitions()).toEqual([
    expect.objectContaining({ partition: "at_hour=490899", recordCount: 60 }),
  ]);
  expect(await rows(next.scan({ filter: where.eq("n", 30), columns: ["n", "at"] }))).toHaveLength(1);
});

test("hour and identity partitions split files and prune them, whatever the session's time zone", async () => {
  const { lakehouse, connection, rows } = box;
  const table = await lakehouse.createTable(id, {
    schema: [
      { name: "stream", type: "string" },
      { name: "at", type: "timestamptz" },
      { name: "n", type: "int" },
    ],
    partitionBy: [
      { column: "at", transform: "hour" },
      { column: "stream", transform: "identity" },
    ],
  });
  await connection.run("SET TimeZone='Asia/Kolkata'");
  const query =
    "SELECT CASE WHEN i % 3 = 0 THEN NULL ELSE 's/' || i % 3 END AS stream, TIMESTAMPTZ '2026-01-01 00:30:00+00' + to_hours(i::INT // 4) AS at, i AS n FROM range(8) t(i)";
  const { table: next } = await lakehouse.commit(await table.stageAppend({ connection, query }));
  expect(await next.scan().files()).toHaveLength(6);
  expect(await next.scan({ filter: where.gte("at", "2026-01-01T01:00:00Z") }).files()).toHaveLength(3);
  expect(await next.scan({ filter: where.lt("at", "2026-01-01T00:30:00Z") }).files()).toHaveLength(0);
  expect(await next.scan({ filter: where.eq("stream", "s/1") }).files()).toHaveLength(2);
  expect(await rows(next.scan({ filter: where.isNull("stream"), columns: ["n"] }))).toEqual([
    { n: 0 },
    { n: 3 },
    { n: 6 },
  ]);
  expect(await next.metadataTables.partitions()).toContainEqual(
    expect.objectContaining({
      partition: "at_hour=490896/stream=s/1",
      dataFiles: 1,
      deleteFiles: 0,
      recordCount: 1,
      sizeBytes: expect.any(Number),
    }),
  );
  expect(next.metadataTables.refs()).toEqual([
    { name: "main", type: "branch", snapshotId: String(next.currentSnapshotId) },
  ]);
  const staged = await next.stageOverwrite({
    connection,
    query: "SELECT 's/9' AS stream, TIMESTAMPTZ '2026-01-01 01:00:00+00' AS at, 99 AS n",
    where: where.and(where.gte("at", "2026-01-01T01:00:00Z"), where.lt("at", "2026-01-01T02:00:00Z")),
  });
  expect(staged.summary).toMatchObject({ removedFiles: 3, addedDeleteFiles: 0, deletedRecords: 4, addedRecords: 1 });
  expect((await rows((await lakehouse.commit(staged)).table.scan({ columns: ["n"] }))).at(-1)).toEqual({ n: 99 });
});

test("time travel by time and by tag of another writer reads what was current then", async () => {
  let now = 1_000;
  const clocked = box.stranger({ clock: () => (now += 1_000) });
  let table = await clocked.createTable(id, { schema: [{ name: "n", type: "int" }] });
  for (const n of [1, 2])
    ({ table } = await clocked.commit(
      await table.stageAppend({ connection: box.connection, query: `SELECT ${n} AS n` }),
    ));
  const [first, second] = table.history.snapshots;
  expect(await box.rows(table.scan({ asOf: first?.["timestamp-ms"] as number }))).toEqual([{ n: 1 }]);
  expect(await box.rows(table.scan({ asOf: new Date((second?.["timestamp-ms"] as number) + 5) }))).toHaveLength(2);
  expect(() => table.scan({ asOf: 1 })).toThrow(expect.objectContaining({ kind: "snapshot-not-found" }));
  expect(() => table.scan({ ref: "audit" })).toThrow(expect.objectContaining({ kind: "snapshot-not-found" }));
  expect(await box.rows(table.scan({ ref: "main" }))).toHaveLength(2);
});

test("an unlike query is refused by name of column, and nothing is left behind", async () => {
  const { lakehouse, connection } = box;
  const table = await lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "long", required: true },
      { name: "n", type: "int" },
    ],
  });
  await expect(table.stageAppend({ connection, query: "SELECT 1 AS id, 2 AS other" })).rejects.toMatchObject({
    kind: "schema-mismatch",
    message: expect.stringContaining("other"),
  });
  await expect(table.stageAppend({ connection, query: "SELECT 1 AS n" })).rejects.toMatchObject({
    kind: "schema-mismatch",
    message: expect.stringContaining("id"),
  });
  await expect(table.stageAppend({ connection, query: "SELECT NULL AS id" })).rejects.toMatchObject({
    kind: "schema-mismatch",
  });
  const refused = table.stageAppend({ connection, query: "SELECT 1 AS id, 'secret' AS n" });
  await expect(refused).rejects.toMatchObject({
    kind: "schema-mismatch",
    message: expect.not.stringContaining("secret"),
  });
  await expect(
    table.stageMerge({ connection, query: "SELECT 1 AS id UNION ALL SELECT 1", key: ["id"] }),
  ).rejects.toMatchObject({ kind: "duplicate-key" });
  await expect(table.stageMerge({ connection, query: "SELECT NULL AS id", key: ["id"] })).rejects.toMatchObject({
    kind: "null-key",
  });
});

test("statistics that are switched off leave no bound of the column in manifests", async () => {
  const { lakehouse, connection } = box;
  const table = await lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "long" },
      { name: "email", type: "string" },
    ],
    properties: { "write.metadata.metrics.column.email": "none" },
  });
  const staged = await table.stageAppend({ connection, query: "SELECT 1 AS id, 'someone@example.org' AS email" });
  const [file] = staged.addedDataFiles;
  expect(file?.lower?.map((bound) => bound.key)).toEqual([1]);
  expect(
    [file?.upper, file?.valueCounts, file?.nullCounts, file?.columnSizes].flat().filter((one) => one?.key === 2),
  ).toEqual([]);
});
