/**
 * The process of the memory test: plans a filtered scan of one table with hardly any cache, and prints how many files it
 * found. Arguments: folder, metadata location.
 */
import { DuckDBInstance } from "@duckdb/node-api";
import { memoryCatalog } from "../catalogs/memory/index.ts";
import { openLakehouse, where } from "../index.ts";
import { folderStorage } from "../storage/folder/index.ts";

const [folder, location] = process.argv.slice(2) as [string, string];
const lakehouse = openLakehouse({
  catalog: { ...memoryCatalog(), currentMetadata: async () => location },
  storage: folderStorage(folder),
  duckdb: await DuckDBInstance.create(":memory:"),
  warehouse: folder,
  cacheBytes: 1024 * 1024,
});
const table = await lakehouse.loadTable({ namespace: "n", name: "t" });
process.stdout.write(String((await table.scan({ filter: where.eq("n", 7) }).files()).length));
