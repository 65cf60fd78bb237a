import type { TableIdentifier } from "../catalogs/catalog.ts";
import type { DataFile } from "../manifest/data-file.ts";
import type { Operation } from "../metadata/table-metadata.ts";

/** What a staged change will do when it is committed. Counts are rows unless they say files or bytes. */
export interface StagedSummary {
  readonly operation: Operation;
  readonly addedRecords: number;
  /**
   * Rows that readers no longer see. Exact for merges and deletes of single rows; when whole files go, rows of theirs
   * that shared delete files had hidden before are counted once more.
   */
  readonly deletedRecords: number;
  readonly addedFiles: number;
  readonly addedDeleteFiles: number;
  readonly removedFiles: number;
  readonly addedBytes: number;
}

/**
 * What concurrent commits this change survives.
 * - `always`: adds rows and nothing else; any newer snapshot is fine.
 * - `no-new-rows`: decided on the rows of its base snapshot; a newer snapshot that adds or removes rows refuses it.
 * - `same-rows`: rewrites files without changing rows; newer deletes against those files refuse it, appends do not.
 */
export type Concurrency = "always" | "no-new-rows" | "same-rows";

/** A change with its files written and durable, invisible until `lakehouse.commit`. Plain data, but for `discard`. */
export interface StagedChange {
  readonly identifier: TableIdentifier;
  readonly tableUuid: string;
  /** Branch it was staged on and will be committed to. */
  readonly branch: string;
  /** Snapshot the decision was made on; null = the empty table. */
  readonly baseSnapshotId: bigint | null;
  readonly snapshotId: bigint;
  readonly schemaId: number;
  readonly concurrency: Concurrency;
  readonly addedDataFiles: readonly DataFile[];
  readonly addedDeleteFiles: readonly DataFile[];
  readonly removedFiles: readonly DataFile[];
  /** Sequence number that added data files keep (compaction, so that newer equality deletes still apply), or null. */
  readonly dataSequenceNumber: number | null;
  readonly summary: StagedSummary;
  /** Joins all small manifests whatever their number; see `rewriteManifests`. */
  readonly joinManifests: boolean;
  /** Properties of its snapshot's summary that say what it is. */
  readonly properties: Readonly<Record<string, string>>;
  /** Removes the files this change wrote. Call it when the change will not be committed. Idempotent. */
  discard(): Promise<void>;
}
