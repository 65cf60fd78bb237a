import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type Json } from "@duckdb/node-api";
import type { Catalog } from "@nova/iceberg";
import { memoryCatalog } from "@nova/iceberg/catalogs/memory";
import type { Clock, Logger, Transaction } from "@nova/pipeline-core/kernel";
import type { CopiedRows, EnvelopeColumns } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import type { Comparing } from "./compare-cost.ts";
import { copiedRelation } from "./copied-rows.ts";
import type { InputContracts } from "./model-inputs.ts";
import { type LakeWriter, openLakeWriter } from "./lake-writer.ts";
import { lakeEngineOn } from "./open-lake-engine.ts";

export type { LakeWriter } from "./lake-writer.ts";
export { scanMeters } from "./scan-meter.ts";

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => SILENT,
};

/** What may differ from a small test. */
export interface TestLakeOptions {
  readonly clock: Clock;
  readonly contracts?: InputContracts;
  /** DuckDB's budget. */
  readonly memoryLimit?: string;
  readonly comparing?: Comparing;
}

/** A real engine over real files in a temporary folder, with the catalog in memory; `close` removes the folder. */
export async function openTestLake(options: TestLakeOptions): Promise<LakeEngine> {
  const { engine, folder } = await openOn(memoryCatalog(), options);
  return { ...engine, close: () => closeAll(engine, folder) };
}

/** The same, with a writer that fills its datasets by queries. */
export async function openFilledLake(options: TestLakeOptions): Promise<{ engine: LakeEngine; writer: LakeWriter }> {
  const catalog = memoryCatalog();
  const { engine, folder } = await openOn(catalog, options);
  const writer = await openLakeWriter(catalog, { lakeDir: join(folder, "lake"), tempDir: join(folder, "fill") });
  const close = async (): Promise<void> => {
    writer.close();
    await closeAll(engine, folder);
  };
  return { engine: { ...engine, close }, writer };
}

async function openOn(catalog: Catalog, options: TestLakeOptions): Promise<{ engine: LakeEngine; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "nova-test-lake-"));
  const none: Transaction = { query: async () => ({ rows: [], rowCount: 0 }) };
  const engine = await lakeEngineOn(
    catalog,
    {
      lakeDir: join(folder, "lake"),
      tempDir: join(folder, "spill"),
      memoryLimit: options.memoryLimit ?? "500MB",
      threads: 2,
      clock: options.clock,
      logger: SILENT,
      contracts: options.contracts ?? {},
      comparing: options.comparing ?? "by-cost",
    },
    (work) => work(none),
  );
  return { engine, folder };
}

async function closeAll(engine: LakeEngine, folder: string): Promise<void> {
  await engine.close();
  await rm(folder, { recursive: true, force: true });
}

/** Rows of a query over `dataset`, read by an engine of its own: what any reader of the lake sees. */
export async function readRows(
  engine: LakeEngine,
  dataset: string,
  select: string,
  tail = "ORDER BY 1",
): Promise<Json[][]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const reader = await connection.runAndReadAll(`SELECT ${select} FROM ${await engine.scanSql(dataset)} ${tail}`);
    return reader.getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

let reading: Promise<DuckDBInstance> | undefined;

/** Copied rows as the raw store reads them, in columns. */
export async function readCopied(copied: CopiedRows): Promise<EnvelopeColumns> {
  reading ??= DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await (await reading).connect();
  try {
    const select = "stream, op, key, payload, unchanged, epoch_us(source_ts) AS source_ts, position, schema_version";
    const read = await connection.runAndReadAll(`SELECT ${select} FROM ${copiedRelation(copied)}`);
    const [stream, op, key, payload, unchanged, sourceTs, position, schemaVersion] = read.getColumns();
    return { stream, op, key, payload, unchanged, sourceTs, position, schemaVersion } as unknown as EnvelopeColumns;
  } finally {
    connection.closeSync();
  }
}
