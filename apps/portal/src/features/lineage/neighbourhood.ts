import type { LineageDatasetRow, LineageGraph, LineageSourceRow } from "@nova/db/read-models";
import type { Extent } from "./lineage-search.ts";

export type GraphNode = (
  | ({ readonly kind: "dataset" } & LineageDatasetRow)
  | ({ readonly kind: "source"; readonly name: string } & Omit<LineageSourceRow, "id">)
) & {
  /** Steps from the focus: negative upstream, 0 itself. */
  readonly distance: number;
  /** Inputs and readers that are not shown. */
  readonly hiddenInputs: number;
  readonly hiddenReaders: number;
};

export interface Neighbourhood {
  readonly nodes: readonly GraphNode[];
  readonly edges: LineageGraph["edges"];
  /** Everything upstream and downstream, shown or not. */
  readonly totalUp: number;
  readonly totalDown: number;
}

/** Who reads what, ready to walk both ways. */
export interface Adjacency {
  readonly inputs: ReadonlyMap<string, readonly string[]>;
  readonly readers: ReadonlyMap<string, readonly string[]>;
}

export function adjacency(edges: LineageGraph["edges"]): Adjacency {
  const inputs = new Map<string, string[]>();
  const readers = new Map<string, string[]>();
  for (const { from, to } of edges) {
    inputs.set(to, [...(inputs.get(to) ?? []), from]);
    readers.set(from, [...(readers.get(from) ?? []), to]);
  }
  return { inputs, readers };
}

/** Names within `depth` steps of `start` with their number of steps; the start itself is 0. Survives cycles. */
export function walk(next: ReadonlyMap<string, readonly string[]>, start: string, depth: number): Map<string, number> {
  const distances = new Map([[start, 0]]);
  let edge = [start];
  for (let step = 1; step <= depth && edge.length > 0; step += 1) {
    edge = edge.flatMap((name) => next.get(name) ?? []).filter((name) => !distances.has(name));
    for (const name of edge) distances.set(name, step);
    edge = [...new Set(edge)];
  }
  return distances;
}

/** The part of the graph round `focus` that is asked for, with counts of what stays hidden beside every node. */
export function neighbourhood(graph: LineageGraph, focus: string, extent: Extent): Neighbourhood {
  const { inputs, readers } = adjacency(graph.edges);
  const shown = new Map<string, number>();
  for (const [name, steps] of walk(inputs, focus, extent.up)) shown.set(name, 0 - steps);
  for (const [name, steps] of walk(readers, focus, extent.down)) if (!shown.has(name)) shown.set(name, steps);
  openOneByOne(shown, extent.open, { inputs, readers });
  const hidden = (names: readonly string[] | undefined): number =>
    (names ?? []).filter((name) => !shown.has(name)).length;
  const counts = (name: string) => ({
    distance: shown.get(name) ?? 0,
    hiddenInputs: hidden(inputs.get(name)),
    hiddenReaders: hidden(readers.get(name)),
  });
  return {
    nodes: [
      ...graph.sources
        .filter((source) => shown.has(source.id))
        .map(({ id, ...source }): GraphNode => ({ kind: "source", name: id, ...source, ...counts(id) })),
      ...graph.datasets
        .filter((dataset) => shown.has(dataset.name))
        .map((dataset): GraphNode => ({ kind: "dataset", ...dataset, ...counts(dataset.name) })),
    ],
    edges: graph.edges.filter((edge) => shown.has(edge.from) && shown.has(edge.to)),
    totalUp: walk(inputs, focus, Number.POSITIVE_INFINITY).size - 1,
    totalDown: walk(readers, focus, Number.POSITIVE_INFINITY).size - 1,
  };
}

/** Opens nodes until nothing new appears: one opened node may show another that is opened too. */
function openOneByOne(shown: Map<string, number>, open: readonly string[], { inputs, readers }: Adjacency): void {
  let before = -1;
  while (before !== shown.size) {
    before = shown.size;
    for (const entry of open) {
      const name = entry.slice(1);
      const at = shown.get(name);
      if (at === undefined) continue;
      const upstream = entry.startsWith("<");
      for (const next of (upstream ? inputs : readers).get(name) ?? [])
        if (!shown.has(next)) shown.set(next, at + (upstream ? -1 : 1));
    }
  }
}
