/**
 * A process that does random work on one table until it is done or dies with SIGKILL at the failpoint it is given: appends,
 * merges, deletes, write–audit–publish, compaction, expiry. What changes rows has a line in PostgreSQL's ledger in the same
 * transaction. Arguments of its own: writer name, seed, number of operations.
 */
import { openCrashProcess } from "./crash-process.ts";
import {
  executeCompaction,
  executeExpireSnapshots,
  executeRewriteDeletes,
  isIcebergError,
  planCompaction,
  planExpireSnapshots,
  planRewriteDeletes,
  type CatalogTransaction,
  type StagedChange,
  type Table,
} from "./index.ts";

const { lakehouse, connection, args, dieAt, close } = await openCrashProcess();
const [writer, seed, operations] = args;
const id = { namespace: "crash", name: "operations" };

let state = Number(seed);
/** A whole number below `limit`; the same sequence for the same seed. */
const random = (limit: number): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
};
const names = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${writer}-${index}`).filter(() => random(2) === 0);

/** What one operation does to this writer's keys: sets them to a batch, or removes them. */
interface LedgerLine {
  readonly batch: string;
  readonly set: readonly string[];
  readonly removed: readonly string[];
}
const within =
  (line: LedgerLine) =>
  async (transaction: CatalogTransaction): Promise<void> => {
    await transaction.query("INSERT INTO ledger (writer, line) VALUES ($1, $2)", [writer, JSON.stringify(line)]);
    dieAt("within");
  };
const relation = (keys: readonly string[], batch: string): string =>
  `SELECT unnest([${keys.map((key) => `'${key}'`).join(", ")}]::VARCHAR[]) AS id, '${batch}' AS batch`;

async function commit(staged: StagedChange, line: LedgerLine): Promise<boolean> {
  try {
    await lakehouse.commit(staged, { within: within(line) });
    return true;
  } catch (error) {
    if (!isIcebergError(error, "commit-conflict")) throw error;
    await staged.discard();
    return false;
  }
}

async function publish(table: Table, line: LedgerLine): Promise<boolean> {
  const staged = await table.stageAppend({ connection, query: relation(line.set, line.batch) });
  const { snapshotId } = await lakehouse.commit(staged, { publish: false, wapId: line.batch });
  await lakehouse.publishSnapshot(id, snapshotId, { within: within(line) });
  return true;
}

async function maintain(table: Table): Promise<void> {
  const kind = random(4);
  if (kind < 2) await executeCompaction(table, await planCompaction(table, { minInputFiles: 3 }), { connection });
  else if (kind === 2)
    await executeRewriteDeletes(table, await planRewriteDeletes(table, { minInputFiles: 2 }), { connection });
  else
    await executeExpireSnapshots(
      table,
      await planExpireSnapshots(table, { olderThan: Date.now() - 3_000, keepLast: 3 }),
    );
}

/** One operation, with the same intent until it is through: true when it is. */
async function attempt(kind: number, line: LedgerLine, gone: readonly string[]): Promise<boolean> {
  const table = await lakehouse.loadTable(id);
  if (kind === 0) return commit(await table.stageAppend({ connection, query: relation(line.set, line.batch) }), line);
  if (kind === 1) return publish(table, line);
  if (kind === 2) {
    const rows = `SELECT *, false AS gone FROM (${relation(line.set, line.batch)}) UNION ALL SELECT *, true FROM (${relation(gone, line.batch)})`;
    return commit(await table.stageMerge({ connection, query: rows, key: ["id"], deleteColumn: "gone" }), line);
  }
  if (kind === 3) {
    const keys = { query: `SELECT id FROM (${relation(gone, line.batch)})`, columns: ["id"] };
    return commit(await table.stageDelete({ connection, keys }), line);
  }
  try {
    await maintain(table);
  } catch (error) {
    if (!isIcebergError(error, "commit-conflict")) throw error;
  }
  return true;
}

for (let operation = 0; operation < Number(operations); operation += 1) {
  const batch = `${writer}-b${operation}`;
  const kind = random(6);
  // Appends bring keys that nobody has; merges and deletes go for the writer's own few.
  const own = names(6);
  const fresh = [0, 1, 2].map((index) => `${batch}-${index}`);
  const [set, removed] =
    kind < 2 ? [fresh, []] : kind === 2 ? [own.slice(0, 3), own.slice(3)] : kind === 3 ? [[], own] : [[], []];
  for (;;) if (await attempt(kind, { batch, set, removed }, removed)) break;
}
await close();
