import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import type { Pool } from "pg";
import { ensureJdbcTables, jdbcCatalog } from "./catalogs/jdbc/index.ts";
import { openLakehouse, type Lakehouse } from "./index.ts";
import { folderStorage } from "./storage/folder/index.ts";
import { startPostgres } from "./test-postgres.ts";

/** A lakehouse in a temporary folder whose catalog stands in a PostgreSQL of its own: other processes can work on it too. */
export interface JdbcTestLakehouse {
  /** Of the catalog's database. */
  readonly url: string;
  readonly pool: Pool;
  readonly folder: string;
  readonly connection: DuckDBConnection;
  readonly lakehouse: Lakehouse;
  close(): Promise<void>;
}

export async function openJdbcTestLakehouse(catalogName: string): Promise<JdbcTestLakehouse> {
  const folder = await mkdtemp(join(tmpdir(), "iceberg-jdbc-"));
  const postgres = await startPostgres();
  const pool = postgres.pool();
  await ensureJdbcTables(pool);
  const duckdb = await DuckDBInstance.create(":memory:");
  const connection = await duckdb.connect();
  return {
    url: postgres.url,
    pool,
    folder,
    connection,
    lakehouse: openLakehouse({
      catalog: jdbcCatalog({ pool, catalogName }),
      storage: folderStorage(folder),
      duckdb,
      warehouse: folder,
    }),
    async close() {
      connection.closeSync();
      await pool.end();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
