import { entriesOf, type Context } from "../context.ts";
import { STATUS, UNASSIGNED, type ManifestEntry, type ManifestFile } from "../manifest/data-file.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";
import { flagProperty, numberProperty, PROPERTY } from "../properties.ts";
import type { StagedChange } from "./staged-change.ts";
import { storeManifest, type AttemptFiles } from "./store-manifest.ts";

/**
 * Joins small manifests once there are many (`commit.manifest.min-count-to-merge`), so that planning a table with a
 * commit every second stays cheap. Each file is rewritten once per that many commits. Manifests of this commit take
 * part only when they are already encoded for reuse, so a retry never loses them.
 */
export async function mergeManifests(
  context: Context,
  metadata: TableMetadata,
  change: StagedChange,
  lines: readonly ManifestFile[],
  files: AttemptFiles,
): Promise<ManifestFile[]> {
  if (!change.joinManifests && !flagProperty(metadata.properties, "commit.manifest-merge.enabled", true))
    return [...lines];
  const minCount = change.joinManifests ? 2 : Math.max(2, numberProperty(metadata.properties, PROPERTY.mergeMinCount));
  const targetBytes = numberProperty(metadata.properties, PROPERTY.manifestTargetBytes);
  const groups = grouped(lines);
  const result: ManifestFile[] = [];
  for (const group of groups.values()) {
    const settled = group.filter((line) => line.sequenceNumber !== UNASSIGNED);
    if (settled.length < minCount) {
      result.push(...group);
      continue;
    }
    result.push(...group.filter((line) => line.sequenceNumber === UNASSIGNED));
    for (const bin of packed(settled, targetBytes))
      result.push(
        bin.length === 1 ? (bin[0] as ManifestFile) : await joined(context, metadata, change.snapshotId, bin, files),
      );
  }
  return result;
}

/** Manifests that joining would rewrite: those that share a kind and spec with a neighbour and fit the target with it. */
export function joinableManifests(metadata: TableMetadata, lines: readonly ManifestFile[]): ManifestFile[] {
  const targetBytes = numberProperty(metadata.properties, PROPERTY.manifestTargetBytes);
  return [...grouped(lines).values()].flatMap((group) =>
    packed(group, targetBytes)
      .filter((bin) => bin.length > 1)
      .flat(),
  );
}

/** One manifest holds one kind of file of one spec (spec "Manifests"). */
function grouped(lines: readonly ManifestFile[]): Map<string, ManifestFile[]> {
  const groups = new Map<string, ManifestFile[]>();
  for (const line of lines) {
    const key = `${line.content}:${line.specId}`;
    const group = groups.get(key);
    if (group) group.push(line);
    else groups.set(key, [line]);
  }
  return groups;
}

/** Neighbours together while they fit the target; oldest last, as the manifest list has them. */
function packed(lines: readonly ManifestFile[], targetBytes: number): ManifestFile[][] {
  const bins: ManifestFile[][] = [];
  let size = Infinity;
  for (const line of lines) {
    if (size + line.length > targetBytes) {
      bins.push([]);
      size = 0;
    }
    bins.at(-1)?.push(line);
    size += line.length;
  }
  return bins;
}

async function joined(
  context: Context,
  metadata: TableMetadata,
  snapshotId: bigint,
  bin: readonly ManifestFile[],
  files: AttemptFiles,
): Promise<ManifestFile> {
  const entries: ManifestEntry[] = [];
  for (const line of bin)
    for (const entry of await entriesOf(context, metadata, line)) {
      // What older snapshots deleted is history that their own manifests keep.
      if (entry.status !== STATUS.deleted)
        entries.push(entry.status === STATUS.existing ? entry : { ...entry, status: STATUS.existing });
    }
  const first = bin[0] as ManifestFile;
  const line = await storeManifest(context, metadata, {
    specId: first.specId,
    content: first.content,
    snapshotId,
    schemaId: metadata["current-schema-id"],
    entries,
  });
  files.written.push(line.path);
  return line;
}
