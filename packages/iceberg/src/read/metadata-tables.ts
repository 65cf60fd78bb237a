import { entriesOf, manifestsOf, specOf, type Context, type TableState } from "../context.ts";
import { CONTENT, STATUS, partitionKey, type DataFile } from "../manifest/data-file.ts";
import { currentSnapshot } from "../metadata/table-metadata.ts";

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
/** One partition of the current snapshot; `recordCount` counts rows in data files, deleted ones included. */
export interface PartitionRow {
  readonly partition: string;
  readonly dataFiles: number;
  readonly deleteFiles: number;
  readonly recordCount: number;
  readonly sizeBytes: number;
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
}

const CONTENT_NAME = { 0: "data", 1: "position-deletes", 2: "equality-deletes" } as const;

export function metadataTables(context: Context, state: TableState): MetadataTables {
  const { metadata } = state;
  const liveFiles = async (): Promise<DataFile[]> => {
    const lines = await manifestsOf(context, currentSnapshot(metadata));
    const entries = await Promise.all(lines.map((line) => entriesOf(context, metadata, line)));
    return entries.flat().flatMap((entry) => (entry.status === STATUS.deleted ? [] : [entry.file]));
  };
  const partitionText = (file: DataFile): string =>
    specOf(metadata, file.specId)
      .fields.map((field, index) => {
        const value = file.partition[index] ?? null;
        return `${field.name}=${Buffer.isBuffer(value) ? value.toString("utf8") : String(value)}`;
      })
      .join("/");
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
    files: async () =>
      (await liveFiles()).map((file) => ({
        content: CONTENT_NAME[file.content],
        path: file.path,
        partition: partitionText(file),
        specId: file.specId,
        sortOrderId: file.sortOrderId ?? null,
        recordCount: file.recordCount,
        sizeBytes: file.sizeBytes,
      })),
    manifests: async () =>
      (await manifestsOf(context, currentSnapshot(metadata))).map((line) => ({
        path: line.path,
        content: line.content === 0 ? "data" : "deletes",
        sizeBytes: line.length,
        addedFiles: line.addedFiles,
        existingFiles: line.existingFiles,
        deletedFiles: line.deletedFiles,
      })),
    partitions: async () => {
      const rows = new Map<
        string,
        { partition: string; dataFiles: number; deleteFiles: number; recordCount: number; sizeBytes: number }
      >();
      for (const file of await liveFiles()) {
        const key = partitionKey(file);
        const row = rows.get(key) ?? {
          partition: partitionText(file),
          dataFiles: 0,
          deleteFiles: 0,
          recordCount: 0,
          sizeBytes: 0,
        };
        rows.set(key, row);
        if (file.content === CONTENT.data) {
          row.dataFiles += 1;
          row.recordCount += file.recordCount;
          row.sizeBytes += file.sizeBytes;
        } else row.deleteFiles += 1;
      }
      return [...rows.values()];
    },
  };
}
