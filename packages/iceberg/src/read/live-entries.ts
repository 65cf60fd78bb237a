import { entriesOf, type Context } from "../context.ts";
import { STATUS, type ManifestEntry, type ManifestFile } from "../manifest/data-file.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";

const MANIFESTS_AT_ONCE = 8;

/**
 * Live entries of manifests, a manifest's at a time and in their order. Some manifests are read at once, never all: memory
 * follows what the caller keeps, not the size of the table.
 */
export async function* liveEntries(
  context: Context,
  metadata: TableMetadata,
  lines: readonly ManifestFile[],
): AsyncGenerator<readonly ManifestEntry[]> {
  for (let from = 0; from < lines.length; from += MANIFESTS_AT_ONCE) {
    const some = lines.slice(from, from + MANIFESTS_AT_ONCE);
    for (const entries of await Promise.all(some.map((line) => entriesOf(context, metadata, line))))
      yield entries.filter((entry) => entry.status !== STATUS.deleted);
  }
}

/** Manifests that list live files by their own counts: the others need not be read to plan (spec "Manifest Lists"). */
export function withLiveFiles(lines: readonly ManifestFile[]): readonly ManifestFile[] {
  return lines.filter((line) => line.addedFiles + line.existingFiles > 0);
}
