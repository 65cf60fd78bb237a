import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executeCompaction, planCompaction, where, type Lakehouse, type SchemaColumn, type Table } from "../index.ts";
import { type JdbcTestLakehouse, openJdbcTestLakehouse } from "../test-jdbc-lakehouse.ts";
import { askPeer, PEER_CATALOG, pyicebergMissing } from "./test-peer.ts";

const PEER = new URL("./pyiceberg_evolution_peer.py", import.meta.url);

describe.skipIf(pyicebergMissing !== null)(
  `PyIceberg and evolved tables${pyicebergMissing === null ? "" : ` (skipped: ${pyicebergMissing})`}`,
  () => {
    let lake: JdbcTestLakehouse;
    let folder: string;
    let connection: DuckDBConnection;
    let lakehouse: Lakehouse;

    beforeAll(async () => {
      lake = await openJdbcTestLakehouse(PEER_CATALOG);
      ({ folder, connection, lakehouse } = lake);
      await lakehouse.createNamespace("interop");
    }, 120_000);
    afterAll(() => lake.close());

    const python = <T>(table: string, command: string, argument?: string): Promise<T> =>
      askPeer(PEER, lake, table, command, argument);
    type Row = Record<string, unknown>;
    const byId = (rows: Row[]): Row[] => rows.toSorted((a, b) => Number(a["id"]) - Number(b["id"]));
    /** Our rows in the form in which Python prints its own: maps as pairs, longs as numbers. */
    const ours = async (table: Table): Promise<Row[]> => {
      const result = await connection.runAndReadAll(`SELECT * FROM ${await table.scan().toSql()} ORDER BY id`);
      const number = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(number);
        if (typeof value === "string" && /^-?\d+$/.test(value)) return Number(value);
        if (typeof value !== "object" || value === null) return value;
        const keys = Object.keys(value);
        if (keys.join() === "key,value") return Object.values(value).map(number);
        return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, number(one)]));
      };
      return result.getRowObjectsJson().map((row) => number(row) as Row);
    };
    const commit = async (staged: Parameters<Lakehouse["commit"]>[0]): Promise<Table> =>
      (await lakehouse.commit(staged)).table;

    test("it reads our nested columns through every generation of schema, spec and sort order", async () => {
      let table = await lakehouse.createTable(
        { namespace: "interop", name: "ours" },
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
              type: { type: "map", key: "string", value: { type: "struct", fields: [{ name: "v", type: "int" }] } },
            },
            { name: "amount", type: "decimal(9,2)" },
          ],
          key: ["id"],
          sortBy: [{ column: "amount", direction: "desc" }],
        },
      );
      const first =
        "SELECT i AS id, {'city': 'c' || i, 'zip': i} AS address, [{'sku': 's', 'n': i}] AS items, MAP {'k': {'v': i}} AS attrs, i * 1.25 AS amount FROM range(6) t(i)";
      table = await commit(await table.stageAppend({ connection, query: first }));
      table = await table
        .updateSchema()
        .renameColumn("address.city", "town")
        .addColumn("address.city", "int", { after: null })
        .promote("address.zip", "long")
        .dropColumn("items.element.sku")
        .addColumn("items.element.price", "decimal(5,2)")
        .renameColumn("attrs.value.v", "w")
        .promote("attrs.value.w", "long")
        .promote("amount", "decimal(18,2)")
        .addColumn("deep", { type: "list", element: { type: "list", element: "string" } })
        .commit();
      table = await table.updateSpec().addField("amount", "bucket[4]").commit();
      const later = (from: number, to: number): string =>
        `SELECT i AS id, {'town': 't' || i, 'city': i} AS address, [{'n': 1, 'price': 2.5}, NULL] AS items, MAP {'q': {'w': 3000000000}} AS attrs, i * -7.01 AS amount, [['x'], NULL] AS deep FROM range(${from}, ${to}) t(i)`;
      table = await commit(await table.stageAppend({ connection, query: later(6, 12) }));
      table = await table.updateSpec().removeField("amount_bucket").addField("id", "truncate[10]").commit();
      table = await table.replaceSortOrder([{ column: "address.town" }]);
      table = await commit(await table.stageMerge({ connection, query: later(11, 14), key: ["id"] }));
      table = await commit(await table.stageDelete({ connection, where: where.isIn("id", [0, 7]) }));
      const address = table.columns[1]?.type as { fields: readonly SchemaColumn[] };
      const town = address.fields.find((field) => field.name === "town")?.id;
      const described = await python<Row>("ours", "describe");
      expect(described).toMatchObject({
        spec: [["id_trunc", "truncate[10]", 1001]],
        specs: 3,
        order: [[town, "identity", "ASC", "NULLS_FIRST"]],
        orderIds: [1, 2],
      });
      expect(
        byId(await python("ours", "read")).map((row) => ({ ...row, amount: Number(row["amount"]) })),
      ).toMatchObject(
        (await ours(table)).map((row) => ({
          id: row["id"],
          address: row["address"],
          attrs: row["attrs"],
          deep: row["deep"],
          amount: Number(row["amount"]),
        })),
      );
      expect(await python("ours", "filter", "amount = -42.06")).toMatchObject({ rows: [{ id: 6 }] });
      await executeCompaction(table, await planCompaction(table, { minInputFiles: 2, deleteRatio: 0.01 }), {
        connection,
      });
      table = await table.refresh();
      expect(byId(await python("ours", "read")).map((row) => row["id"])).toEqual(
        (await ours(table)).map((row) => row["id"]),
      );
    }, 60_000);

    test("we read and go on with what it nests, evolves, repartitions and sorts", async () => {
      await python("theirs", "create");
      let table = await lakehouse.loadTable({ namespace: "interop", name: "theirs" });
      expect(await ours(table)).toEqual(byId(await python("theirs", "read")));
      expect((await ours(table))[0]).toMatchObject({
        address: { town: "Rom", zip: 1, country: null },
        items: [{ n: 1, price: null }],
      });
      expect(table.partitioning).toEqual([{ name: "id_bucket", column: "id", transform: "bucket[4]" }]);
      table = await table
        .updateSchema()
        .renameColumn("address.town", "place")
        .unionByName([{ name: "extra", type: { type: "map", key: "string", value: "int" } }])
        .commit();
      // Lists are given as empty, not null: PyIceberg reads a null list of structs as an empty one.
      table = await commit(
        await table.stageMerge({
          connection,
          query:
            "SELECT 1 AS id, {'place': 'Bern', 'zip': 9} AS address, MAP {'e': 1} AS extra, [] AS items UNION ALL SELECT 9, NULL, NULL, []",
          key: ["id"],
        }),
      );
      const theirs = byId(await python("theirs", "read"));
      expect(theirs).toEqual(await ours(table));
      expect(theirs.map((row) => row["id"])).toEqual([1, 2, 3, 4, 9]);
    }, 60_000);

    test("files without ids that it registered are read by name, and those we register it reads", async () => {
      await python("mapped", "create-plain");
      await python("mapped", "add-files", `file://${folder}/theirs.parquet`);
      let table = await lakehouse.loadTable({ namespace: "interop", name: "mapped" });
      expect(await ours(table)).toEqual(byId(await python("mapped", "read")));
      expect(await ours(table)).toMatchObject([
        { id: 50, address: { city: "Oslo", zip: 1 }, attrs: [["a", 1]] },
        { id: 51, address: null },
      ]);
      table = await table.updateSchema().renameColumn("address.city", "town").addColumn("address.city", "int").commit();
      const location = `${folder}/ours.parquet`;
      await connection.run(
        `COPY (SELECT 60::BIGINT AS id, {'town': 'Ulm', 'zip': 3} AS address) TO '${location}' (FORMAT parquet)`,
      );
      table = await commit(await table.stageAddFiles({ connection, locations: [`file://${location}`] }));
      expect(await ours(table)).toMatchObject([
        { id: 50, address: { town: "Oslo", city: null } },
        { id: 51 },
        { id: 60, address: { town: "Ulm", zip: 3 } },
      ]);
      expect(byId(await python("mapped", "read")).map((row) => row["address"])).toEqual(
        (await ours(table)).map((row) => row["address"]),
      );
    }, 60_000);
  },
);
