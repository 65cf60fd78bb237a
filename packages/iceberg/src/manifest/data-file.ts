import type { Comparable } from "../values/bound.ts";

/** One entry of an int-keyed map, as Avro stores it. */
export interface Keyed<V> {
  readonly key: number;
  readonly value: V;
}

/** data, position deletes, equality deletes (spec "Manifests", field 134). */
export const CONTENT = { data: 0, positionDeletes: 1, equalityDeletes: 2 } as const;
export type Content = (typeof CONTENT)[keyof typeof CONTENT];

/** A data or delete file (spec "Data File Fields"). Statistics are keyed by field id. */
export interface DataFile {
  readonly content: Content;
  readonly path: string;
  readonly format: string;
  readonly specId: number;
  /** Partition tuple in the order of the spec's fields. */
  readonly partition: readonly (Comparable | null)[];
  readonly recordCount: number;
  readonly sizeBytes: number;
  readonly columnSizes?: readonly Keyed<number>[] | undefined;
  readonly valueCounts?: readonly Keyed<number>[] | undefined;
  readonly nullCounts?: readonly Keyed<number>[] | undefined;
  readonly nanCounts?: readonly Keyed<number>[] | undefined;
  readonly lower?: readonly Keyed<Buffer>[] | undefined;
  readonly upper?: readonly Keyed<Buffer>[] | undefined;
  readonly splitOffsets?: readonly number[] | undefined;
  readonly equalityIds?: readonly number[] | undefined;
  /** An equality delete of a spec without partitions (none, or all void): it reaches files of every partition. */
  readonly reachesAll?: boolean | undefined;
  readonly sortOrderId?: number | undefined;
  /** Path of the only data file a position delete file speaks about (field 143). */
  readonly referencedDataFile?: string | undefined;
}

export const STATUS = { existing: 0, added: 1, deleted: 2 } as const;
export type Status = (typeof STATUS)[keyof typeof STATUS];

/** A manifest entry with inherited values filled in (spec "Sequence Number Inheritance"). */
export interface ManifestEntry {
  readonly status: Status;
  readonly snapshotId: bigint;
  readonly sequenceNumber: number;
  readonly fileSequenceNumber: number;
  readonly file: DataFile;
}

/** Partition summary of one spec field over a manifest (spec "field_summary"). */
export interface FieldSummary {
  readonly containsNull: boolean;
  readonly containsNan?: boolean | undefined;
  readonly lower?: Buffer | undefined;
  readonly upper?: Buffer | undefined;
}

/** One line of a manifest list (spec "Manifest Lists"). `content`: 0 data, 1 deletes. */
export interface ManifestFile {
  readonly path: string;
  readonly length: number;
  readonly specId: number;
  readonly content: 0 | 1;
  readonly sequenceNumber: number;
  readonly minSequenceNumber: number;
  readonly addedSnapshotId: bigint;
  readonly addedFiles: number;
  readonly existingFiles: number;
  readonly deletedFiles: number;
  readonly addedRows: number;
  readonly existingRows: number;
  readonly deletedRows: number;
  readonly partitions?: readonly FieldSummary[] | undefined;
}

/** Sequence number of a manifest that is not committed yet; the manifest list fills it in. */
export const UNASSIGNED = -1;

/** A text that is equal for two files exactly when spec and partition tuple are equal. */
export function partitionKey(file: Pick<DataFile, "specId" | "partition">): string {
  if (file.partition.length === 0) return String(file.specId);
  const values = file.partition.map((value) => {
    if (value === null) return "n";
    return Buffer.isBuffer(value) ? `b${value.toString("hex")}` : `${typeof value === "boolean" ? "t" : "v"}${value}`;
  });
  return `${file.specId}:${values.join("|")}`;
}
