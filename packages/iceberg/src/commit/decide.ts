import type { CatalogTransaction } from "../catalogs/catalog.ts";
import type { TableState } from "../context.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";

/** Work of the caller in the transaction of the pointer swap, after the swap is certain to win; throwing aborts the commit. */
export type Within = (transaction: CatalogTransaction) => Promise<void>;

/** What an attempt makes of the current state: the next metadata, or null when there is nothing to change. */
export type Decide = (state: TableState) => Promise<{ metadata: TableMetadata; written: readonly string[] } | null>;
