import { manifestsOf, specOf, type Context, type TableState } from "../context.ts";
import { CONTENT, partitionKey, type DataFile, type ManifestEntry } from "../manifest/data-file.ts";
import { currentSnapshot, type TableMetadata } from "../metadata/table-metadata.ts";
import { liveEntries } from "./live-entries.ts";

/** One partition of the current snapshot; `recordCount` and `sizeBytes` are of data files, deleted rows included. */
export interface PartitionRow {
  readonly partition: string;
  readonly specId: number;
  readonly dataFiles: number;
  readonly recordCount: number;
  readonly sizeBytes: number;
  /** Position and equality delete files. */
  readonly deleteFiles: number;
  readonly equalityDeleteFiles: number;
  /** Rows in position and in equality delete files. */
  readonly positionDeletes: number;
  readonly equalityDeletes: number;
  /** Newest snapshot that added a file, and when (epoch milliseconds); null when it has expired. */
  readonly lastSnapshotId: string;
  readonly lastUpdatedAt: number | null;
}

export const CONTENT_NAME = { 0: "data", 1: "position-deletes", 2: "equality-deletes" } as const;

/** Live entries of the current snapshot. */
export async function* currentEntries(context: Context, { metadata }: TableState): AsyncGenerator<ManifestEntry> {
  const lines = await manifestsOf(context, currentSnapshot(metadata));
  for await (const entries of liveEntries(context, metadata, lines)) yield* entries;
}

/** A partition tuple as `name=value/…`; empty for unpartitioned files. */
export function partitionText(metadata: TableMetadata, file: DataFile): string {
  return specOf(metadata, file.specId)
    .fields.map((field, index) => {
      const value = file.partition[index] ?? null;
      return `${field.name}=${Buffer.isBuffer(value) ? value.toString("utf8") : String(value)}`;
    })
    .join("/");
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Partitions summed up over the live files; memory follows the number of partitions. */
export async function partitionRows(context: Context, state: TableState): Promise<PartitionRow[]> {
  const { metadata } = state;
  const times = new Map(metadata.snapshots.map((one) => [one["snapshot-id"], one["timestamp-ms"]]));
  const rows = new Map<string, Writable<PartitionRow> & { sequenceNumber: number }>();
  for await (const { file, snapshotId, sequenceNumber } of currentEntries(context, state)) {
    const key = partitionKey(file);
    let row = rows.get(key);
    if (!row) {
      row = { partition: partitionText(metadata, file), specId: file.specId, sequenceNumber: -1, ...NOTHING };
      rows.set(key, row);
    }
    if (sequenceNumber > row.sequenceNumber) {
      row.sequenceNumber = sequenceNumber;
      row.lastSnapshotId = String(snapshotId);
      row.lastUpdatedAt = times.get(snapshotId) ?? null;
    }
    if (file.content === CONTENT.data) {
      row.dataFiles += 1;
      row.recordCount += file.recordCount;
      row.sizeBytes += file.sizeBytes;
      continue;
    }
    row.deleteFiles += 1;
    if (file.content === CONTENT.positionDeletes) row.positionDeletes += file.recordCount;
    else {
      row.equalityDeleteFiles += 1;
      row.equalityDeletes += file.recordCount;
    }
  }
  return [...rows.values()].map(({ sequenceNumber: _order, ...row }) => row);
}

const NOTHING = {
  dataFiles: 0,
  recordCount: 0,
  sizeBytes: 0,
  deleteFiles: 0,
  equalityDeleteFiles: 0,
  positionDeletes: 0,
  equalityDeletes: 0,
  lastSnapshotId: "",
  lastUpdatedAt: null,
};
