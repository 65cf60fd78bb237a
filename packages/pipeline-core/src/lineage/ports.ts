import type { DatasetName } from "../catalog/index.ts";
import type { ColumnLineageEdge } from "./model.ts";

/** Column lineage by target dataset; saving replaces what was known of that dataset. Idempotent. */
export interface LineageStore {
  saveColumnLineage(dataset: DatasetName, edges: readonly ColumnLineageEdge[]): Promise<void>;
}
