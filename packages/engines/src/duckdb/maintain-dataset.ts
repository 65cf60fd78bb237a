import {
  executeCompaction,
  executeExpireSnapshots,
  planCompaction,
  planExpireSnapshots,
  type Table,
} from "@nova/iceberg";
import { HOUR } from "@nova/pipeline-core/kernel";
import type { JoinedFiles } from "@nova/pipeline-core/orchestration";
import { findTable, type Lake, withConnection } from "./lake.ts";

/** Files of this size are left alone: local reads gain nothing from larger ones. */
const TARGET_BYTES = 64 * 1024 * 1024;
/** So are files of so many rows: log events compress so well that joining 64 MiB of them would keep the machine busy for a minute. */
const TARGET_ROWS = 2_000_000;
/** Small files of one partition that are worth joining; append-only tables are read by their newest files anyway. */
const SMALL_FILES = { keyed: 8, append: 40 } as const;
/** Readers that began before a compaction still find their files this long. */
const KEEP_SNAPSHOTS = 1 * HOUR;

/** Keeps a table that gets a commit every few seconds fast to read. */
export async function joinFiles(lake: Lake, dataset: string): Promise<JoinedFiles> {
  const table = await findTable(lake, dataset);
  if (table === null || table.currentSnapshotId === null) return { joined: 0, into: 0 };
  const plan = await planCompaction(table, {
    targetFileBytes: TARGET_BYTES,
    targetFileRows: TARGET_ROWS,
    minInputFiles: table.key.length > 0 ? SMALL_FILES.keyed : SMALL_FILES.append,
  });
  if (plan.groups.length === 0) return { joined: 0, into: 0 };
  // One group at a time: loads of the same dataset, and of others that need the machine, do not wait long.
  const part = { ...plan, groups: plan.groups.slice(0, 1) };
  const done = await withConnection(lake, (connection) => executeCompaction(table, part, { connection }));
  return { joined: done.rewrittenFiles, into: done.addedFiles };
}

/** Drops old snapshots with the files that only they had; answers how many. */
export async function expireSnapshots(
  lake: Lake,
  { dataset, keep }: { readonly dataset: string; readonly keep: readonly string[] },
): Promise<number> {
  const table = await findTable(lake, dataset);
  if (table === null || table.currentSnapshotId === null) return 0;
  const plan = await planExpireSnapshots(table, { olderThan: expireBefore(lake, table, keep), keepLast: 2 });
  return plan.expired.length === 0 ? 0 : (await executeExpireSnapshots(table, plan)).expiredSnapshots;
}

/** An hour ago, or the oldest snapshot that a reader has not gone past. */
function expireBefore(lake: Lake, table: Table, keep: readonly string[]): number {
  const kept = new Set(keep);
  const needed = table.history.snapshots
    .filter((snapshot) => kept.has(String(snapshot["snapshot-id"])))
    .map((snapshot) => snapshot["timestamp-ms"]);
  return Math.min(lake.clock.now().getTime() - KEEP_SNAPSHOTS, ...needed);
}
