import { DuckDBInstance } from "@duckdb/node-api";
import { type Catalog, openLakehouse } from "@nova/iceberg";
import { folderStorage } from "@nova/iceberg/storage/folder";
import { splitDatasetName } from "@nova/pipeline-core/catalog";
import { asType } from "./lake.ts";

const SORTS = "write.sort.enabled";

/** A table made by a query: what a measurement starts from. */
export interface FilledTable {
  /** Iceberg type by column. */
  readonly columns: Readonly<Record<string, string>>;
  readonly key: readonly string[];
  /** DuckDB SELECTs of these columns, each a commit, with their rows in the order of the key: they are not sorted again. */
  readonly queries: readonly string[];
  readonly properties?: Readonly<Record<string, string>>;
}

/** Writes rows into datasets beside the engine that is measured, with an engine of its own. */
export interface LakeWriter {
  /** Makes the dataset, one file after the other in the order of the queries. */
  fill(dataset: string, table: FilledTable): Promise<void>;
  /** Puts rows in place of those with the same key, as a load of changes does. */
  merge(dataset: string, query: string): Promise<void>;
  close(): void;
}

export async function openLakeWriter(
  catalog: Catalog,
  folder: { readonly lakeDir: string; readonly tempDir: string },
): Promise<LakeWriter> {
  const instance = await DuckDBInstance.create(":memory:", {
    memory_limit: "3GB",
    threads: "2",
    temp_directory: folder.tempDir,
  });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  const lakehouse = openLakehouse({
    catalog,
    storage: folderStorage(folder.lakeDir),
    duckdb: instance,
    warehouse: folder.lakeDir,
  });
  const identifier = (dataset: string) => {
    const { layer, table } = splitDatasetName(dataset);
    return { namespace: layer, name: table };
  };
  return {
    async fill(dataset, { columns, key, queries, properties = {} }) {
      let table = await lakehouse.createTable(identifier(dataset), {
        schema: Object.entries(columns).map(([name, type]) => ({
          name,
          type: asType(type),
          required: key.includes(name),
        })),
        key: [...key],
        sortBy: key.map((column) => ({ column })),
        properties: { ...properties, [SORTS]: "false" },
      });
      for (const query of queries) ({ table } = await lakehouse.commit(await table.stageAppend({ connection, query })));
      await table.setProperties({ [SORTS]: "true" });
    },
    async merge(dataset, query) {
      const table = await lakehouse.loadTable(identifier(dataset));
      await lakehouse.commit(await table.stageMerge({ connection, query, key: [...table.key] }));
    },
    close() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
