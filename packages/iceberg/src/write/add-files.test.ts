import { mkdir } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { executeCompaction, planCompaction, where, type Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
beforeEach(async () => {
  box = await openTestLakehouse();
  await mkdir(`${box.folder}/given`);
  table = await box.lakehouse.createTable(
    { namespace: "raw", name: "visits" },
    {
      schema: [
        { name: "id", type: "long" },
        {
          name: "page",
          type: {
            type: "struct",
            fields: [
              { name: "url", type: "string" },
              { name: "ms", type: "double" },
            ],
          },
        },
        { name: "tags", type: { type: "list", element: { type: "struct", fields: [{ name: "t", type: "string" }] } } },
        { name: "attrs", type: { type: "map", key: "string", value: "long" } },
        { name: "day", type: "date" },
      ],
      key: ["id"],
    },
  );
});
afterEach(async () => box.close());

async function given(name: string, select: string, options = ""): Promise<string> {
  const location = `${box.folder}/given/${name}.parquet`;
  await box.connection.run(`COPY (${select}) TO '${location}' (FORMAT parquet${options})`);
  return `file://${location}`;
}
const visits = (from: number, to: number): string =>
  `SELECT i::INTEGER AS id, {'url': 'u' || i, 'ms': i::FLOAT} AS page, [{'t': 'x'}] AS tags, MAP {'k': i} AS attrs, DATE '2026-01-01' + i::INTEGER AS day FROM range(${from}, ${to}) t(i)`;
async function add(...locations: string[]): Promise<void> {
  ({ table } = await box.lakehouse.commit(await table.stageAddFiles({ connection: box.connection, locations })));
}
const rows = async (options = {}): Promise<Record<string, unknown>[]> =>
  (await box.rows(table.scan(options), "id")) as Record<string, unknown>[];

test("files without field ids are read by name on every level, also after columns were renamed, added and promoted", async () => {
  const location = await given("a", visits(0, 3));
  await expect(add(location)).rejects.toMatchObject({
    kind: "schema-mismatch",
    message: expect.stringContaining("setNameMapping"),
  });
  table = await table.setNameMapping();
  await add(location);
  expect((await rows())[1]).toEqual({
    id: "1",
    page: { url: "u1", ms: 1 },
    tags: [{ t: "x" }],
    attrs: [{ key: "k", value: "1" }],
    day: "2026-01-02",
  });
  table = await table
    .updateSchema()
    .renameColumn("page.url", "address")
    .addColumn("page.url", "long")
    .renameColumn("tags.element.t", "tag")
    .renameColumn("day", "on")
    .addColumn("day", "string")
    .commit();
  const [, one] = await rows();
  expect(one).toEqual({
    id: "1",
    page: { address: "u1", ms: 1, url: null },
    tags: [{ tag: "x" }],
    attrs: [{ key: "k", value: "1" }],
    on: "2026-01-02",
    day: null,
  });
  // A reader that starts afresh knows no more than the mapping says.
  const stranger = await box.stranger().loadTable(table.identifier);
  expect(((await box.rows(stranger.scan(), "id")) as unknown[])[1]).toEqual(one);
  expect(await rows({ filter: where.eq("on", "2026-01-03"), columns: ["id"] })).toEqual([{ id: "2" }]);
  ({ table } = await box.lakehouse.commit(
    await table.stageDelete({ connection: box.connection, where: where.eq("id", 0) }),
  ));
  ({ table } = await executeCompaction(table, await planCompaction(table, { deleteRatio: 0.01 }), {
    connection: box.connection,
  }));
  expect((await rows()).map((row) => row["id"])).toEqual(["1", "2"]);
  expect((await rows())[0]).toEqual(one);
});

test("counts and bounds come from the footers, row groups added up, and prune", async () => {
  table = await table.setNameMapping();
  const location = await given("big", visits(0, 5000), ", ROW_GROUP_SIZE 2048");
  await add(location, await given("later", visits(9000, 9001)));
  expect(await table.scan({ filter: where.gt("id", 8999) }).files()).toMatchObject([{ recordCount: 1 }]);
  expect(await table.scan({ filter: where.lt("day", "2026-02-01") }).files()).toMatchObject([{ recordCount: 5000 }]);
  expect(await table.scan({ filter: where.isNull("day") }).files()).toEqual([]);
  expect(table.metadata.snapshots.at(-1)?.summary["total-records"]).toBe("5001");
});

test("a file's partition is that of its rows, and a file of several partitions is refused", async () => {
  table = await table.setNameMapping();
  table = await table.updateSpec().addField("day", "month").addField("page.url", "truncate[1]").commit();
  await add(await given("january", visits(0, 10)));
  expect(await table.metadataTables.partitions()).toMatchObject([{ recordCount: 10 }]);
  await expect(add(await given("both", visits(25, 40)))).rejects.toMatchObject({
    kind: "invalid-input",
    message: expect.stringContaining("both.parquet"),
  });
});

test("discarding leaves the given files where they are; a file is added once", async () => {
  table = await table.setNameMapping();
  const location = await given("a", visits(0, 3));
  await (await table.stageAddFiles({ connection: box.connection, locations: [location] })).discard();
  await add(location);
  await expect(add(location)).rejects.toMatchObject({
    kind: "invalid-input",
    message: expect.stringContaining("already"),
  });
});

test.each([
  ["a column nobody knows", "SELECT 1 AS id, 2 AS other", /column other is none of the table's/],
  ["a type that does not fit", "SELECT 'x' AS id", /column id is VARCHAR in the file and long/],
  ["a nested type that does not fit", "SELECT 1 AS id, {'url': 7} AS page", /column page\.url is INTEGER/],
  ["a list for a struct", "SELECT 1 AS id, [1] AS page", /column page is list in the file and struct/],
  ["no required column", "SELECT DATE '2026-01-01' AS day", /column id is required and not in the file/],
  ["nulls in a required column", "SELECT unnest([1, NULL]) AS id", /column id is required and has rows without/],
])("a file with %s is refused, naming file and column", async (_what, select, message) => {
  table = await table.setNameMapping();
  const location = await given("bad", select);
  await expect(add(location)).rejects.toMatchObject({
    kind: "schema-mismatch",
    message: expect.stringMatching(message),
    detail: { location },
  });
});

test("a name that meant an older column is refused in files without ids, as are two names of one column", async () => {
  table = await table.setNameMapping();
  table = await table.updateSchema().renameColumn("day", "on").addColumn("day", "date").commit();
  await expect(add(await given("day", "SELECT 1 AS id, DATE '2026-01-01' AS day"))).rejects.toMatchObject({
    kind: "schema-mismatch",
    message: expect.stringMatching(/day was the name of on/),
  });
  table = await table.updateSchema().dropColumn("day").commit();
  await expect(
    add(await given("both", "SELECT 1 AS id, DATE '2026-01-01' AS day, DATE '2026-01-01' AS on")),
  ).rejects.toMatchObject({
    kind: "schema-mismatch",
    message: expect.stringMatching(/stands for a field/),
  });
  await add(
    await given("old", "SELECT 1 AS id, DATE '2026-01-01' AS day"),
    await given("new", "SELECT 2 AS id, DATE '2026-01-02' AS on"),
  );
  expect((await rows()).map((row) => row["on"])).toEqual(["2026-01-01", "2026-01-02"]);
});

test("a file that is missing, or is no Parquet, or lies outside of the storage is named", async () => {
  await box.connection.run(`COPY (SELECT 1 AS id) TO '${box.folder}/given/text.parquet' (FORMAT csv)`);
  for (const name of ["nowhere", "text"]) {
    const location = `file://${box.folder}/given/${name}.parquet`;
    await expect(add(location)).rejects.toMatchObject({ kind: "invalid-input", detail: { location } });
  }
  await expect(add("file:///etc/passwd")).rejects.toMatchObject({ kind: "path-outside-storage" });
});

test("a damaged name mapping is named, not guessed at", async () => {
  for (const mapping of [
    "{",
    '[{"names": "id"}]',
    '[{"field-id": 1, "names": ["a"]}, {"field-id": 2, "names": ["a"]}]',
  ]) {
    table = await table.setProperties({ "schema.name-mapping.default": mapping });
    await expect(table.scan().toSql()).rejects.toMatchObject({
      kind: "metadata-invalid",
      detail: { property: "schema.name-mapping.default" },
    });
  }
});
