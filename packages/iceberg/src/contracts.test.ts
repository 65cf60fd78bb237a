import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryCatalog } from "./catalogs/memory/index.ts";
import { ensureJdbcTables, jdbcCatalog } from "./catalogs/jdbc/index.ts";
import { folderStorage } from "./storage/folder/index.ts";
import { catalogContract, storageContract } from "./testing.ts";
import { startPostgres } from "./test-postgres.ts";

catalogContract("memory", async () => ({
  catalog: memoryCatalog(),
  close: async () => undefined,
}));

catalogContract("JDBC layout in PostgreSQL", async () => {
  const postgres = await startPostgres();
  const pool = postgres.pool();
  await ensureJdbcTables(pool);
  await ensureJdbcTables(pool);
  await pool.query("CREATE TABLE contract_scratch (n int)");
  return {
    catalog: jdbcCatalog({ pool, catalogName: "nova" }),
    countRows: async () => Number((await pool.query("SELECT count(*) AS n FROM contract_scratch")).rows[0].n),
    close: async () => {
      await pool.end();
      await postgres.stop();
    },
  };
});

storageContract("folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "iceberg-storage-"));
  return {
    storage: folderStorage(folder),
    prefix: `file://${folder}/part`,
    outside: "/etc/hostname",
    close: async () => rm(folder, { recursive: true, force: true }),
  };
});
