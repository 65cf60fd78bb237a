import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type Json } from "@duckdb/node-api";
import { memoryCatalog } from "@nova/iceberg/catalogs/memory";
import type { Clock, Logger, Transaction } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import type { InputContracts } from "./model-inputs.ts";
import { lakeEngineOn } from "./open-lake-engine.ts";

const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => SILENT,
};

/** A real engine over real files in a temporary folder, with the catalog in memory; `close` removes the folder. */
export async function openTestLake(options: { clock: Clock; contracts?: InputContracts }): Promise<LakeEngine> {
  const folder = await mkdtemp(join(tmpdir(), "nova-test-lake-"));
  const none: Transaction = { query: async () => ({ rows: [], rowCount: 0 }) };
  const engine = await lakeEngineOn(
    memoryCatalog(),
    {
      lakeDir: join(folder, "lake"),
      tempDir: join(folder, "spill"),
      memoryLimit: "500MB",
      threads: 2,
      clock: options.clock,
      logger: SILENT,
      contracts: options.contracts ?? {},
    },
    (work) => work(none),
  );
  return {
    ...engine,
    close: async () => {
      await engine.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
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
