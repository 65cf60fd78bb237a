import { entriesOf, manifestsOf, type Context } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { encodeManifestList, withSequenceNumber } from "../manifest/manifest-list.ts";
import {
  CONTENT,
  STATUS,
  UNASSIGNED,
  type DataFile,
  type ManifestEntry,
  type ManifestFile,
} from "../manifest/data-file.ts";
import { currentSnapshot, type Snapshot, type TableMetadata } from "../metadata/table-metadata.ts";
import { mergeManifests } from "./merge-manifests.ts";
import { metadataFolder, storeManifest, type AttemptFiles } from "./store-manifest.ts";
import type { StagedChange } from "./staged-change.ts";
import { snapshotSummary } from "./summary.ts";

/** Stores the manifests and the manifest list of a change on top of `metadata` and returns its snapshot. */
export async function produceSnapshot(
  context: Context,
  metadata: TableMetadata,
  change: StagedChange,
  properties: Readonly<Record<string, string>>,
  files: AttemptFiles,
): Promise<Snapshot> {
  const parent = currentSnapshot(metadata);
  const sequenceNumber = metadata["last-sequence-number"] + 1;
  const parentManifests = await manifestsOf(context, parent);
  const [kept, added] = await Promise.all([
    withoutRemoved(context, metadata, change, parentManifests, files),
    addedManifests(context, metadata, change, files),
  ]);
  context.failpoint("manifests-written");
  const merged = await mergeManifests(context, metadata, change, [...added, ...kept], files);
  const manifests = merged.map((line) => withSequenceNumber(line, sequenceNumber));
  const bytes = encodeManifestList({
    snapshotId: change.snapshotId,
    parentSnapshotId: metadata["current-snapshot-id"],
    sequenceNumber,
    manifests,
  });
  const location = `${metadataFolder(metadata)}/snap-${change.snapshotId}-1-${context.uuid()}.avro`;
  files.written.push(location);
  await context.storage.create(location, bytes);
  context.files.set(location, manifests, bytes.length * 6);
  context.failpoint("manifest-list-written");
  return {
    "snapshot-id": change.snapshotId,
    ...(parent ? { "parent-snapshot-id": parent["snapshot-id"] } : {}),
    "sequence-number": sequenceNumber,
    "timestamp-ms": Math.max(context.now(), metadata["last-updated-ms"]),
    "manifest-list": location,
    summary: snapshotSummary(change, parent, manifests, properties),
    "schema-id": change.schemaId,
  };
}

/** One manifest per content and spec for what the change adds; written once, whatever the number of attempts. */
async function addedManifests(
  context: Context,
  metadata: TableMetadata,
  change: StagedChange,
  files: AttemptFiles,
): Promise<ManifestFile[]> {
  const groups = new Map<string, DataFile[]>();
  for (const file of [...change.addedDataFiles, ...change.addedDeleteFiles]) {
    const key = `${file.content === CONTENT.data ? 0 : 1}:${file.specId}`;
    const group = groups.get(key);
    if (group) group.push(file);
    else groups.set(key, [file]);
  }
  return Promise.all(
    [...groups].map(async ([key, group]) => {
      const known = files.reusable.get(key);
      if (known) return known;
      const content = key.startsWith("0") ? 0 : 1;
      // A rewritten file keeps the age of its rows, or newer equality deletes would no longer reach them.
      const kept = content === 0 ? change.dataSequenceNumber : null;
      const entries = group.map((file): ManifestEntry => ({
        status: STATUS.added,
        snapshotId: change.snapshotId,
        sequenceNumber: kept ?? UNASSIGNED,
        fileSequenceNumber: UNASSIGNED,
        file,
      }));
      const line = await storeManifest(context, metadata, {
        specId: group[0]?.specId as number,
        content,
        snapshotId: change.snapshotId,
        schemaId: change.schemaId,
        entries,
      });
      files.reusable.set(key, line);
      return line;
    }),
  );
}

/** The parent's manifests without the files the change removes; `commit-conflict` when one of them is gone already. */
async function withoutRemoved(
  context: Context,
  metadata: TableMetadata,
  change: StagedChange,
  lines: readonly ManifestFile[],
  files: AttemptFiles,
): Promise<ManifestFile[]> {
  const missing = new Set(change.removedFiles.map((file) => file.path));
  const contents = new Set(change.removedFiles.map((file) => (file.content === CONTENT.data ? 0 : 1)));
  const kept: ManifestFile[] = [];
  for (const line of lines) {
    if (line.addedFiles + line.existingFiles === 0) continue; // holds only what older snapshots deleted
    if (missing.size === 0 || !contents.has(line.content)) {
      kept.push(line);
      continue;
    }
    const live = (await entriesOf(context, metadata, line)).filter((entry) => entry.status !== STATUS.deleted);
    if (!live.some((entry) => missing.has(entry.file.path))) {
      kept.push(line);
      continue;
    }
    const entries = live.map((entry) =>
      missing.delete(entry.file.path)
        ? { ...entry, status: STATUS.deleted, snapshotId: change.snapshotId }
        : { ...entry, status: STATUS.existing },
    );
    const rewritten = await storeManifest(context, metadata, {
      specId: line.specId,
      content: line.content,
      snapshotId: change.snapshotId,
      schemaId: change.schemaId,
      entries,
    });
    files.written.push(rewritten.path);
    kept.push(rewritten);
  }
  if (missing.size > 0)
    throw new IcebergError(
      "commit-conflict",
      `${missing.size} file(s) this change replaces are no longer in the table; stage it again on the current snapshot`,
      { missing: [...missing].slice(0, 10) },
    );
  return kept;
}
