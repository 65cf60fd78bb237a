import { manifestsOf, specOf, type Context } from "../context.ts";
import { CONTENT, type ManifestEntry } from "../manifest/data-file.ts";
import type { Snapshot, TableMetadata } from "../metadata/table-metadata.ts";
import type { Schema } from "../schema/schema.ts";
import { readShapes } from "./file-shape.ts";
import type { Filter } from "./filter.ts";
import { liveEntries, withLiveFiles } from "./live-entries.ts";
import { matchDeletes } from "./match-deletes.ts";
import { fileMayMatch, manifestMayMatch, partitionMayMatch } from "./prune.ts";

/** A data file a scan reads, with the delete files that may reach it. */
export interface PlannedFile {
  readonly entry: ManifestEntry;
  readonly deletes: readonly ManifestEntry[];
}

/** Files a snapshot's scan has to read, pruned by the filter (spec "Scan Planning"). */
export async function planFiles(
  context: Context,
  metadata: TableMetadata,
  schema: Schema,
  snapshot: Snapshot | undefined,
  filter?: Filter,
): Promise<PlannedFile[]> {
  const lines = await manifestsOf(context, snapshot);
  const wanted = withLiveFiles(lines).filter(
    (line) =>
      line.content === 1 ||
      filter === undefined ||
      manifestMayMatch(filter, schema, specOf(metadata, line.specId), line),
  );
  const data: ManifestEntry[] = [];
  const deletes: ManifestEntry[] = [];
  const keep = (entry: ManifestEntry): void => {
    if (entry.file.content !== CONTENT.data) deletes.push(entry);
    else if (
      filter === undefined ||
      (partitionMayMatch(filter, schema, specOf(metadata, entry.file.specId), entry.file.partition) &&
        fileMayMatch(filter, schema, entry.file))
    )
      data.push(entry);
  };
  for await (const entries of liveEntries(context, metadata, wanted)) for (const entry of entries) keep(entry);
  await readShapes(context, metadata, data);
  const matches = matchDeletes(data, deletes);
  return data.map((entry) => ({ entry, deletes: matches.get(entry) ?? [] }));
}
