import { afterEach, beforeEach, expect, test } from "vitest";
import type { SchemaColumn, Table } from "../index.ts";
import { evolveSchema } from "./evolve.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
beforeEach(async () => {
  box = await openTestLakehouse();
  table = await box.lakehouse.createTable(
    { namespace: "raw", name: "orders" },
    {
      schema: [
        { name: "id", type: "long" },
        {
          name: "address",
          type: {
            type: "struct",
            fields: [
              { name: "city", type: "string" },
              { name: "zip", type: "int" },
            ],
          },
        },
        {
          name: "items",
          type: {
            type: "list",
            element: {
              type: "struct",
              fields: [
                { name: "sku", type: "string" },
                { name: "n", type: "int" },
              ],
            },
          },
        },
        {
          name: "attrs",
          type: { type: "map", key: "string", value: { type: "struct", fields: [{ name: "v", type: "float" }] } },
        },
        { name: "numbers", type: { type: "list", element: "int" } },
      ],
      key: ["id"],
    },
  );
  await append(`SELECT 1 AS id, {'city': 'Köln', 'zip': 5} AS address, [{'sku': 'a', 'n': 1}, NULL] AS items, MAP {'k': {'v': 0.5}} AS attrs, [1, NULL] AS numbers
    UNION ALL SELECT 2, NULL, NULL, NULL, NULL UNION ALL SELECT 3, {'city': NULL, 'zip': NULL}, [], MAP {}, []`);
});
afterEach(async () => box.close());

async function append(query: string): Promise<void> {
  ({ table } = await box.lakehouse.commit(await table.stageAppend({ connection: box.connection, query })));
}
const rows = async (options = {}): Promise<unknown[]> => box.rows(table.scan(options), "id");
const idAt = (path: string): number | undefined => {
  let level: readonly SchemaColumn[] = table.columns;
  let found: SchemaColumn | undefined;
  for (const name of path.split(".")) {
    found = level.find((one) => one.name === name);
    level = typeof found?.type === "object" && found.type.type === "struct" ? found.type.fields : [];
  }
  return found?.id;
};

test("renamed, added, dropped, moved and promoted parts of structs, lists and maps read right from files of before", async () => {
  const zip = idAt("address.zip");
  table = await table
    .updateSchema()
    .renameColumn("address.city", "town")
    .addColumn("address.city", "long", { after: null })
    .promote("address.zip", "long")
    .addColumn("items.element.price", "decimal(9,2)")
    .renameColumn("items.element.n", "count")
    .dropColumn("items.element.sku")
    .promote("attrs.value.v", "double")
    .renameColumn("attrs.value.v", "value")
    .addColumn("attrs.value.note", { type: "list", element: "string" })
    .promote("numbers.element", "long")
    .commit();
  expect(idAt("address.zip")).toBe(zip);
  await append(
    `SELECT 4 AS id, {'city': 9, 'town': 'Bonn', 'zip': 3000000000} AS address, [{'count': 2, 'price': 1.25}] AS items, MAP {'q': {'value': 1.5, 'note': ['x']}} AS attrs, [5000000000] AS numbers`,
  );
  expect(await rows()).toEqual([
    {
      id: "1",
      address: { city: null, town: "Köln", zip: "5" },
      items: [{ count: 1, price: null }, null],
      attrs: [{ key: "k", value: { value: 0.5, note: null } }],
      numbers: ["1", null],
    },
    { id: "2", address: null, items: null, attrs: null, numbers: null },
    { id: "3", address: { city: null, town: null, zip: null }, items: [], attrs: [], numbers: [] },
    {
      id: "4",
      address: { city: "9", town: "Bonn", zip: "3000000000" },
      items: [{ count: 2, price: "1.25" }],
      attrs: [{ key: "q", value: { value: 1.5, note: ["x"] } }],
      numbers: ["5000000000"],
    },
  ]);
});

test("a struct none of whose old parts are left is still null where it was null", async () => {
  table = await table
    .updateSchema()
    .addColumn("address.country", "string")
    .dropColumn("address.city")
    .dropColumn("address.zip")
    .commit();
  const [one, two, three] = (await rows()) as { address: unknown }[];
  expect([one?.address, two?.address, three?.address]).toEqual([{ country: null }, null, { country: null }]);
});

test("merges, deletes, changes and time travel work across the generations of a schema", async () => {
  const seen = table.currentSnapshotId;
  table = await table.updateSchema().renameColumn("address.city", "town").renameColumn("items", "lines").commit();
  ({ table } = await box.lakehouse.commit(
    await table.stageMerge({
      connection: box.connection,
      query: "SELECT 1 AS id, {'town': 'Ulm', 'zip': 7} AS address, NULL AS lines, NULL AS attrs, [2] AS numbers",
      key: ["id"],
    }),
  ));
  const changes = await table.changes({ from: seen });
  const changed = await box.connection.runAndReadAll(
    `SELECT id::INTEGER, address.town, _change_type FROM ${await changes.toSql()} ORDER BY ALL`,
  );
  expect(changed.getRowsJson()).toEqual([
    [1, "Köln", "delete"],
    [1, "Ulm", "insert"],
  ]);
  const then = (await box.rows(table.scan({ snapshotId: seen }), "id")) as { address: unknown }[];
  expect(then[0]?.address).toEqual({ city: "Köln", zip: 5 });
  ({ table } = await box.lakehouse.commit(
    await table.stageDelete({ connection: box.connection, keys: { query: "SELECT 3 AS id", columns: ["id"] } }),
  ));
  expect(((await rows()) as { id: string; address: unknown }[]).map((row) => [row.id, row.address])).toEqual([
    ["1", { town: "Ulm", zip: 7 }],
    ["2", null],
  ]);
});

test.each<[string, (update: ReturnType<Table["updateSchema"]>) => { commit(): Promise<Table> }, string, RegExp]>([
  ["a map's key", (u) => u.promote("attrs.key", "string"), "schema-evolution", /key of a map cannot change/],
  [
    "the element's name",
    (u) => u.renameColumn("numbers.element", "x"),
    "schema-evolution",
    /element .* cannot be renamed/,
  ],
  [
    "a field put into a list itself",
    (u) => u.addColumn("items.price", "int"),
    "schema-evolution",
    /items\.element\.name/,
  ],
  ["a part that is not there", (u) => u.dropColumn("address.street"), "schema-evolution", /no such column/],
  ["the last field of a struct", (u) => u.dropColumn("attrs.value.v"), "schema-evolution", /last field/],
  ["a name that is taken", (u) => u.renameColumn("address.city", "zip"), "schema-evolution", /already/],
  ["an unsafe promotion", (u) => u.promote("address.zip", "string"), "schema-evolution", /allowed are int to long/],
  ["a move to another level", (u) => u.moveColumn("address.city", "items"), "schema-evolution", /on that level/],
  ["an optional key", (u) => u.setKey(["address.zip"]), "schema-evolution", /optional/],
  ["a key in a list", (u) => u.setKey(["numbers.element"]), "schema-evolution", /list or map/],
  [
    "a name twice in a new struct",
    (u) =>
      u.addColumn("s", {
        type: "struct",
        fields: [
          { name: "a", type: "int" },
          { name: "a", type: "int" },
        ],
      }),
    "schema-mismatch",
    /given twice/,
  ],
])("%s is refused, naming the column", async (_what, change, kind, message) => {
  await expect(change(table.updateSchema()).commit()).rejects.toMatchObject({
    kind,
    message: expect.stringMatching(message),
  });
});

test("fresh ids at every level, a name used again gets a new one", async () => {
  const before = table.metadata["last-column-id"];
  const old = idAt("address.zip");
  table = await table
    .updateSchema()
    .dropColumn("address.zip")
    .addColumn("address.zip", "string")
    .addColumn("deep", {
      type: "map",
      key: "int",
      value: { type: "list", element: { type: "struct", fields: [{ name: "a", type: "int" }] } },
    })
    .commit();
  expect(idAt("address.zip")).toBe(before + 1);
  expect(idAt("address.zip")).not.toBe(old);
  expect(table.metadata["last-column-id"]).toBe(before + 6);
  expect(((await rows()) as { address: unknown }[])[0]?.address).toEqual({ city: "Köln", zip: null });
});

test("unionByName grows every level and refuses what no type holds", async () => {
  table = await table
    .updateSchema()
    .unionByName([
      { name: "id", type: "int", required: true },
      {
        name: "address",
        type: {
          type: "struct",
          fields: [
            { name: "zip", type: "long" },
            { name: "country", type: "string" },
          ],
        },
      },
      { name: "numbers", type: { type: "list", element: "long" } },
      { name: "extra", type: { type: "list", element: "int" } },
    ])
    .commit();
  expect(table.columns.map((column) => column.name)).toEqual(["id", "address", "items", "attrs", "numbers", "extra"]);
  expect(table.columns[1]?.type).toMatchObject({
    fields: [{ name: "city" }, { name: "zip", type: "long" }, { name: "country" }],
  });
  await expect(
    table
      .updateSchema()
      .unionByName([{ name: "address", type: { type: "struct", fields: [{ name: "zip", type: "string" }] } }])
      .commit(),
  ).rejects.toMatchObject({ kind: "schema-evolution", message: expect.stringContaining("address.zip") });
  const again = await table.updateSchema().unionByName(table.columns).commit();
  expect(again.metadataLocation).toBe(table.metadataLocation);
});

test("a concurrent change of another column is joined; of the same column it is a conflict", async () => {
  const other = await box.stranger().loadTable(table.identifier);
  await other.updateSchema().addColumn("address.country", "string").commit();
  table = await table.updateSchema().renameColumn("address.city", "town").commit();
  expect(table.columns[1]?.type).toMatchObject({ fields: [{ name: "town" }, { name: "zip" }, { name: "country" }] });
  await expect(other.updateSchema().document("address.city", "where").commit()).rejects.toMatchObject({
    kind: "commit-conflict",
    message: expect.stringContaining("address.city"),
  });
});

test.each([
  ["a field of a struct", "{'city': 'a', 'zip': 1, 'street': 'b'} AS address", "address.street"],
  ["a field in a list", "[{'sku': 'a', 'n': 1, 'price': 2}] AS items", "items.element.price"],
  ["a field in a map", "MAP {'k': {'v': 1.5, 'w': 2}} AS attrs", "attrs.value.w"],
])("rows with %s that the table lacks are refused instead of losing it", async (_what, column, path) => {
  await expect(append(`SELECT 9 AS id, ${column}`)).rejects.toMatchObject({
    kind: "schema-mismatch",
    message: expect.stringContaining(path),
  });
});

test("a struct given without some of its fields has nulls there", async () => {
  await append("SELECT 9 AS id, {'zip': 7} AS address");
  expect((await rows()).at(-1)).toMatchObject({ address: { city: null, zip: 7 } });
});

test("field ids end where the reserved ones begin", () => {
  const full = { ...table.metadata, "last-column-id": 2_147_483_446 };
  const one = evolveSchema(full, [{ step: "add", name: "last", type: "int" }]);
  expect(one?.["last-column-id"]).toBe(2_147_483_447);
  expect(() => evolveSchema(full, [{ step: "add", name: "more", type: { type: "list", element: "int" } }])).toThrow(
    expect.objectContaining({ kind: "schema-evolution", message: expect.stringContaining("field ids") }),
  );
});

test("a required field of a required struct is never null, and may be the key", async () => {
  let nested = await box.lakehouse.createTable(
    { namespace: "raw", name: "nested_key" },
    {
      schema: [
        {
          name: "who",
          required: true,
          type: { type: "struct", fields: [{ name: "id", type: "int", required: true }] },
        },
      ],
    },
  );
  nested = await nested.updateSchema().setKey(["who.id"]).commit();
  expect(nested.key).toEqual(["who.id"]);
  const { connection } = box;
  await expect(nested.stageAppend({ connection, query: "SELECT {'id': NULL::INTEGER} AS who" })).rejects.toMatchObject({
    kind: "schema-mismatch",
    message: expect.stringContaining("who.id"),
  });
  await expect(nested.updateSchema().makeOptional("who").commit()).rejects.toMatchObject({ kind: "schema-evolution" });
  await expect(nested.updateSchema().dropColumn("who").commit()).rejects.toMatchObject({ kind: "schema-evolution" });
});

test("the key may change to other required columns, and to none", async () => {
  expect((await table.updateSchema().setKey([]).commit()).key).toEqual([]);
  const empty = await box.lakehouse.createTable(
    { namespace: "raw", name: "empty" },
    {
      schema: [
        { name: "a", type: "int" },
        { name: "b", type: "string" },
      ],
    },
  );
  const keyed = await empty.updateSchema().setKey(["b"]).commit();
  expect(keyed.key).toEqual(["b"]);
  expect(keyed.columns[1]?.required).toBe(true);
});
