import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLakehouse, type Lakehouse, type Table } from "../../index.ts";
import { folderStorage } from "../../storage/folder/index.ts";
import { memoryCatalog } from "../memory/index.ts";
import { restCatalog } from "./index.ts";
import { startRestFacade, type RestFacade } from "./testing/rest-facade.ts";

/** PyIceberg is not on npm: these tests run where `python3` can import it, and say so where it cannot. */
const missing = ((): string | null => {
  try {
    execFileSync("python3", ["-c", "import pyiceberg.catalog.rest, pyiceberg_core, pyarrow"], { stdio: "pipe" });
    return null;
  } catch {
    return 'python3 cannot import pyiceberg; pip install "pyiceberg[pyarrow,pyiceberg-core]" and put that python3 on PATH';
  }
})();

describe.skipIf(missing !== null)(
  `PyIceberg's REST client beside ours${missing === null ? "" : ` (skipped: ${missing})`}`,
  () => {
    let folder: string;
    let facade: RestFacade;
    let connection: DuckDBConnection;
    let lakehouse: Lakehouse;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "iceberg-rest-python-"));
      const storage = folderStorage(folder);
      facade = await startRestFacade({
        catalog: memoryCatalog(),
        storage,
        warehouse: `file://${folder}`,
        prefix: "lake",
      });
      const duckdb = await DuckDBInstance.create(":memory:");
      connection = await duckdb.connect();
      lakehouse = openLakehouse({ catalog: restCatalog({ uri: facade.uri }), storage, duckdb, warehouse: folder });
    });
    afterAll(async () => {
      connection?.closeSync();
      await facade?.close();
      if (folder) await rm(folder, { recursive: true, force: true });
    });
    const python = async (table: string, command: string): Promise<unknown> => {
      const peer = new URL("./pyiceberg_rest_peer.py", import.meta.url).pathname;
      const { stdout } = await promisify(execFile)("python3", [peer, facade.uri, table, command]);
      return JSON.parse(stdout);
    };
    const rows = async (table: Table): Promise<unknown[]> =>
      (await connection.runAndReadAll(`SELECT * FROM ${await table.scan().toSql()} ORDER BY id`)).getRowObjectsJson();

    test("it reads, appends to, deletes from and evolves our table, and we go on from there", async () => {
      let table = await lakehouse.createTable(
        { namespace: "shared", name: "t" },
        {
          schema: [
            { name: "id", type: "long" },
            { name: "v", type: "string" },
          ],
          properties: { owner: "us" },
        },
      );
      const append = await table.stageAppend({ connection, query: "SELECT i AS id, 'a' AS v FROM range(3) t(i)" });
      ({ table } = await lakehouse.commit(append));
      expect(await python("shared.t", "read")).toMatchObject({
        rows: [
          { id: 0, v: "a" },
          { id: 1, v: "a" },
          { id: 2, v: "a" },
        ],
        snapshots: 1,
        properties: { owner: "us" },
      });
      const there = [
        { id: 0, v: "a", note: null },
        { id: 2, v: "a", note: null },
        { id: 100, v: "from python", note: null },
      ];
      expect(await python("shared.t", "change")).toEqual(there);
      table = await table.refresh();
      expect(await rows(table)).toEqual(there.map((row) => ({ ...row, id: String(row.id) })));
      expect(table.properties).toMatchObject({ seen_by: "pyiceberg", owner: "us" });
      const merge = { connection, query: "SELECT 2 AS id, 'm' AS v, 'here' AS note", key: ["id"] };
      ({ table } = await lakehouse.commit(await table.stageMerge(merge)));
      expect(((await python("shared.t", "read")) as { rows: unknown[] }).rows).toContainEqual({
        id: 2,
        v: "m",
        note: "here",
      });
    });

    test("we read and change a table that it made", async () => {
      expect(await python("made.there.t", "create")).toEqual({
        namespaces: expect.arrayContaining([["made"]]),
        tables: [["made", "there", "t"]],
      });
      let table = await lakehouse.loadTable({ namespace: "made.there", name: "t" });
      const update = { connection, query: "SELECT 2 AS id, 'B' AS v UNION ALL SELECT 3, 'C'", key: ["id"] };
      ({ table } = await lakehouse.commit(await table.stageMerge(update)));
      expect(await rows(table)).toEqual([
        { id: "1", v: "a" },
        { id: "2", v: "B" },
        { id: "3", v: "C" },
      ]);
      expect(await python("made.there.t", "read")).toMatchObject({ rows: expect.arrayContaining([{ id: 3, v: "C" }]) });
      expect(await python("made.there.t", "race")).toBe("lost");
    });
  },
);
