import type { Transaction } from "../kernel/index.ts";
import type { DatasetName } from "../catalog/index.ts";
import type { RawInput } from "./envelope.ts";

export interface RawAppend {
  readonly source: string;
  readonly input: RawInput;
  readonly batchId: string;
  readonly ingestedAt: Date;
  /** Runs in the transaction that publishes the rows: source position, fencing token, ledgers. Throwing aborts the commit. */
  readonly within: (tx: Transaction) => Promise<void>;
  /** Stands in the snapshot summary too: `nova.position`. */
  readonly position: string;
}

export interface CommitReceipt {
  readonly dataset: DatasetName;
  /** Null when the input held no row: then `within` ran in a transaction of its own and no snapshot was made. */
  readonly snapshotId: string | null;
  readonly rows: number;
  readonly bytes: number;
  readonly committedAt: Date;
}

/**
 * The raw layer's only door.
 * Success promises: rows are durable, visible, and everything `within` wrote is committed with them, exactly once.
 * Failure promises: none of it is. Not idempotent by itself: callers make it so by the position check in `within`.
 * Calls for one source must not overlap; calls for different sources may.
 */
export interface RawStore {
  append(batch: RawAppend): Promise<CommitReceipt>;
}
