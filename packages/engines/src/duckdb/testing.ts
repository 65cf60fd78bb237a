import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryCatalog } from "@nova/iceberg/catalogs/memory";
import type { Clock, Logger, Transaction } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import type { InputContracts } from "./model-inputs.ts";
import { lakeEngineOn } from "./open-lake-engine.ts";

const SILENT: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, with: () => SILENT };

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
