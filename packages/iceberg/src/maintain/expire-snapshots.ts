import { commitMetadata } from "../commit/commit.ts";
import { entriesOf, type Context } from "../context.ts";
import { IcebergError } from "../errors.ts";
import type { Snapshot, TableMetadata } from "../metadata/table-metadata.ts";
import { liveEntries } from "../read/live-entries.ts";
import { Table } from "../table.ts";
import { snapshotFiles } from "./reachable-files.ts";
import { removeFiles } from "./remove-files.ts";
import { expiring, retentionPolicy, type Expiring, type RetentionPolicy } from "./retention.ts";

export interface ExpireOptions {
  /**
   * Snapshots made before this (epoch milliseconds or Date) may go; default five days ago
   * (`history.expire.max-snapshot-age-ms`). A branch with a maxSnapshotAgeMs of its own goes by that.
   */
  readonly olderThan?: number | Date;
  /** Newest snapshots of every branch that stay whatever their age; at least 1, which is the default. */
  readonly keepLast?: number;
  /** Only these snapshots, whatever their age: a staged one that failed its audit. `invalid-input` for the head of a ref. */
  readonly snapshotIds?: readonly (bigint | string)[];
}

/** Which snapshots and refs go, and the files that nothing else needs. Plain data. */
export interface ExpirePlan {
  readonly kind: "expire-snapshots";
  readonly tableUuid: string;
  readonly policy: RetentionPolicy;
  readonly expired: readonly { readonly snapshotId: string; readonly at: number }[];
  readonly expiredRefs: readonly string[];
  readonly kept: number;
  readonly files: { readonly manifestLists: number; readonly manifests: number; readonly dataAndDeleteFiles: number };
  /** Bytes of the files that go, manifest lists not counted. */
  readonly bytes: number;
  explain(): string;
}

/** Plans the expiry; nothing is changed. */
export async function planExpireSnapshots(table: Table, options: ExpireOptions = {}): Promise<ExpirePlan> {
  const { context, state } = Table.internals(table);
  const { metadata } = state;
  const policy = retentionPolicy(metadata, options, context.now());
  const gone = expiring(metadata, policy);
  const after = withoutExpired(metadata, gone);
  const files = await unreachable(context, metadata, gone.snapshots, after.snapshots);
  const counts = {
    manifestLists: files.manifestLists.length,
    manifests: files.manifests.length,
    dataAndDeleteFiles: files.data.length,
  };
  const refs = gone.refs.length === 0 ? "" : ` and branch(es) or tag(s) ${gone.refs.join(", ")}`;
  return {
    kind: "expire-snapshots",
    tableUuid: metadata["table-uuid"],
    policy,
    expired: gone.snapshots.map((snapshot) => ({
      snapshotId: String(snapshot["snapshot-id"]),
      at: snapshot["timestamp-ms"],
    })),
    expiredRefs: gone.refs,
    kept: after.snapshots.length,
    files: counts,
    bytes: files.bytes,
    explain: () =>
      gone.snapshots.length + gone.refs.length === 0
        ? `no snapshot is old enough to go; ${after.snapshots.length} stay`
        : `expire ${gone.snapshots.length} snapshot(s)${refs}, keep ${after.snapshots.length}; remove ${counts.dataAndDeleteFiles} data and delete file(s), ${counts.manifests} manifest(s), ${counts.manifestLists} manifest list(s), ${files.bytes} bytes`,
  };
}

export interface ExpireResult {
  readonly table: Table;
  readonly expiredSnapshots: number;
  readonly expiredRefs: readonly string[];
  readonly removedFiles: number;
  readonly removedBytes: number;
  /** Locations removed, for proofs of erasure. */
  readonly removed: readonly string[];
  /** Locations that could not be removed; nothing names them any more, so the orphan pass will find them. */
  readonly failed: readonly string[];
}

/**
 * Expires what was planned and still may go: the metadata first, then the files that only it needed, judged against the
 * table as it is then. Running it again is harmless; files left by a crash are orphans.
 */
export async function executeExpireSnapshots(table: Table, plan: ExpirePlan): Promise<ExpireResult> {
  const { context, state } = Table.internals(table);
  if (plan.tableUuid !== state.metadata["table-uuid"])
    throw new IcebergError("invalid-input", "the plan was made for another table");
  const asked = new Set(plan.expired.map((one) => BigInt(one.snapshotId)));
  let gone: Expiring = { snapshots: [], refs: [] };
  const after = await commitMetadata(context, state.identifier, undefined, async ({ metadata }) => {
    // Judged again: since the plan a branch may have been made or moved, and what it keeps stays.
    const now = expiring(metadata, plan.policy);
    gone = {
      snapshots: now.snapshots.filter((snapshot) => asked.has(snapshot["snapshot-id"])),
      refs: now.refs.filter((name) => plan.expiredRefs.includes(name)),
    };
    const needed = new Set(
      Object.entries(metadata.refs).flatMap(([name, ref]) => (gone.refs.includes(name) ? [] : [ref["snapshot-id"]])),
    );
    gone = { ...gone, snapshots: gone.snapshots.filter((snapshot) => !needed.has(snapshot["snapshot-id"])) };
    return gone.snapshots.length + gone.refs.length === 0
      ? null
      : { metadata: withoutExpired(metadata, gone), written: [] };
  });
  const files = await unreachable(context, after.metadata, gone.snapshots, after.metadata.snapshots);
  // Data first: when this stops half-way, the manifests that name the rest are still orphans with a known age.
  const { removed, failed } = await removeFiles(context, [...files.data, ...files.manifests, ...files.manifestLists]);
  return {
    table: await table.refresh(),
    expiredSnapshots: gone.snapshots.length,
    expiredRefs: gone.refs,
    removedFiles: removed.length,
    removedBytes:
      failed.length === 0 ? files.bytes : removed.reduce((sum, path) => sum + (files.sizes.get(path) ?? 0), 0),
    removed,
    failed,
  };
}

function withoutExpired(metadata: TableMetadata, expired: Expiring): TableMetadata {
  const gone = new Set(expired.snapshots.map((snapshot) => snapshot["snapshot-id"]));
  // History before an expired snapshot cannot be travelled to (spec "Table Metadata Fields", snapshot-log).
  const lastGone = metadata["snapshot-log"].findLastIndex((line) => gone.has(line["snapshot-id"]));
  return {
    ...metadata,
    refs: Object.fromEntries(Object.entries(metadata.refs).filter(([name]) => !expired.refs.includes(name))),
    snapshots: metadata.snapshots.filter((snapshot) => !gone.has(snapshot["snapshot-id"])),
    "snapshot-log": metadata["snapshot-log"].slice(lastGone + 1),
    extra: withoutStatisticsOf(metadata.extra, gone),
  };
}

/** Statistics and partition statistics belong to one snapshot each and go with it (spec "Table Statistics"). */
function withoutStatisticsOf(extra: TableMetadata["extra"], gone: ReadonlySet<bigint>): TableMetadata["extra"] {
  const ofGone = (one: unknown): boolean => {
    const id = (one as { "snapshot-id"?: unknown } | null)?.["snapshot-id"];
    return (typeof id === "bigint" || typeof id === "number") && gone.has(BigInt(id));
  };
  return Object.fromEntries(
    Object.entries(extra).map(([key, value]) => [
      key,
      Array.isArray(value) && key.endsWith("statistics") ? value.filter((one) => !ofGone(one)) : value,
    ]),
  );
}

interface Unreachable {
  readonly manifestLists: readonly string[];
  readonly manifests: readonly string[];
  readonly data: readonly string[];
  readonly bytes: number;
  readonly sizes: ReadonlyMap<string, number>;
}

/** Files that the gone snapshots need and the kept ones do not. Memory follows what may go, not what stays. */
async function unreachable(
  context: Context,
  metadata: TableMetadata,
  gone: readonly Snapshot[],
  kept: readonly Snapshot[],
): Promise<Unreachable> {
  if (gone.length === 0) return { manifestLists: [], manifests: [], data: [], bytes: 0, sizes: new Map() };
  const [old, current] = [await snapshotFiles(context, gone), await snapshotFiles(context, kept)];
  const lost = [...old.manifests.values()].filter((line) => !current.manifests.has(line.path));
  const data = new Map<string, number>();
  for (const line of lost)
    for (const { file } of await entriesOf(context, metadata, line)) data.set(file.path, file.sizeBytes);
  for await (const entries of liveEntries(context, metadata, data.size === 0 ? [] : [...current.manifests.values()]))
    for (const entry of entries) data.delete(entry.file.path);
  const sizes = new Map([...data, ...lost.map((line) => [line.path, line.length] as const)]);
  return {
    manifestLists: [...old.manifestLists].filter((path) => !current.manifestLists.has(path)),
    manifests: lost.map((line) => line.path),
    data: [...data.keys()],
    bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0),
    sizes,
  };
}
