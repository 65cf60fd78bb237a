import type { DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executeCompaction, planCompaction, where, type Lakehouse, type Table } from "../index.ts";
import { type JdbcTestLakehouse, openJdbcTestLakehouse } from "../test-jdbc-lakehouse.ts";
import { askPeer, PEER_CATALOG, pyicebergMissing } from "./test-peer.ts";

const PEER = new URL("./pyiceberg_peer.py", import.meta.url);

describe.skipIf(pyicebergMissing !== null)(
  `PyIceberg on the same catalog and files${pyicebergMissing === null ? "" : ` (skipped: ${pyicebergMissing})`}`,
  () => {
    let lake: JdbcTestLakehouse;
    let connection: DuckDBConnection;
    let lakehouse: Lakehouse;

    beforeAll(async () => {
      lake = await openJdbcTestLakehouse(PEER_CATALOG);
      ({ connection, lakehouse } = lake);
      await connection.run("SET TimeZone='UTC'");
      await lakehouse.createNamespace("interop");
    }, 120_000);
    afterAll(() => lake.close());

    const python = <T>(table: string, command: string, argument?: string): Promise<T> =>
      askPeer(PEER, lake, table, command, argument);
    const read = async (table: Table, options = {}, select = "*"): Promise<Record<string, unknown>[]> =>
      (
        await connection.runAndReadAll(`SELECT ${select} FROM ${await table.scan(options).toSql()} ORDER BY id`)
      ).getRowObjectsJson() as Record<string, unknown>[];
    const byId = (rows: { id: number }[]): { id: number }[] => rows.toSorted((a, b) => a.id - b.id);

    test("it reads every type, partition and null we write", async () => {
      const types = [
        "boolean",
        "int",
        "long",
        "float",
        "double",
        "decimal(9,2)",
        "decimal(18,3)",
        "decimal(38,10)",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "string",
        "uuid",
        "binary",
      ];
      const table = await lakehouse.createTable(
        { namespace: "interop", name: "all_types" },
        {
          schema: [
            { name: "id", type: "long", required: true },
            ...types.map((type, index) => ({ name: `c${index}`, type })),
            { name: "tags", type: { type: "list", element: "string" } },
            { name: "counts", type: { type: "map", key: "string", value: "long" } },
            {
              name: "address",
              type: {
                type: "struct",
                fields: [
                  { name: "city", type: "string" },
                  { name: "zip codes", type: { type: "list", element: "int" } },
                ],
              },
            },
          ],
          partitionBy: [
            { column: "c11", transform: "hour" },
            { column: "c12", transform: "identity" },
          ],
        },
      );
      const values = `true, -7, 1::BIGINT << 40, 1.5, -2.25, -12.34, 123456789012345.678, -1234567890123456789.0123456789, DATE '1969-12-31', TIME '23:59:59.999999',
      TIMESTAMP '1969-12-31 23:59:59.5', TIMESTAMPTZ '2026-03-29 01:30:00.123456+00', 'naïve/=%', 'f79c3e09-677c-4bbd-a479-3f349cb785e7'::UUID, '\\x00\\xFF'::BLOB`;
      const names = types.map((_, index) => `c${index}`).join(", ");
      const query = `SELECT 1 AS id, *, ['a', NULL] AS tags, MAP {'k': 5} AS counts, {'city': 'Köln', 'zip codes': [1, 2]} AS address FROM (VALUES (${values})) t(${names})
      UNION ALL BY NAME SELECT 2 AS id, NULL AS c0`;
      const { table: next } = await lakehouse.commit(await table.stageAppend({ connection, query }));
      const theirs = byId(await python<{ id: number }[]>("all_types", "read"));
      expect(theirs[0]).toEqual({
        id: 1,
        c0: true,
        c1: -7,
        c2: 2 ** 40,
        c3: 1.5,
        c4: -2.25,
        c5: "-12.34",
        c6: "123456789012345.678",
        c7: "-1234567890123456789.0123456789",
        c8: "1969-12-31",
        c9: "23:59:59.999999",
        c10: "1969-12-31 23:59:59.500000",
        c11: "2026-03-29 01:30:00.123456+00:00",
        c12: "naïve/=%",
        c13: "f79c3e09-677c-4bbd-a479-3f349cb785e7",
        c14: "00ff",
        tags: ["a", null],
        counts: [["k", 5]],
        address: { city: "Köln", "zip codes": [1, 2] },
      });
      expect(Object.values(theirs[1] as object).filter((value) => value !== null)).toEqual([2]);
      expect(await python("all_types", "filter", "c12 = 'naïve/=%'")).toMatchObject({ files: 1 });
      expect(await python("all_types", "filter", "c7 < -1000 and c8 = '1969-12-31' and c5 <= -12.34")).toMatchObject({
        files: 1,
        rows: [{ id: 1 }],
      });
      expect(await python<string[]>("all_types", "list")).toContain("interop.all_types");
      expect(await next.scan({ filter: where.eq("c5", "-12.34") }).files()).toHaveLength(1);
    }, 60_000);

    test("it sees copy-on-write deletes and merges, and overwritten partitions, as we do", async () => {
      let table = await lakehouse.createTable(
        { namespace: "interop", name: "rewritten" },
        {
          schema: [
            { name: "id", type: "long" },
            { name: "label", type: "string" },
          ],
          key: ["id"],
          partitionBy: [{ column: "label", transform: "identity" }],
          properties: { "write.delete.mode": "copy-on-write", "write.merge.mode": "copy-on-write" },
        },
      );
      const commit = async (staged: Parameters<Lakehouse["commit"]>[0]): Promise<void> =>
        void ({ table } = await lakehouse.commit(staged));
      const rows = "SELECT i AS id, if(i < 6, 'a', 'b') AS label FROM range(12) t(i)";
      await commit(await table.stageAppend({ connection, query: rows }));
      await commit(await table.stageDelete({ connection, where: where.isIn("id", [1, 7]) }));
      await commit(await table.stageMerge({ connection, query: "SELECT 2 AS id, 'c' AS label", key: ["id"] }));
      expect((await python<{ id: number }[]>("rewritten", "read")).length).toBe(10);
      await commit(
        await table.stageOverwrite({ connection, query: "SELECT 99 AS id, 'b' AS label", where: "touched-partitions" }),
      );
      const ours = await read(table, {}, "id::INTEGER AS id, label");
      expect(ours.map((row) => row["id"])).toEqual([0, 2, 3, 4, 5, 99]);
      expect(byId(await python("rewritten", "read"))).toEqual(ours);
      expect((await table.scan().files()).every((file) => file.deleteFiles.length === 0)).toBe(true);
    }, 60_000);

    test("it sees merges, deletes, schema changes and compaction as we do", async () => {
      let table = await lakehouse.createTable(
        { namespace: "interop", name: "merged" },
        {
          schema: [
            { name: "id", type: "long" },
            { name: "label", type: "string" },
            { name: "n", type: "int" },
          ],
          key: ["id"],
        },
      );
      ({ table } = await lakehouse.commit(
        await table.stageAppend({ connection, query: "SELECT i AS id, 'v1' AS label, i AS n FROM range(10) t(i)" }),
      ));
      const before = table.currentSnapshotId;
      ({ table } = await lakehouse.commit(
        await table.stageMerge({
          connection,
          query: "SELECT i AS id, 'v2' AS label, i AS n, i = 4 AS gone FROM range(3, 12) t(i)",
          key: ["id"],
          deleteColumn: "gone",
        }),
      ));
      table = await table
        .updateSchema()
        .renameColumn("label", "title")
        .promote("n", "long")
        .addColumn("extra", "string")
        .dropColumn("n")
        .addColumn("n", "string")
        .commit();
      ({ table } = await lakehouse.commit(await table.stageDelete({ connection, where: where.lt("id", 2) })));
      const ours = (): Promise<Record<string, unknown>[]> => read(table, {}, "id::INTEGER AS id, title, extra, n");
      expect(byId(await python("merged", "read"))).toEqual(await ours());
      expect(await python("merged", "snapshot", String(before))).toHaveLength(10);
      await executeCompaction(table, await planCompaction(table, { minInputFiles: 2 }), { connection });
      table = await table.refresh();
      expect(table.metadata.snapshots.at(-1)?.summary.operation).toBe("replace");
      expect(byId(await python("merged", "read"))).toEqual(await ours());
      expect((await ours()).map((row) => row["id"])).toEqual([2, 3, 5, 6, 7, 8, 9, 10, 11]);
    }, 60_000);

    test("we read and go on with what it creates, appends, deletes and evolves", async () => {
      await python("theirs", "create");
      const row = (id: number, label: string): object => ({
        id,
        label,
        at: `2026-01-0${1 + (id % 3)}T05:00:00+00:00`,
        amount: id / 4,
      });
      const toArrow = JSON.stringify(Array.from({ length: 9 }, (_, id) => row(id, id % 2 ? "odd" : "even")));
      await python("theirs", "append", toArrow);
      let table = await lakehouse.loadTable({ namespace: "interop", name: "theirs" });
      expect((await read(table, {}, "id::INTEGER AS id, label, amount"))[5]).toEqual({
        id: 5,
        label: "odd",
        amount: 1.25,
      });
      expect(
        await table
          .scan({ filter: where.and(where.eq("label", "odd"), where.lt("at", "2026-01-02T00:00:00Z")) })
          .files(),
      ).not.toHaveLength(0);
      const seen = table.currentSnapshotId;
      await python("theirs", "delete", "id = 5");
      await python("theirs", "evolve");
      table = await table.refresh();
      expect(table.columns.map((column) => column.name)).toEqual(["id", "title", "at", "amount", "added_by_python"]);
      const gone = (
        await connection.runAndReadAll(
          `SELECT id::INTEGER, _change_type FROM ${await (await table.changes({ from: seen })).toSql()} EXCEPT ALL SELECT 0, 'x'`,
        )
      ).getRowsJson();
      expect(gone).toEqual([[5, "delete"]]);
      ({ table } = await lakehouse.commit(
        await table.stageMerge({
          connection,
          query:
            "SELECT 3 AS id, 'ours' AS title, TIMESTAMPTZ '2026-02-01 00:00:00+00' AS at, 9.5 AS amount, 7 AS added_by_python UNION ALL SELECT 100, 'new', NULL, NULL, NULL",
          key: ["id"],
        }),
      ));
      const theirs = byId(await python<{ id: number }[]>("theirs", "read"));
      expect(theirs.map((one) => one.id)).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 100]);
      expect(theirs[3]).toMatchObject({ title: "ours", amount: 9.5, added_by_python: 7 });
      expect((await read(table, {}, "id::INTEGER AS id")).map((one) => one["id"])).toEqual(theirs.map((one) => one.id));
      expect(await python("theirs", "filter", "id = 100")).toMatchObject({ files: 1, rows: [{ id: 100 }] });
    }, 60_000);
  },
);
