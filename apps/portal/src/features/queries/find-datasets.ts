import type { Layer } from "@nova/pipeline-core/catalog";
import type { QueryableDataset } from "@nova/db/read-models";

export interface FoundDataset {
  readonly dataset: QueryableDataset;
  /** Names of the columns that hold the text; empty when the dataset's own name does. */
  readonly columns: readonly string[];
}

export interface FoundLayer {
  readonly layer: Layer;
  readonly found: readonly FoundDataset[];
}

/** Datasets whose name, or one of whose columns, holds the text anywhere; by layer in the order given. */
export function findDatasets(datasets: readonly QueryableDataset[], text: string): FoundLayer[] {
  const wanted = text.trim().toLowerCase();
  const found = datasets.flatMap((dataset): FoundDataset[] => {
    if (wanted === "" || dataset.name.toLowerCase().includes(wanted)) return [{ dataset, columns: [] }];
    const columns = dataset.columns.map((column) => column.name).filter((name) => name.toLowerCase().includes(wanted));
    return columns.length === 0 ? [] : [{ dataset, columns }];
  });
  return [...Map.groupBy(found, (one) => one.dataset.layer)].map(([layer, group]) => ({ layer, found: group }));
}
