/**
 * The process that the crash test kills: commits batches to one table, each with a row in PostgreSQL in the same
 * transaction, and dies with SIGKILL at the failpoint it is given.
 * Arguments of its own: writer name, number of batches.
 */
import { openCrashProcess } from "./crash-process.ts";
import { isIcebergError } from "./index.ts";

const { lakehouse, connection, args, dieAt, close } = await openCrashProcess();
const [writer, batches] = args;
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
await close();
