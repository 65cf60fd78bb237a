import type { ColumnLineageEdge } from "@nova/pipeline-core/lineage";

export type PathEdge = ColumnLineageEdge & { readonly distance: number };

export interface PathDataset {
  /** Dataset, or stream as `source/stream`. */
  readonly name: string;
  /** Its columns on the path, those that pass a value on first. */
  readonly columns: readonly { readonly name: string; readonly onlyIndirect: boolean }[];
}

/** The datasets on a column's path with the columns that take part; the column in focus is always among them. */
export function pathDatasets(edges: readonly PathEdge[], dataset: string, column: string): PathDataset[] {
  const direct = new Map<string, Map<string, boolean>>([[dataset, new Map([[column, true]])]]);
  const note = (name: string, part: string, isDirect: boolean): void => {
    const columns = direct.get(name) ?? new Map<string, boolean>();
    columns.set(part, (columns.get(part) ?? false) || isDirect);
    direct.set(name, columns);
  };
  for (const edge of edges) {
    note(edge.fromDataset, edge.fromColumn, edge.kind !== "indirect");
    note(edge.toDataset, edge.toColumn, true);
  }
  return [...direct].map(([name, columns]) => ({
    name,
    columns: [...columns]
      .map(([part, isDirect]) => ({ name: part, onlyIndirect: !isDirect }))
      .toSorted((a, b) => Number(a.onlyIndirect) - Number(b.onlyIndirect) || a.name.localeCompare(b.name)),
  }));
}

/** Edges as shown: one per pair of columns and kind, indirect ones left out on demand. */
export function shownEdges(edges: readonly PathEdge[], indirect: "show" | "hide"): PathEdge[] {
  const kept = new Map<string, PathEdge>();
  for (const edge of edges) {
    if (indirect === "hide" && edge.kind === "indirect") continue;
    const key = edgeKey(edge);
    const known = kept.get(key);
    if (known === undefined || Math.abs(edge.distance) < Math.abs(known.distance)) kept.set(key, edge);
  }
  return [...kept.values()];
}

export function edgeKey(edge: ColumnLineageEdge): string {
  return `${edge.fromDataset}.${edge.fromColumn}>${edge.toDataset}.${edge.toColumn}:${edge.kind}`;
}
