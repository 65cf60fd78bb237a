import { entriesOf, manifestsOf, type Context } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { STATUS, type ManifestEntry } from "../manifest/data-file.ts";
import { currentSnapshot, snapshotById, type Snapshot, type TableMetadata } from "../metadata/table-metadata.ts";
import { deleteReaches } from "../read/match-deletes.ts";
import type { StagedChange } from "./staged-change.ts";

/** Snapshots after `from` up to `to`, oldest first; null when `from` is no ancestor of `to`. */
export function snapshotsBetween(
  metadata: TableMetadata,
  from: bigint | null,
  to: Snapshot | undefined,
): Snapshot[] | null {
  const chain: Snapshot[] = [];
  for (let at = to; at;) {
    if (at["snapshot-id"] === from) return chain.reverse();
    chain.push(at);
    const parent: bigint | undefined = at["parent-snapshot-id"];
    at = parent === undefined ? undefined : snapshotById(metadata, parent);
    if (!at && parent !== undefined) return from === null ? chain.reverse() : null; // the rest of the history has expired
  }
  return from === null ? chain.reverse() : null;
}

/** What a snapshot itself added and removed, from the manifests it wrote. */
export async function entriesWrittenBy(
  context: Context,
  metadata: TableMetadata,
  snapshot: Snapshot,
): Promise<ManifestEntry[]> {
  const id = snapshot["snapshot-id"];
  const lines = (await manifestsOf(context, snapshot)).filter(
    (line) => line.addedSnapshotId === id && line.addedFiles + line.deletedFiles > 0,
  );
  const entries = await Promise.all(lines.map((line) => entriesOf(context, metadata, line)));
  return entries.flat().filter((entry) => entry.snapshotId === id && entry.status !== STATUS.existing);
}

/**
 * Refuses a change that newer commits have overtaken: `commit-conflict` means stage it again on the current snapshot,
 * because committing it as it stands would lose or double rows.
 */
export async function validateAgainst(context: Context, metadata: TableMetadata, change: StagedChange): Promise<void> {
  if (metadata["table-uuid"] !== change.tableUuid)
    throw new IcebergError(
      "commit-conflict",
      "the table was dropped and created anew since this change was staged; stage it again",
      { ...change.identifier },
    );
  if (metadata["current-snapshot-id"] === change.baseSnapshotId || change.concurrency === "always") return;
  const newer = snapshotsBetween(metadata, change.baseSnapshotId, currentSnapshot(metadata));
  if (newer === null) throw conflict(change, "the snapshot it was decided on is no longer in the table's history");
  for (const snapshot of newer) {
    const id = snapshot["snapshot-id"];
    const written = await entriesWrittenBy(context, metadata, snapshot);
    // A replace snapshot changes no rows; files it took away are found missing when the manifests are rewritten,
    // except those that our position deletes point to.
    if (change.concurrency === "no-new-rows" && snapshot.summary.operation !== "replace" && written.length > 0)
      throw conflict(change, `snapshot ${id} added or removed rows since`);
    if (
      change.concurrency === "no-new-rows" &&
      change.addedDeleteFiles.length > 0 &&
      written.some((entry) => entry.status === STATUS.deleted && entry.file.content === 0)
    )
      throw conflict(change, `snapshot ${id} rewrote data files since`);
    if (change.concurrency === "same-rows") {
      const deletes = written.filter((entry) => entry.status === STATUS.added && entry.file.content !== 0);
      if (
        change.removedFiles.some(
          (file) =>
            file.content === 0 && deletes.some((entry) => deleteReaches(entry, { ...entry, sequenceNumber: 0, file })),
        )
      )
        throw conflict(change, `snapshot ${id} deleted rows of the files it rewrites`);
    }
  }
}

function conflict(change: StagedChange, reason: string): IcebergError {
  return new IcebergError(
    "commit-conflict",
    `cannot commit to ${change.identifier.namespace}.${change.identifier.name}: ${reason}; stage the change again`,
    { ...change.identifier },
  );
}
