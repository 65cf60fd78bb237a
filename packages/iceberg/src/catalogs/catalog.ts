import type { TableMetadata } from "../metadata/table-metadata.ts";

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

/** What every catalog answers: which tables there are, and where the metadata of one is. */
interface TableDirectory {
  readonly name: string;
  /** Current metadata location, or null when there is no such table. */
  currentMetadata(id: TableIdentifier): Promise<string | null>;
  /** Registers a new table; `table-exists` when the name is taken. Creates the namespace when it is missing. */
  register(id: TableIdentifier, metadataLocation: string): Promise<void>;
  /**
   * Forgets a table; true when there was one. Files stay, unless `purge` asks a catalog service to remove them; catalogs
   * that keep only a pointer leave that to the caller.
   */
  unregister(id: TableIdentifier, options?: { readonly purge?: boolean }): Promise<boolean>;
  /** Tables of one namespace, or of all, sorted by name. */
  listTables(namespace?: string): Promise<TableIdentifier[]>;
  createNamespace(namespace: string, properties?: Record<string, string>): Promise<void>;
  listNamespaces(): Promise<string[]>;
}

/**
 * A catalog that keeps a pointer to a metadata file which the committer writes (JDBC, memory). All methods may be called
 * concurrently from many processes. `swap` is the only way to publish: true = published, false = somebody else was first
 * and nothing happened; an error with `commit-state-unknown` = the answer was lost, re-read the pointer before deleting
 * any file.
 */
export interface PointerCatalog extends TableDirectory {
  readonly kind: "pointer";
  /** `within` and the swap happen together or not at all. */
  readonly transactional: true;
  swap(id: TableIdentifier, change: PointerSwap): Promise<boolean>;
}

/** A table as a catalog service hands it out. */
export interface ServedTable {
  readonly metadataLocation: string;
  readonly metadata: TableMetadata;
  /** What the service says about reaching the files: credentials, endpoint, region (`s3.access-key-id` …). Secret. */
  readonly config: Readonly<Record<string, string>>;
}

/** A new table, before a service has given it its uuid. */
export type NewTable = Pick<TableMetadata, "schemas" | "partition-specs" | "sort-orders" | "properties" | "location">;

/**
 * A catalog whose service writes the metadata file itself, from the difference between two states and under the
 * requirements of that difference (REST). Concurrent use and lost answers as in {@link PointerCatalog}.
 */
export interface ServiceCatalog extends TableDirectory {
  readonly kind: "service";
  /** A database transaction cannot span the request. */
  readonly transactional: false;
  /**
   * Runs a commit's `within` after the service has acknowledged the commit, in a transaction of its own. Without it a
   * commit with `within` is refused. A crash in between leaves a published commit whose work never ran, so the work must
   * be repeatable, and whoever restarts must look in the table (a summary property) what was published.
   */
  readonly runAfterCommit?: ((work: (transaction: CatalogTransaction) => Promise<void>) => Promise<void>) | undefined;
  load(id: TableIdentifier): Promise<ServedTable | null>;
  /** `table-exists` when the name is taken. Creates the namespace when it is missing. */
  create(id: TableIdentifier, table: NewTable): Promise<ServedTable>;
  /** The new state, or null when somebody else was first and nothing happened. */
  commit(
    id: TableIdentifier,
    change: { readonly before: TableMetadata; readonly after: TableMetadata },
  ): Promise<ServedTable | null>;
}

export type Catalog = PointerCatalog | ServiceCatalog;
