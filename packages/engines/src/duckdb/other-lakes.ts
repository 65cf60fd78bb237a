import type { DuckDBInstance } from "@duckdb/node-api";
import { isIcebergError, type Lakehouse, openLakehouse, type Table } from "@nova/iceberg";
import { jdbcCatalog } from "@nova/iceberg/catalogs/jdbc";
import { folderStorage } from "@nova/iceberg/storage/folder";
import { splitDatasetName } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { Pool } from "pg";
import type { ScanMeters } from "./scan-meter.ts";

/** Where another environment keeps its tables. */
export interface OtherEnvironment {
  readonly name: string;
  /** Its metadata database, which holds the Iceberg JDBC catalog `nova`. */
  readonly databaseUrl: string;
  /** Absolute folder of its tables, under the path that it has there. */
  readonly lakeDir: string;
}

/** Tables of other environments, to be read and never written. */
export interface OtherLakes {
  readonly names: readonly string[];
  /** `invalid-input` for an environment that is not configured, `metadata-unreachable` for one that does not answer. */
  table(environment: string, dataset: string): Promise<Table | null>;
  close(): Promise<void>;
}

const PATIENCE_MILLIS = 5_000;
const CACHE_BYTES = 16 * 1024 * 1024;
export const NO_OTHER_LAKES: OtherLakes = {
  names: [],
  table: async (environment) => refuseUnknown(environment, []),
  close: async () => undefined,
};

/** Nothing is connected before somebody asks. The other database is told that every transaction of ours only reads. */
export function openOtherLakes(
  environments: readonly OtherEnvironment[],
  { instance, meters }: { readonly instance: DuckDBInstance; readonly meters: ScanMeters },
): OtherLakes {
  if (environments.length === 0) return NO_OTHER_LAKES;
  const opened = new Map<string, { readonly pool: Pool; readonly lakehouse: Lakehouse }>();
  const open = ({ name, databaseUrl, lakeDir }: OtherEnvironment): Lakehouse => {
    const known = opened.get(name);
    if (known !== undefined) return known.lakehouse;
    const pool = new Pool({
      connectionString: databaseUrl,
      max: 2,
      connectionTimeoutMillis: PATIENCE_MILLIS,
      statement_timeout: PATIENCE_MILLIS,
      application_name: "nova-compare",
      options: "-c default_transaction_read_only=on",
    });
    // A connection that breaks while nobody uses it is opened again when somebody does.
    pool.on("error", () => undefined);
    const lakehouse = openLakehouse({
      catalog: jdbcCatalog({ pool, catalogName: "nova" }),
      storage: folderStorage(lakeDir),
      duckdb: instance,
      warehouse: lakeDir,
      cacheBytes: CACHE_BYTES,
      onRead: (read) => meters.onRead(read),
    });
    opened.set(name, { pool, lakehouse });
    return lakehouse;
  };
  const names = environments.map(({ name }) => name);
  return {
    names,
    async table(environment, dataset) {
      const found = environments.find(({ name }) => name === environment);
      if (found === undefined) return refuseUnknown(environment, names);
      const { layer, table } = splitDatasetName(dataset);
      try {
        return await open(found).loadTable({ namespace: layer, name: table });
      } catch (error) {
        return absent(error, environment);
      }
    },
    async close() {
      await Promise.all([...opened.values()].map(({ pool }) => pool.end()));
    },
  };
}

function refuseUnknown(environment: string, names: readonly string[]): never {
  const known = names.length === 0 ? "none is configured (NOVA_ENVIRONMENTS)" : `configured are ${names.join(", ")}`;
  throw new PlatformError("invalid-input", `${environment} is no environment to compare with: ${known}`);
}

/** Without the words of its driver or storage, which name hosts and folders; they are the cause, for the log. */
function absent(error: unknown, environment: string): null {
  if (isIcebergError(error, "table-not-found")) return null;
  if (isIcebergError(error) && error.kind !== "catalog-failed")
    throw new PlatformError(
      "storage-failed",
      `The tables of environment ${environment} cannot be read from the folder that is configured.`,
      { cause: error },
    );
  throw new PlatformError(
    "metadata-unreachable",
    `The metadata database of environment ${environment} does not answer, or may not be read.`,
    { cause: error },
  );
}
