import {
  executeCompaction,
  executeExpireSnapshots,
  planCompaction,
  planExpireSnapshots,
  type Table,
} from "@nova/iceberg";
import { HOUR } from "@nova/pipeline-core/kernel";
import type { MaintenanceOutcome } from "@nova/pipeline-core/orchestration";
import { findTable, type Lake, withConnection } from "./lake.ts";

/** Files of this size are left alone: local reads gain nothing from larger ones. */
const TARGET_BYTES = 64 * 1024 * 1024;
/** Small files of one partition that are worth joining; append-only tables are read by their newest files anyway. */
const SMALL_FILES = { keyed: 8, append: 40 } as const;
/** Partitions rewritten in one go, so that loads of the same dataset do not wait long. */
const GROUPS_AT_ONCE = 2;
/** Readers that began before a compaction still find their files this long. */
const KEEP_SNAPSHOTS = 1 * HOUR;

/** Keeps a table that gets a commit every few seconds fast to read. */
export async function maintainDataset(
  lake: Lake,
  request: { dataset: string; keep: readonly string[] },
): Promise<MaintenanceOutcome> {
  const table = await findTable(lake, request.dataset);
  if (table === null || table.currentSnapshotId === null)
    return { compactedFiles: 0, expiredSnapshots: 0, notes: ["nothing there yet"] };
  const plan = await planCompaction(table, {
    targetFileBytes: TARGET_BYTES,
    minInputFiles: table.key.length > 0 ? SMALL_FILES.keyed : SMALL_FILES.append,
  });
  const notes: string[] = [];
  let compactedFiles = 0;
  let current = table;
  if (plan.groups.length > 0) {
    const part = { ...plan, groups: plan.groups.slice(0, GROUPS_AT_ONCE) };
    const done = await withConnection(lake, (connection) => executeCompaction(table, part, { connection }));
    compactedFiles = done.rewrittenFiles;
    current = done.table;
    notes.push(`${done.rewrittenFiles} files became ${done.addedFiles}`);
  }
  const expiry = await planExpireSnapshots(current, {
    olderThan: expireBefore(lake, current, request.keep),
    keepLast: 2,
  });
  if (expiry.expired.length === 0) return { compactedFiles, expiredSnapshots: 0, notes };
  const expired = await executeExpireSnapshots(current, expiry);
  return {
    compactedFiles,
    expiredSnapshots: expired.expiredSnapshots,
    notes: [...notes, `${expired.removedFiles} files removed with old snapshots`],
  };
}

/** An hour ago, or the oldest snapshot that a reader has not gone past. */
function expireBefore(lake: Lake, table: Table, keep: readonly string[]): number {
  const kept = new Set(keep);
  const needed = table.history.snapshots
    .filter((snapshot) => kept.has(String(snapshot["snapshot-id"])))
    .map((snapshot) => snapshot["timestamp-ms"]);
  return Math.min(lake.clock.now().getTime() - KEEP_SNAPSHOTS, ...needed);
}
