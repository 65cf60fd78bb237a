import { IcebergError } from "../errors.ts";
import type { Snapshot, SnapshotRef, TableMetadata } from "../metadata/table-metadata.ts";
import { numberProperty } from "../properties.ts";
import { requireSnapshot } from "../read/resolve-snapshot.ts";
import { ancestorsOf, MAIN } from "../refs/branch-view.ts";

/** Which snapshots an expiry may take, as plain data, so that plan and execution judge by the same limits. */
export interface RetentionPolicy {
  /** Epoch milliseconds that ages are counted from. */
  readonly at: number;
  /** Snapshots made before this may go, on branches that say nothing else. */
  readonly olderThan: number;
  readonly keepLast: number;
  /** Only these, whatever their age. */
  readonly snapshotIds: readonly string[] | null;
}

export interface RetentionOptions {
  readonly olderThan?: number | Date | undefined;
  readonly keepLast?: number | undefined;
  readonly snapshotIds?: readonly (bigint | string)[] | undefined;
}

const MAX_SNAPSHOT_AGE = { name: "history.expire.max-snapshot-age-ms", fallback: 5 * 24 * 60 * 60 * 1000 };
const MIN_SNAPSHOTS = { name: "history.expire.min-snapshots-to-keep", fallback: 1 };
const MAX_REF_AGE = { name: "history.expire.max-ref-age-ms", fallback: Number.MAX_SAFE_INTEGER };

/** Fills in the table's own limits (`history.expire.*`, names and defaults as in Java). */
export function retentionPolicy(metadata: TableMetadata, options: RetentionOptions, now: number): RetentionPolicy {
  const keepLast = options.keepLast ?? numberProperty(metadata.properties, MIN_SNAPSHOTS);
  if (!(keepLast >= 1))
    throw new IcebergError("invalid-input", "keepLast must be at least 1: the current snapshot cannot expire");
  const heads = new Map(Object.entries(metadata.refs).map(([name, ref]) => [ref["snapshot-id"], name]));
  for (const one of options.snapshotIds ?? []) {
    const ref = heads.get(requireSnapshot(metadata, BigInt(one))["snapshot-id"]);
    if (ref !== undefined)
      throw new IcebergError(
        "invalid-input",
        `snapshot ${one} cannot expire: ${ref} points to it; move or remove ${ref}`,
        { snapshotId: String(one), ref },
      );
  }
  return {
    at: now,
    olderThan: Number(options.olderThan ?? now - numberProperty(metadata.properties, MAX_SNAPSHOT_AGE)),
    keepLast,
    snapshotIds: options.snapshotIds?.map(String) ?? null,
  };
}

/** What goes under a policy: refs past their age, and snapshots that no other ref keeps. */
export interface Expiring {
  readonly snapshots: readonly Snapshot[];
  readonly refs: readonly string[];
}

/**
 * Spec "Snapshot Retention Policy": refs (but main) go when their snapshot is older than their max-ref-age; a branch then
 * keeps its newest snapshots by number and by age, a tag the one it names; what nobody keeps goes. Snapshots that no
 * branch has (staged ones) stay until they are old enough.
 */
export function expiring(metadata: TableMetadata, policy: RetentionPolicy): Expiring {
  if (policy.snapshotIds !== null) {
    const asked = new Set(policy.snapshotIds.map(BigInt));
    const heads = new Set(Object.values(metadata.refs).map((ref) => ref["snapshot-id"]));
    const goes = (id: bigint): boolean => asked.has(id) && !heads.has(id);
    return { snapshots: metadata.snapshots.filter((snapshot) => goes(snapshot["snapshot-id"])), refs: [] };
  }
  const kept = new Set<bigint>();
  const reachable = new Set<bigint>();
  const refs: string[] = [];
  for (const [name, ref] of Object.entries(metadata.refs)) {
    if (name !== MAIN && refIsOld(metadata, ref, policy)) refs.push(name);
    else if (ref.type === "tag") kept.add(ref["snapshot-id"]);
    else keepBranch(metadata, ref, policy, kept, reachable);
  }
  for (const snapshot of metadata.snapshots)
    if (!reachable.has(snapshot["snapshot-id"]) && snapshot["timestamp-ms"] >= policy.olderThan)
      kept.add(snapshot["snapshot-id"]);
  return { snapshots: metadata.snapshots.filter((snapshot) => !kept.has(snapshot["snapshot-id"])), refs };
}

function refIsOld(metadata: TableMetadata, ref: SnapshotRef, policy: RetentionPolicy): boolean {
  const age = ref["max-ref-age-ms"] ?? numberProperty(metadata.properties, MAX_REF_AGE);
  return requireSnapshot(metadata, ref["snapshot-id"])["timestamp-ms"] < policy.at - age;
}

function keepBranch(
  metadata: TableMetadata,
  ref: SnapshotRef,
  policy: RetentionPolicy,
  kept: Set<bigint>,
  reachable: Set<bigint>,
): void {
  const least = Math.max(policy.keepLast, ref["min-snapshots-to-keep"] ?? 1);
  const age = ref["max-snapshot-age-ms"];
  const cutoff = age === undefined ? policy.olderThan : policy.at - age;
  let depth = 0;
  let going = false;
  for (const snapshot of ancestorsOf(metadata, ref["snapshot-id"])) {
    depth += 1;
    reachable.add(snapshot["snapshot-id"]);
    // Once one ancestor goes, all older ones of the branch go: history has no holes.
    going ||= depth > least && snapshot["timestamp-ms"] < cutoff;
    if (!going) kept.add(snapshot["snapshot-id"]);
  }
}
