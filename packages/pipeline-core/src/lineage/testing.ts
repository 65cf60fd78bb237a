import type { DatasetName } from "../catalog/index.ts";
import type { ColumnLineageEdge } from "./model.ts";
import type { LineageStore } from "./ports.ts";

export function memoryLineageStore(): LineageStore & {
  readonly edges: ReadonlyMap<DatasetName, readonly ColumnLineageEdge[]>;
} {
  const edges = new Map<DatasetName, readonly ColumnLineageEdge[]>();
  return {
    edges,
    async saveColumnLineage(dataset, next) {
      edges.set(dataset, next);
    },
  };
}
