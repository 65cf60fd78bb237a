import type { ElkNode } from "elkjs/lib/elk-api.js";
import type { GraphBox, GraphLine } from "./graph-model.ts";

/** Room inside a frame: its head above, a margin round the rest. */
const FRAME_PADDING = "[top=52,left=16,bottom=16,right=16]";
/** The slower placement gives the straightest lines; beyond this many boxes and lines it costs seconds. */
const FEW = 160;

const LAYERED = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
} as const;

function optionsFor(boxes: number, lines: number): Record<string, string> {
  const few = boxes + lines <= FEW;
  return {
    ...LAYERED,
    "elk.layered.spacing.nodeNodeBetweenLayers": "72",
    "elk.spacing.nodeNode": "16",
    "elk.spacing.componentComponent": "16",
    "elk.aspectRatio": "1.6",
    "elk.layered.nodePlacement.strategy": few ? "NETWORK_SIMPLEX" : "BRANDES_KOEPF",
    ...(few ? {} : { "elk.layered.thoroughness": "1" }),
  };
}

/**
 * The drawing as the layout engine takes it. A frame is laid out by itself with the lines inside it; outside, a line to
 * one of its boxes counts as a line to the frame. So a thousand boxes cost what their frames cost one by one.
 */
export function elkGraph(
  boxes: readonly GraphBox[],
  lines: readonly Pick<GraphLine, "from" | "to">[],
): ElkNode & { children: ElkNode[] } {
  const frameOf = new Map(boxes.map((box) => [box.id, box.frame]));
  const held = Map.groupBy(
    boxes.filter((box) => box.frame !== null),
    (box) => box.frame ?? "",
  );
  const edges = new Map<string | null, Map<string, { from: string; to: string }>>();
  for (const line of lines) {
    const [from, to] = [frameOf.get(line.from) ?? line.from, frameOf.get(line.to) ?? line.to];
    const inside = from === to;
    const ends = inside ? line : { from, to };
    const level = inside ? from : null;
    const known = edges.get(level) ?? new Map<string, { from: string; to: string }>();
    known.set(`${ends.from}>${ends.to}`, { from: ends.from, to: ends.to });
    edges.set(level, known);
  }
  const edgesOf = (level: string | null) =>
    [...(edges.get(level)?.values() ?? [])].map(({ from, to }) => ({
      id: `${from}>${to}`,
      sources: [from],
      targets: [to],
    }));
  const outside = edgesOf(null);
  const top = boxes.filter((box) => box.frame === null);
  return {
    id: "root",
    layoutOptions: {
      ...optionsFor(top.length, outside.length),
      ...(top.some((box) => box.column !== null) ? { "elk.partitioning.activate": "true" } : {}),
    },
    edges: outside,
    children: top.map((box): ElkNode => {
      const column: Record<string, string> =
        box.column === null ? {} : { "elk.partitioning.partition": String(box.column) };
      const inside = held.get(box.id);
      if (inside === undefined) return { id: box.id, width: box.width, height: box.height, layoutOptions: column };
      const within = edgesOf(box.id);
      return {
        id: box.id,
        layoutOptions: {
          ...column,
          ...optionsFor(inside.length, within.length),
          "elk.padding": FRAME_PADDING,
          "elk.nodeSize.constraints": "[MINIMUM_SIZE]",
          "elk.nodeSize.minimum": `(${box.width},${box.height})`,
        },
        edges: within,
        children: inside.map(({ id, width, height }) => ({ id, width, height })),
      };
    }),
  };
}
