import { commitMetadata } from "../commit/commit.ts";
import { removeQuietly } from "../commit/remove-quietly.ts";
import { entriesOf, type Context } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { snapshotById, type Snapshot, type TableMetadata } from "../metadata/table-metadata.ts";
import { Table } from "../table.ts";
import { liveFiles, snapshotFiles } from "./reachable-files.ts";

export interface ExpireOptions {
  /** Snapshots made before this (epoch milliseconds or Date) may go. */
  readonly olderThan: number | Date;
  /** Newest snapshots of every branch that stay whatever their age; at least 1, which is the default. */
  readonly keepLast?: number;
}

/** Which snapshots go, and the files that nothing else needs. Plain data. */
export interface ExpirePlan {
  readonly kind: "expire-snapshots";
  readonly tableUuid: string;
  readonly expired: readonly { readonly snapshotId: string; readonly at: number }[];
  readonly kept: number;
  readonly files: { readonly manifestLists: number; readonly manifests: number; readonly dataAndDeleteFiles: number };
  explain(): string;
}

/** Plans the expiry; nothing is changed. Branches keep their newest snapshots, tags the one they name (spec "Snapshot Retention Policy"). */
export async function planExpireSnapshots(table: Table, options: ExpireOptions): Promise<ExpirePlan> {
  const { context, state } = Table.internals(table);
  const keep = keptSnapshots(state.metadata, Number(options.olderThan), options.keepLast ?? 1);
  const gone = state.metadata.snapshots.filter((snapshot) => !keep.has(snapshot["snapshot-id"]));
  const files = await unreachable(
    context,
    state.metadata,
    gone,
    state.metadata.snapshots.filter((snapshot) => keep.has(snapshot["snapshot-id"])),
  );
  const counts = {
    manifestLists: files.manifestLists.length,
    manifests: files.manifests.length,
    dataAndDeleteFiles: files.data.length,
  };
  return {
    kind: "expire-snapshots",
    tableUuid: state.metadata["table-uuid"],
    expired: gone.map((snapshot) => ({ snapshotId: String(snapshot["snapshot-id"]), at: snapshot["timestamp-ms"] })),
    kept: keep.size,
    files: counts,
    explain: () =>
      gone.length === 0
        ? `no snapshot is old enough to go; ${keep.size} stay`
        : `expire ${gone.length} snapshot(s), keep ${keep.size}; remove ${counts.dataAndDeleteFiles} data and delete file(s), ${counts.manifests} manifest(s), ${counts.manifestLists} manifest list(s)`,
  };
}

export interface ExpireResult {
  readonly table: Table;
  readonly expiredSnapshots: number;
  readonly removedFiles: number;
  /** Locations removed, for proofs of erasure. */
  readonly removed: readonly string[];
}

/**
 * Expires the planned snapshots that still may go: the metadata first, then the files that only they needed, judged
 * against the table as it is then. Running it again is harmless; files left by a crash are orphans.
 */
export async function executeExpireSnapshots(table: Table, plan: ExpirePlan): Promise<ExpireResult> {
  const { context, state } = Table.internals(table);
  if (plan.tableUuid !== state.metadata["table-uuid"])
    throw new IcebergError("invalid-input", "the plan was made for another table");
  const asked = new Set(plan.expired.map((one) => BigInt(one.snapshotId)));
  let gone: readonly Snapshot[] = [];
  const after = await commitMetadata(context, state.identifier, undefined, async ({ metadata }) => {
    // A branch or tag may have been put on one of them since the plan.
    const referenced = new Set(Object.values(metadata.refs).map((ref) => ref["snapshot-id"]));
    gone = metadata.snapshots.filter(
      (snapshot) => asked.has(snapshot["snapshot-id"]) && !referenced.has(snapshot["snapshot-id"]),
    );
    return gone.length === 0
      ? null
      : { metadata: withoutSnapshots(metadata, new Set(gone.map((snapshot) => snapshot["snapshot-id"]))), written: [] };
  });
  const files = await unreachable(context, after.metadata, gone, after.metadata.snapshots);
  const removed = [...files.data, ...files.manifests, ...files.manifestLists];
  // Data first: when this stops half-way, the manifests that name the rest are still orphans with a known age.
  await removeQuietly(context, removed);
  return { table: await table.refresh(), expiredSnapshots: gone.length, removedFiles: removed.length, removed };
}

function keptSnapshots(metadata: TableMetadata, olderThan: number, keepLast: number): Set<bigint> {
  if (keepLast < 1)
    throw new IcebergError("invalid-input", "keepLast must be at least 1: the current snapshot cannot expire");
  const kept = new Set<bigint>();
  const reachable = new Set<bigint>();
  for (const ref of Object.values(metadata.refs)) {
    if (ref.type === "tag") {
      kept.add(ref["snapshot-id"]);
      continue;
    }
    const least = Math.max(keepLast, ref["min-snapshots-to-keep"] ?? 1);
    let depth = 0;
    for (
      let at = snapshotById(metadata, ref["snapshot-id"]);
      at;
      at = at["parent-snapshot-id"] === undefined ? undefined : snapshotById(metadata, at["parent-snapshot-id"])
    ) {
      depth += 1;
      reachable.add(at["snapshot-id"]);
      // Once one ancestor goes, all older ones of the branch go: history has no holes.
      if (depth > least && at["timestamp-ms"] < olderThan) break;
      kept.add(at["snapshot-id"]);
    }
  }
  for (const snapshot of metadata.snapshots)
    if (!reachable.has(snapshot["snapshot-id"]) && snapshot["timestamp-ms"] >= olderThan)
      kept.add(snapshot["snapshot-id"]);
  return kept;
}

function withoutSnapshots(metadata: TableMetadata, gone: ReadonlySet<bigint>): TableMetadata {
  // History before an expired snapshot cannot be travelled to (spec "Table Metadata Fields", snapshot-log).
  const lastGone = metadata["snapshot-log"].findLastIndex((line) => gone.has(line["snapshot-id"]));
  return {
    ...metadata,
    snapshots: metadata.snapshots.filter((snapshot) => !gone.has(snapshot["snapshot-id"])),
    "snapshot-log": metadata["snapshot-log"].slice(lastGone + 1),
  };
}

/** Files that the gone snapshots need and the kept ones do not. */
async function unreachable(
  context: Context,
  metadata: TableMetadata,
  gone: readonly Snapshot[],
  kept: readonly Snapshot[],
): Promise<{ manifestLists: string[]; manifests: string[]; data: string[] }> {
  if (gone.length === 0) return { manifestLists: [], manifests: [], data: [] };
  const [old, current] = [await snapshotFiles(context, gone), await snapshotFiles(context, kept)];
  const lost = [...old.manifests.values()].filter((line) => !current.manifests.has(line.path));
  const needed = await liveFiles(context, metadata, current.manifests.values());
  const data = new Set<string>();
  for (const line of lost)
    for (const entry of await entriesOf(context, metadata, line))
      if (!needed.has(entry.file.path)) data.add(entry.file.path);
  return {
    manifestLists: [...old.manifestLists].filter((path) => !current.manifestLists.has(path)),
    manifests: lost.map((line) => line.path),
    data: [...data],
  };
}
