import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { memoryCatalog } from "./catalogs/memory/index.ts";
import { openLakehouse, type Lakehouse, type LakehouseOptions, type Scan } from "./index.ts";
import { folderStorage } from "./storage/folder/index.ts";
import type { Catalog } from "./catalogs/catalog.ts";

/** A lakehouse in a temporary folder with its own engine, for tests. */
export interface TestLakehouse {
  readonly folder: string;
  readonly duckdb: DuckDBInstance;
  readonly connection: DuckDBConnection;
  readonly catalog: Catalog;
  readonly lakehouse: Lakehouse;
  /** Another lakehouse on the same catalog and files that remembers nothing. */
  readonly stranger: (options?: Partial<LakehouseOptions>) => Lakehouse;
  readonly rows: (scan: Scan, order?: string) => Promise<unknown[]>;
  readonly close: () => Promise<void>;
}

export async function openTestLakehouse(options: Partial<LakehouseOptions> = {}): Promise<TestLakehouse> {
  const folder = await mkdtemp(join(tmpdir(), "iceberg-"));
  const duckdb = await DuckDBInstance.create(":memory:");
  const connection = await duckdb.connect();
  const catalog = options.catalog ?? memoryCatalog();
  const open = (extra: Partial<LakehouseOptions> = {}): Lakehouse =>
    openLakehouse({ catalog, storage: folderStorage(folder), duckdb, warehouse: folder, ...options, ...extra });
  return {
    folder,
    duckdb,
    connection,
    catalog,
    lakehouse: open(),
    stranger: open,
    rows: async (scan, order = "ALL") =>
      (await connection.runAndReadAll(`SELECT * FROM ${await scan.toSql()} ORDER BY ${order}`)).getRowObjectsJson(),
    close: async () => {
      connection.closeSync();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
