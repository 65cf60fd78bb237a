/** Name of a table: a namespace (levels joined by ".") and a table name. */
export interface TableIdentifier {
  readonly namespace: string;
  readonly name: string;
}

/** What a commit's `within` may do in the same transaction as the pointer swap. Shaped like `pg`'s client. */
export interface CatalogTransaction {
  query<R = Record<string, unknown>>(text: string, values?: unknown[]): Promise<{ rows: R[]; rowCount: number | null }>;
}

/** One compare-and-swap of a table's metadata pointer. */
export interface PointerSwap {
  /** Metadata location the caller built upon. */
  readonly expected: string;
  readonly next: string;
  /** Runs after the swap is certain to win and before it is visible; throwing aborts both, and that error is rethrown. */
  readonly within?: ((transaction: CatalogTransaction) => Promise<void>) | undefined;
}

/**
 * Maps a table to its current metadata file. All methods may be called concurrently from many processes.
 * `swap` is the only way to publish: true = published, false = somebody else was first and nothing happened;
 * an error with `commit-state-unknown` = the answer was lost, re-read the pointer before deleting any file.
 */
export interface Catalog {
  readonly name: string;
  /** Current metadata location, or null when there is no such table. */
  currentMetadata(id: TableIdentifier): Promise<string | null>;
  /** Registers a new table; `table-exists` when the name is taken. Creates the namespace when it is missing. */
  register(id: TableIdentifier, metadataLocation: string): Promise<void>;
  swap(id: TableIdentifier, change: PointerSwap): Promise<boolean>;
  /** Forgets a table; true when there was one. Files stay. */
  unregister(id: TableIdentifier): Promise<boolean>;
  /** Tables of one namespace, or of all, sorted by name. */
  listTables(namespace?: string): Promise<TableIdentifier[]>;
  createNamespace(namespace: string, properties?: Record<string, string>): Promise<void>;
  listNamespaces(): Promise<string[]>;
}
