import { DuckDBInstance } from "@duckdb/node-api";
import { type Catalog, openLakehouse } from "@nova/iceberg";
import { ensureJdbcTables, jdbcCatalog } from "@nova/iceberg/catalogs/jdbc";
import { folderStorage } from "@nova/iceberg/storage/folder";
import type { ModelFile } from "@nova/pipeline-core/catalog";
import { type Clock, type Logger, PlatformError, type Transaction } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";
import { compileModel } from "../sql/index.ts";
import { datasetComparison } from "./compare-rows.ts";
import { asLakeError, findTable, type Lake, snapshotText } from "./lake.ts";
import { loadStaged } from "./load-staged.ts";
import { maintainDataset } from "./maintain-dataset.ts";
import { CODE_VERSION } from "./model-table.ts";
import type { InputContracts } from "./model-inputs.ts";
import { datasetColumns, probe, profile, scanSql, tableStats } from "./probe-dataset.ts";
import { icebergRawStore } from "./raw-store.ts";
import { daysOf, firstDayOf } from "./partition-days.ts";
import { recomputeModel } from "./recompute-model.ts";
import { refreshModel } from "./refresh-model.ts";
import { history, rollBack } from "./roll-back.ts";
import { openDelta } from "./source-delta.ts";

export interface LakeEngineOptions {
  /** Absolute folder of all tables. */
  readonly lakeDir: string;
  /** The metadata database; it holds the Iceberg JDBC catalog `nova`. */
  readonly pool: Pool;
  /** Where queries that outgrow memory spill. */
  readonly tempDir: string;
  /** DuckDB's budget, e.g. `700MB`. */
  readonly memoryLimit: string;
  readonly threads: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Columns that models count on, by staged dataset. */
  readonly contracts: InputContracts;
  /** Told each step of a commit; a crash test ends the process there. */
  readonly failpoint?: (name: string) => void;
}

/** Opens the local lake engine: DuckDB over Iceberg tables in a folder, catalogued in PostgreSQL. */
export async function openLakeEngine(options: LakeEngineOptions): Promise<LakeEngine> {
  await ensureJdbcTables(options.pool);
  const catalog = jdbcCatalog({ pool: options.pool, catalogName: "nova" });
  return lakeEngineOn(catalog, options, (within) => inTransaction(options.pool, within));
}

/** The engine over any catalog; `runWithin` gives a transaction to writes that no table commit carries. */
export async function lakeEngineOn(
  catalog: Catalog,
  options: Omit<LakeEngineOptions, "pool">,
  runWithin: (work: (tx: Transaction) => Promise<void>) => Promise<void>,
): Promise<LakeEngine> {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: options.memoryLimit,
    threads: String(options.threads),
    temp_directory: options.tempDir,
    preserve_insertion_order: "false",
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const lakehouse = openLakehouse({
    catalog,
    storage: folderStorage(options.lakeDir),
    duckdb: instance,
    warehouse: options.lakeDir,
    clock: () => options.clock.now().getTime(),
    cacheBytes: 64 * 1024 * 1024,
    ...(options.failpoint === undefined ? {} : { failpoint: options.failpoint }),
  });
  let number = 0;
  const lake: Lake = {
    lakehouse,
    instance,
    clock: options.clock,
    logger: options.logger,
    nextNumber: () => (number += 1),
  };
  const compiled = new Map<string, ReturnType<typeof compileModel>>();
  const compile = (file: ModelFile): ReturnType<typeof compileModel> => {
    const version = `${file.name} ${file.codeVersion}`;
    const model = compiled.get(version) ?? compileModel(file);
    compiled.set(version, model);
    return model;
  };
  return {
    rawStore: icebergRawStore(lake, runWithin),
    snapshots: async (datasets) =>
      new Map(
        await Promise.all(
          datasets.map(async (dataset) => [dataset, snapshotText(await findTable(lake, dataset))] as const),
        ),
      ),
    openDelta: (request) => openDelta(lake, request),
    loadStaged: (load) => loadStaged(lake, load),
    refreshModel: (refresh) => refreshModel(lake, compile(refresh.model), refresh, options.contracts),
    recomputeModel: (recompute) => recomputeModel(lake, compile(recompute.model), recompute, options.contracts),
    daysOf: (dataset, column) => daysOf(lake, dataset, column),
    firstDayOf: (dataset, column) => firstDayOf(lake, dataset, column),
    history: (dataset) => history(lake, dataset),
    rollBack: (request) => rollBack(lake, request),
    codeVersion: async (dataset) => (await findTable(lake, dataset))?.properties[CODE_VERSION] ?? null,
    scanSql: (dataset) => scanSql(lake, dataset),
    tableStats: (dataset) => tableStats(lake, dataset),
    columns: (dataset) => datasetColumns(lake, dataset),
    probe: (request) => probe(lake, request),
    profile: (dataset) => profile(lake, dataset),
    maintain: (request) => maintainDataset(lake, request),
    comparison: datasetComparison(lake),
    close: async () => instance.closeSync(),
  };
}

/** For an empty append: there is no table commit to carry the caller's writes. */
async function inTransaction(pool: Pool, work: (tx: Transaction) => Promise<void>): Promise<void> {
  const client = await pool.connect().catch((error: unknown) => {
    throw new PlatformError("metadata-unreachable", "no connection to the metadata database", { cause: error });
  });
  try {
    await client.query("BEGIN");
    await work({ query: async (text, values) => client.query(text, values === undefined ? undefined : [...values]) });
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    client.release(true);
    throw asLakeError(error);
  }
  client.release();
}
