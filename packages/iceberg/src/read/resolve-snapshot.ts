import { IcebergError } from "../errors.ts";
import { snapshotById, type Snapshot, type TableMetadata } from "../metadata/table-metadata.ts";

/** Which state of a table is read; at most one of them, the current one when none is given. */
export interface SnapshotChoice {
  /** Read this snapshot; excludes `asOf` and `ref`. */
  readonly snapshotId?: bigint | string | null | undefined;
  /** Read what was current at this time (epoch milliseconds or Date). */
  readonly asOf?: number | Date | undefined;
  /** Read this branch or tag. */
  readonly ref?: string | undefined;
}

/** Resolves which snapshot a scan reads; `snapshot-not-found` when it is not (or no longer) in the table. */
export function resolveSnapshot(metadata: TableMetadata, options: SnapshotChoice): Snapshot | undefined {
  const asked = [options.snapshotId, options.asOf, options.ref].filter(
    (value) => value !== undefined && value !== null,
  );
  if (asked.length > 1) throw new IcebergError("invalid-input", "give one of snapshotId, asOf and ref, not several");
  if (options.snapshotId !== undefined && options.snapshotId !== null)
    return requireSnapshot(metadata, BigInt(options.snapshotId));
  if (options.ref !== undefined) {
    const ref = metadata.refs[options.ref];
    if (!ref)
      throw new IcebergError("snapshot-not-found", `the table has no branch or tag ${options.ref}`, {
        ref: options.ref,
      });
    return requireSnapshot(metadata, ref["snapshot-id"]);
  }
  if (options.asOf !== undefined) {
    const at = Number(options.asOf);
    const entry = metadata["snapshot-log"].findLast((line) => line["timestamp-ms"] <= at);
    if (!entry)
      throw new IcebergError(
        "snapshot-not-found",
        `the table had no snapshot at ${new Date(at).toISOString()}, or it has expired`,
        { asOf: at },
      );
    return requireSnapshot(metadata, entry["snapshot-id"]);
  }
  const current = metadata["current-snapshot-id"];
  return current === null ? undefined : requireSnapshot(metadata, current);
}

export function requireSnapshot(metadata: TableMetadata, id: bigint): Snapshot {
  const found = snapshotById(metadata, id);
  if (!found)
    throw new IcebergError("snapshot-not-found", `snapshot ${id} is not in the table; it may have expired`, {
      snapshotId: String(id),
    });
  return found;
}
