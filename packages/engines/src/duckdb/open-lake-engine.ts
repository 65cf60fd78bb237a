import { DuckDBInstance } from "@duckdb/node-api";
import { type Catalog, openLakehouse } from "@nova/iceberg";
import { ensureJdbcTables, jdbcCatalog } from "@nova/iceberg/catalogs/jdbc";
import { folderStorage } from "@nova/iceberg/storage/folder";
import type { ModelFile } from "@nova/pipeline-core/catalog";
import { type Clock, type Logger, PlatformError, type Transaction } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";
import { compileModel } from "../sql/index.ts";
import { askGate } from "./ask-gate.ts";
import type { Comparing } from "./compare-cost.ts";
import { datasetComparison } from "./compare-rows.ts";
import { diffRows } from "./diff-rows.ts";
import { diffEnvironments, diffSummary, keptSnapshots } from "./diff-summary.ts";
import { LISTED_KEYS } from "./key-ranges.ts";
import { asLakeError, findTable, type Lake, snapshotText } from "./lake.ts";
import { loadStaged } from "./load-staged.ts";
import { expireSnapshots, joinFiles } from "./maintain-dataset.ts";
import { CODE_VERSION } from "./model-table.ts";
import type { InputContracts } from "./model-inputs.ts";
import { columnBytes, datasetColumns, probe, profile, scanSql, tableStats } from "./probe-dataset.ts";
import { openOtherLakes, type OtherEnvironment } from "./other-lakes.ts";
import { icebergRawStore } from "./raw-store.ts";
import { daysOf, firstDayOf } from "./partition-days.ts";
import { recomputeModel } from "./recompute-model.ts";
import { refreshModel } from "./refresh-model.ts";
import { history, rollBack } from "./roll-back.ts";
import { scanMeters } from "./scan-meter.ts";
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
  /** Whose datasets may be compared with those here; none unless given. */
  readonly environments?: readonly OtherEnvironment[];
  /** `by-cost` unless given. */
  readonly comparing?: Comparing;
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
    // Else pages that a large query freed stay with the process until the next one wants them.
    allocator_background_threads: "true",
    dynamic_or_filter_threshold: String(LISTED_KEYS),
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const meters = scanMeters();
  const lakehouse = openLakehouse({
    catalog,
    storage: folderStorage(options.lakeDir),
    duckdb: instance,
    warehouse: options.lakeDir,
    clock: () => options.clock.now().getTime(),
    cacheBytes: 64 * 1024 * 1024,
    onRead: (read) => meters.onRead(read),
    ...(options.failpoint === undefined ? {} : { failpoint: options.failpoint }),
  });
  let number = 0;
  const lake: Lake = {
    lakehouse,
    instance,
    clock: options.clock,
    logger: options.logger,
    nextNumber: () => (number += 1),
    meters,
    comparing: options.comparing ?? "by-cost",
  };
  const others = openOtherLakes(options.environments ?? [], lake);
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
    loadStaged: (load) => meters.query(() => loadStaged(lake, load)),
    refreshModel: (refresh) =>
      meters.query(() => refreshModel(lake, compile(refresh.model), refresh, options.contracts)),
    recomputeModel: (recompute) => {
      const { model, parameters } = recompute;
      const ready = parameters === undefined ? compile(model) : compileModel(model, parameters);
      return meters.query(() => recomputeModel(lake, ready, recompute, options.contracts));
    },
    askGate: (model) => meters.query(() => askGate(lake, compile(model), options.contracts)),
    daysOf: (dataset, column) => meters.query(() => daysOf(lake, dataset, column)),
    firstDayOf: (dataset, column) => meters.query(() => firstDayOf(lake, dataset, column)),
    history: (dataset) => history(lake, dataset),
    rollBack: (request) => rollBack(lake, request),
    codeVersion: async (dataset) => (await findTable(lake, dataset))?.properties[CODE_VERSION] ?? null,
    openMeter: (tag) => meters.open(tag),
    columnBytes: (dataset) => columnBytes(lake, dataset),
    scanSql: (dataset) => scanSql(lake, dataset),
    tableStats: (dataset) => tableStats(lake, dataset),
    columns: (dataset) => datasetColumns(lake, dataset),
    probe: (request) => probe(lake, request),
    profile: (dataset) => meters.query(() => profile(lake, dataset)),
    joinFiles: (dataset) => meters.query(() => joinFiles(lake, dataset)),
    expireSnapshots: (request) => expireSnapshots(lake, request),
    keptSnapshots: (dataset) => keptSnapshots(lake, dataset),
    diffSummary: (pair) => diffSummary(lake, others, pair),
    environments: others.names,
    diffEnvironments: (pair) => diffEnvironments(lake, others, pair),
    diffRows: (request) => meters.query(() => diffRows(lake, others, request)),
    comparison: datasetComparison(lake),
    close: async () => {
      await others.close();
      instance.closeSync();
    },
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
