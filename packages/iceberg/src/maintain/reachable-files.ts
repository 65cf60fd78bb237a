import { manifestsOf, type Context } from "../context.ts";
import type { ManifestFile } from "../manifest/data-file.ts";
import type { Snapshot, TableMetadata } from "../metadata/table-metadata.ts";
import { liveEntries } from "../read/live-entries.ts";

/** Locations that some snapshots need, by kind. */
export interface SnapshotFiles {
  readonly manifestLists: Set<string>;
  readonly manifests: Map<string, ManifestFile>;
}

/** Manifest lists and manifests of snapshots. */
export async function snapshotFiles(context: Context, snapshots: readonly Snapshot[]): Promise<SnapshotFiles> {
  const manifestLists = new Set<string>();
  const manifests = new Map<string, ManifestFile>();
  for (const snapshot of snapshots) {
    manifestLists.add(snapshot["manifest-list"]);
    for (const line of await manifestsOf(context, snapshot)) manifests.set(line.path, line);
  }
  return { manifestLists, manifests };
}

/** Data and delete files that the manifests list as live. */
export async function liveFiles(
  context: Context,
  metadata: TableMetadata,
  manifests: Iterable<ManifestFile>,
): Promise<Set<string>> {
  const files = new Set<string>();
  for await (const entries of liveEntries(context, metadata, [...manifests]))
    for (const entry of entries) files.add(entry.file.path);
  return files;
}
