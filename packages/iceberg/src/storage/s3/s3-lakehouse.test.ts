import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect, test } from "vitest";
import type { Catalog } from "../../catalogs/catalog.ts";
import { ensureJdbcTables, jdbcCatalog } from "../../catalogs/jdbc/index.ts";
import { memoryCatalog } from "../../catalogs/memory/index.ts";
import { restCatalog } from "../../catalogs/rest/index.ts";
import { startRestFacade } from "../../catalogs/rest/testing/rest-facade.ts";
import {
  executeCompaction,
  executeExpireSnapshots,
  executeOrphanFiles,
  openLakehouse,
  planCompaction,
  planExpireSnapshots,
  planOrphanFiles,
  where,
} from "../../index.ts";
import { startPostgres } from "../../test-postgres.ts";
import { s3Storage, type S3Storage } from "./index.ts";
import { startS3Server } from "./testing/s3-server.ts";

const DAY = 86_400_000;

interface Opened {
  readonly catalog: Catalog;
  close(): Promise<void>;
}

async function withJdbc(): Promise<Opened> {
  const postgres = await startPostgres();
  const pool = postgres.pool();
  await ensureJdbcTables(pool);
  return {
    catalog: jdbcCatalog({ pool, catalogName: "nova" }),
    close: async () => {
      await pool.end();
      await postgres.stop();
    },
  };
}

async function withRest(storage: S3Storage): Promise<Opened> {
  const facade = await startRestFacade({ catalog: memoryCatalog(), storage, warehouse: "s3://lake/w" });
  return { catalog: restCatalog({ uri: facade.uri }), close: async () => facade.close() };
}

test.each([
  ["a JDBC catalog", withJdbc],
  ["a REST catalog", withRest],
])(
  "a table in S3 under %s: create, append, merge, scan, changes, compact, expire, orphans",
  async (_name, openCatalog) => {
    const server = await startS3Server({ buckets: ["lake"] });
    const scratchFolder = await mkdtemp(join(tmpdir(), "iceberg-s3-lake-"));
    const openStorage = (): S3Storage =>
      s3Storage({
        root: "s3://lake/w",
        region: "eu-central-1",
        endpoint: server.endpoint,
        credentials: { accessKeyId: "a", secretAccessKey: "b" },
        scratchFolder,
        scratchBytes: 64 * 1024,
        multipartAbove: 2048,
        partBytes: 1024,
      });
    const [storage, elsewhere] = [openStorage(), openStorage()];
    const opened = await openCatalog(storage);
    const duckdb = await DuckDBInstance.create(":memory:");
    const connection = await duckdb.connect();
    const open = (on: S3Storage): ReturnType<typeof openLakehouse> =>
      openLakehouse({ catalog: opened.catalog, storage: on, duckdb, warehouse: "s3a://lake/w" });
    const lakehouse = open(storage);
    const count = async (sql: string): Promise<number> =>
      Number((await connection.runAndReadAll(`SELECT count(*) AS n FROM ${sql}`)).getRowObjectsJson()[0]?.["n"]);
    try {
      const id = { namespace: "curated", name: "orders" };
      let table = await lakehouse.createTable(id, {
        schema: [
          { name: "id", type: "long" },
          { name: "status", type: "string" },
        ],
        key: ["id"],
        partitionBy: [{ column: "status", transform: "identity" }],
      });
      expect(table.location).toMatch(/^s3:\/\/lake\/w\/curated\/orders-/);
      for (const from of [0, 100, 200])
        ({ table } = await lakehouse.commit(
          await table.stageAppend({
            connection,
            query: `SELECT i AS id, CASE WHEN i % 2 = 0 THEN 'new order/ü' ELSE 'paid' END AS status FROM range(${from}, ${from + 100}) t(i)`,
          }),
        ));
      const before = table.currentSnapshotId;
      const merge = { connection, query: "SELECT i AS id, 'paid' AS status FROM range(10) t(i)", key: ["id"] };
      ({ table } = await lakehouse.commit(await table.stageMerge(merge)));
      const stageDelete = await table.stageDelete({ connection, where: where.gte("id", 290) });
      ({ table } = await lakehouse.commit(stageDelete));

      // Another process: it has no copies, so every file comes from the bucket.
      const there = await open(elsewhere).loadTable(id);
      const scan = there.scan({ filter: where.eq("status", "paid") });
      expect(await count(await scan.toSql())).toBe(150);
      expect(elsewhere.scratchBytes()).toBeGreaterThan(0);
      scan.release();
      let streamed = 0;
      for await (const batch of there.scan().rows(connection)) streamed += batch.length;
      expect(streamed).toBe(290);
      const changes = await there.changes({ from: before });
      expect(await count(await changes.toSql())).toBe(30);
      changes.release();

      ({ table } = await executeCompaction(table, await planCompaction(table, { minInputFiles: 2 }), { connection }));
      const expiry = await planExpireSnapshots(table, { olderThan: Date.now() + DAY, keepLast: 1 });
      ({ table } = await executeExpireSnapshots(table, expiry));
      await storage.create(`${table.location}/data/stray.parquet`, Buffer.from("left by a crash"));
      // As if looked at in a week: everything that no snapshot reaches is old enough.
      const later = openLakehouse({
        catalog: opened.catalog,
        storage,
        duckdb,
        warehouse: "s3://lake/w",
        clock: () => Date.now() + 7 * DAY,
      });
      const orphans = await planOrphanFiles(await later.loadTable(id));
      expect(orphans.files.map((file) => file.location)).toContain(`${table.location}/data/stray.parquet`);
      await executeOrphanFiles(await later.loadTable(id), orphans);

      const final = (await open(elsewhere).loadTable(id)).scan();
      expect(await count(await final.toSql())).toBe(290);
      final.release();
      const data = [...server.objects.keys()].filter((name) => name.endsWith(".parquet"));
      expect(data).toHaveLength((await final.files()).length);
      expect(server.uploads.size).toBe(0);
      expect(storage.scratchBytes()).toBeLessThanOrEqual(64 * 1024);
      expect(await lakehouse.dropTable(id, { purge: true })).toBe(true);
      expect([...server.objects.keys()]).toEqual([]);
    } finally {
      connection.closeSync();
      await opened.close();
      await storage.close();
      await elsewhere.close();
      await server.close();
      await rm(scratchFolder, { recursive: true, force: true });
    }
  },
  60_000,
);
