import type { LineageDatasetRow } from "@nova/db/read-models";
import { judgeVerdict, VERDICT_WORDS } from "@/features/health/index.ts";
import { SOURCE_STATE_WORDS } from "@/features/sources/index.ts";
import type { CanvasEdge, CanvasNode } from "./canvas-model.ts";
import { edgeKey, pathDatasets, type PathEdge } from "./column-path.ts";
import { layerPosition, layerWord } from "./lineage-words.ts";
import type { GraphNode, Neighbourhood } from "./neighbourhood.ts";

interface Drawing {
  readonly nodes: readonly CanvasNode[];
  readonly edges: readonly CanvasEdge[];
}

const NOTHING_HIDDEN = {
  hiddenInputs: 0,
  hiddenReaders: 0,
  opened: { inputs: false, readers: false },
  columns: [],
} as const;

/** The table graph as boxes and lines. */
export function drawTables(around: Neighbourhood, focus: string, open: readonly string[], now: Date): Drawing {
  return {
    nodes: around.nodes.map((node) => ({
      id: node.name,
      column: layerPosition(node.name),
      layer: layerWord(node.name),
      status: statusOf(node, now),
      isFocus: node.name === focus,
      hiddenInputs: node.hiddenInputs,
      hiddenReaders: node.hiddenReaders,
      opened: { inputs: open.includes(`<${node.name}`), readers: open.includes(`>${node.name}`) },
      columns: [],
    })),
    edges: around.edges.map(({ from, to }) => ({ id: `${from}>${to}`, from, to, columns: null })),
  };
}

function statusOf(node: GraphNode, now: Date): CanvasNode["status"] {
  switch (node.kind) {
    case "source":
      return SOURCE_STATE_WORDS[node.state];
    case "dataset":
      return VERDICT_WORDS[judgeVerdict(node, now).verdict];
  }
}

/** A column's path as boxes that list the columns that take part. */
export function drawColumns(
  edges: readonly PathEdge[],
  datasets: readonly LineageDatasetRow[],
  focus: { readonly dataset: string; readonly column: string },
  now: Date,
): Drawing {
  const known = new Map(datasets.map((dataset) => [dataset.name, dataset]));
  return {
    nodes: pathDatasets(edges, focus.dataset, focus.column).map(({ name, columns }) => {
      const dataset = known.get(name);
      return {
        ...NOTHING_HIDDEN,
        id: name,
        column: layerPosition(name),
        layer: layerWord(name),
        status: dataset === undefined ? null : VERDICT_WORDS[judgeVerdict(dataset, now).verdict],
        isFocus: name === focus.dataset,
        columns: columns.map((column) => ({
          ...column,
          isFocus: name === focus.dataset && column.name === focus.column,
        })),
      };
    }),
    edges: edges.map((edge) => ({
      id: edgeKey(edge),
      from: edge.fromDataset,
      to: edge.toDataset,
      columns: { from: edge.fromColumn, to: edge.toColumn, kind: edge.kind },
    })),
  };
}
