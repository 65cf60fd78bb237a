import { readFile } from "node:fs/promises";
import { Pool } from "pg";
import { expect, test } from "vitest";
import * as jdbc from "./catalogs/jdbc/index.ts";
import * as iceberg from "./index.ts";
import { folderStorage } from "./storage/folder/index.ts";
import { openTestLakehouse } from "./test-lakehouse.ts";
import { startPostgres } from "./test-postgres.ts";

test("the example in the README does what it says", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] as string;
  const postgres = await startPostgres();
  const box = await openTestLakehouse();
  const setUp = postgres.pool();
  try {
    await setUp.query("CREATE TABLE positions (lsn text)");
    const given = {
      ...iceberg,
      ...jdbc,
      Pool,
      folderStorage,
      connectionString: postgres.url,
      folder: box.folder,
      duckdb: box.duckdb,
      connection: box.connection,
    };
    const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
      ...args: string[]
    ) => (...values: unknown[]) => Promise<unknown>;
    const read = new AsyncFunction(
      ...Object.keys(given),
      `${example}\nawait pool.end();\nreturn { table, then, now, changed };`,
    );
    const result = (await read(...Object.values(given))) as { table: iceberg.Table; now: string; changed: string };
    expect(result.table.history.snapshots).toHaveLength(1);
    expect(await box.rows(result.table.scan({ filter: iceberg.where.isIn("id", [6, 7, 8]) }))).toEqual([
      { id: "6", status: "new", total: "7.50" },
      { id: "7", status: "paid", total: "9.00" },
    ]);
    expect(result.changed).toContain("_change_type");
    expect((await setUp.query("SELECT lsn FROM positions")).rows).toEqual([{ lsn: "0/16B3748" }]);
  } finally {
    await setUp.end();
    await box.close();
    await postgres.stop();
  }
}, 60_000);
