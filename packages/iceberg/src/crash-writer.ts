/**
 * The process that the crash test kills: commits batches to one table, each with a row in PostgreSQL in the same
 * transaction, and dies with SIGKILL at the failpoint it is given.
 * Arguments: url, folder, writer name, number of batches, failpoint (or "none"), after how many passes of it.
 */
import { DuckDBInstance } from "@duckdb/node-api";
import { Pool } from "pg";
import { jdbcCatalog } from "./catalogs/jdbc/index.ts";
import { isIcebergError, openLakehouse } from "./index.ts";
import { folderStorage } from "./storage/folder/index.ts";

const [url, folder, writer, batches, failpoint, after] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
let passes = 0;
const dieAt = (name: string): void => {
  if (name !== failpoint) return;
  passes += 1;
  if (passes >= Number(after)) process.kill(process.pid, "SIGKILL");
};
const pool = new Pool({ connectionString: url, max: 2 });
const duckdb = await DuckDBInstance.create(":memory:", { threads: "1" });
const connection = await duckdb.connect();
const lakehouse = openLakehouse({
  catalog: jdbcCatalog({ pool, catalogName: "crash" }),
  storage: folderStorage(folder),
  duckdb,
  warehouse: folder,
  failpoint: dieAt,
});
let table = await lakehouse.loadTable({ namespace: "crash", name: "rows" });
for (let batch = 0; batch < Number(batches); batch += 1) {
  const name = `${writer}-${batch}`;
  for (;;) {
    table = await table.refresh();
    const rows = `SELECT '${writer}' || '-' || i AS id, '${name}' AS batch FROM range(5) t(i)`;
    // Even batches append, odd ones replace the writer's rows: a lost or doubled commit shows in the contents.
    const staged =
      batch % 2 === 0
        ? await table.stageAppend({ connection, query: `SELECT id || '${batch}' AS id, batch FROM (${rows})` })
        : await table.stageMerge({ connection, query: rows, key: ["id"] });
    try {
      ({ table } = await lakehouse.commit(staged, {
        within: async (transaction) => {
          await transaction.query("INSERT INTO commits (batch, merged) VALUES ($1, $2)", [name, batch % 2 === 1]);
          dieAt("within");
        },
      }));
      break;
    } catch (error) {
      if (!isIcebergError(error, "commit-conflict")) throw error;
      await staged.discard();
    }
  }
}
await pool.end();
connection.closeSync();
