"use client";

import { useMemo } from "react";
import { GraphCanvas } from "@/ui/graph/graph-canvas.tsx";
import type { GraphBox, GraphLine } from "@/ui/graph/graph-model.ts";
import { type CanvasEdge, type CanvasNode, NODE_WIDTH, nodeHeight } from "../canvas-model.ts";
import { type BoxActions, CanvasBox } from "./canvas-box.tsx";

const NODE_TYPES = { box: CanvasBox };
const STROKE = {
  table: { color: "var(--line-strong)", width: 1.25 },
  identity: { color: "var(--line-strong)", width: 1.5 },
  transformed: { color: "var(--accent)", width: 1.75 },
  indirect: { color: "var(--line-strong)", width: 1.25, dash: "4 4" },
} as const;

interface LineageCanvasProps extends BoxActions {
  readonly label: string;
  readonly nodes: readonly CanvasNode[];
  readonly edges: readonly CanvasEdge[];
  readonly focus: string;
  readonly selected: string;
  readonly onOpen: (id: string) => void;
}

/** The lineage drawn: datasets left to right in the order of their layers. */
export function LineageCanvas({ label, nodes, edges, focus, selected, onOpen, select, toggle }: LineageCanvasProps) {
  const boxes = useMemo(
    () =>
      nodes.map((node): GraphBox => ({
        id: node.id,
        type: "box",
        width: NODE_WIDTH,
        height: nodeHeight(node),
        column: node.column,
        frame: null,
        data: { node, selected: node.id === selected, actions: { select, toggle } },
      })),
    [nodes, selected, select, toggle],
  );
  const lines = useMemo(() => edges.map(toLine), [edges]);
  return (
    <GraphCanvas
      label={label}
      boxes={boxes}
      lines={lines}
      nodeTypes={NODE_TYPES}
      focus={{ id: focus, label: "Centre the dataset in focus" }}
      onOpen={onOpen}
      className="h-[420px] md:h-[560px]"
      otherwise="The table shows the same lineage."
    />
  );
}

function toLine({ id, from, to, columns }: CanvasEdge): GraphLine {
  return {
    id,
    from,
    to,
    stroke: STROKE[columns?.kind ?? "table"],
    ...(columns === null ? {} : { handles: { from: `>${columns.from}`, to: `<${columns.to}` } }),
  };
}
