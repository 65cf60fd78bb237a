/** One file as a listing reports it. */
export interface StoredFile {
  readonly location: string;
  readonly sizeBytes: number;
  /** Epoch milliseconds of the last write. */
  readonly modifiedAt: number;
}

/** Keeps files where the engine reads them. */
export interface LocalLease {
  /** Lets them go. Idempotent. */
  release(): void;
}

/** For storages whose files the engine reads in place. */
export const NO_LEASE: LocalLease = { release: () => undefined };

/**
 * Where table files live. Locations are URIs (`file:///…`, `s3://…`) exactly as they stand in Iceberg metadata.
 * Every method may be called concurrently. Failures are `IcebergError`s: `file-missing`, `file-exists`,
 * `path-outside-storage` or `storage-failed`.
 */
export interface Storage {
  /** Turns a caller's path or URI into the one normalised location this storage writes into metadata. */
  normalise(location: string): string;
  /** The whole file. `file-missing` when it is not there. */
  read(location: string): Promise<Buffer>;
  /**
   * Creates a file that did not exist: all of it or nothing is ever visible, and it is durable when the promise resolves.
   * `file-exists` when there is one already. Not idempotent.
   */
  create(location: string, bytes: Uint8Array): Promise<void>;
  /** Makes the folder of an engine-written file ready. Idempotent. */
  prepareFolder(location: string): Promise<void>;
  /** Makes a file that the engine wrote durable. Idempotent. */
  sync(location: string): Promise<void>;
  /** Removes a file; a missing one is success. Idempotent. */
  delete(location: string): Promise<void>;
  /** Every file below a prefix, in no order. A missing prefix has no files. */
  list(prefix: string): AsyncIterable<StoredFile>;
  /**
   * Brings files to where `enginePath` says, before a query names them, and keeps them there until the lease is released.
   * Does nothing for a storage whose files the engine reads in place. `file-missing` when one is not there.
   */
  ensureLocal(locations: readonly string[]): Promise<LocalLease>;
  /** The path or URI the SQL engine reads and writes for a location. */
  enginePath(location: string): string;
  /** Inverse of `enginePath`. */
  locationOf(enginePath: string): string;
}
