import { LAYERS } from "@nova/pipeline-core/catalog";
import type { ColumnEdgeKind } from "@nova/pipeline-core/lineage";

/** Left to right, as data flows. */
const COLUMNS = ["source", ...LAYERS] as const;
type GraphLayer = (typeof COLUMNS)[number];

const LAYER_WORD: Record<GraphLayer, string> = {
  source: "Source",
  raw: "Raw",
  staged: "Staged",
  curated: "Curated",
  mart: "Mart",
  export: "Export",
};

/** The layer of a dataset by its name; sources and streams stand before all. */
export function graphLayer(name: string): GraphLayer {
  return LAYERS.find((layer) => name.startsWith(`${layer}.`)) ?? "source";
}

/** The layer in words; a stream is told apart from its source. */
export function layerWord(name: string): string {
  return name.includes("/") ? "Stream" : LAYER_WORD[graphLayer(name)];
}

export function layerPosition(name: string): number {
  return COLUMNS.indexOf(graphLayer(name));
}

export const EDGE_KIND_WORDS: Record<ColumnEdgeKind, { readonly label: string; readonly meaning: string }> = {
  identity: { label: "Identity", meaning: "passed on as it is" },
  transformed: { label: "Transformed", meaning: "computed from it" },
  indirect: { label: "Indirect", meaning: "only filters, joins or groups" },
};

/** "2 steps upstream", "in focus". */
export function distanceWords(distance: number): string {
  if (distance === 0) return "in focus";
  const steps = Math.abs(distance);
  return `${steps} ${steps === 1 ? "step" : "steps"} ${distance < 0 ? "upstream" : "downstream"}`;
}
