import { manifestsOf, type Context, type TableState } from "../context.ts";
import { currentSnapshot } from "../metadata/table-metadata.ts";
import { metadataRelation, type MetadataTableName, type RelationOptions } from "./metadata-relations.ts";
import { CONTENT_NAME, currentEntries, partitionRows, partitionText, type PartitionRow } from "./partition-rows.ts";

/** One snapshot, ids as text. */
export interface SnapshotRow {
  readonly snapshotId: string;
  readonly parentId: string | null;
  readonly committedAt: number;
  readonly operation: string;
  readonly summary: Readonly<Record<string, string>>;
}
/** One live data or delete file of the current snapshot. */
export interface FileRow {
  readonly content: "data" | "position-deletes" | "equality-deletes";
  readonly path: string;
  readonly partition: string;
  /** Partition spec it was written under. */
  readonly specId: number;
  /** Sort order its rows are in; null when its writer did not say, 0 = none. */
  readonly sortOrderId: number | null;
  readonly recordCount: number;
  readonly sizeBytes: number;
}
/** One manifest of the current snapshot. */
export interface ManifestRow {
  readonly path: string;
  readonly content: "data" | "deletes";
  readonly sizeBytes: number;
  readonly addedFiles: number;
  readonly existingFiles: number;
  readonly deletedFiles: number;
}
/** The table's metadata as rows, newest snapshot for files, manifests and partitions. */
export interface MetadataTables {
  snapshots(): readonly SnapshotRow[];
  /** Which snapshot was current from when on. */
  history(): readonly { readonly snapshotId: string; readonly madeCurrentAt: number }[];
  refs(): readonly { readonly name: string; readonly type: "branch" | "tag"; readonly snapshotId: string }[];
  files(): Promise<readonly FileRow[]>;
  manifests(): Promise<readonly ManifestRow[]>;
  partitions(): Promise<readonly PartitionRow[]>;
  /** Any of these tables, and `entries`, as a SELECT that a DuckDB connection can embed in FROM. */
  relation(name: MetadataTableName, options?: RelationOptions): Promise<string>;
}

export function metadataTables(context: Context, state: TableState): MetadataTables {
  const { metadata } = state;
  return {
    snapshots: () =>
      metadata.snapshots.map((snapshot) => ({
        snapshotId: String(snapshot["snapshot-id"]),
        parentId: snapshot["parent-snapshot-id"] === undefined ? null : String(snapshot["parent-snapshot-id"]),
        committedAt: snapshot["timestamp-ms"],
        operation: snapshot.summary.operation,
        summary: snapshot.summary,
      })),
    history: () =>
      metadata["snapshot-log"].map((line) => ({
        snapshotId: String(line["snapshot-id"]),
        madeCurrentAt: line["timestamp-ms"],
      })),
    refs: () =>
      Object.entries(metadata.refs).map(([name, ref]) => ({
        name,
        type: ref.type,
        snapshotId: String(ref["snapshot-id"]),
      })),
    files: async () => {
      const rows: FileRow[] = [];
      for await (const { file } of currentEntries(context, state))
        rows.push({
          content: CONTENT_NAME[file.content],
          path: file.path,
          partition: partitionText(metadata, file),
          specId: file.specId,
          sortOrderId: file.sortOrderId ?? null,
          recordCount: file.recordCount,
          sizeBytes: file.sizeBytes,
        });
      return rows;
    },
    manifests: async () =>
      (await manifestsOf(context, currentSnapshot(metadata))).map((line) => ({
        path: line.path,
        content: line.content === 0 ? "data" : "deletes",
        sizeBytes: line.length,
        addedFiles: line.addedFiles,
        existingFiles: line.existingFiles,
        deletedFiles: line.deletedFiles,
      })),
    partitions: async () => partitionRows(context, state),
    relation: async (name, options) => metadataRelation(context, state, name, options),
  };
}
