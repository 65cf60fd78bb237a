"use client";

import { useMemo } from "react";
import { GraphCanvas } from "@/ui/graph/graph-canvas.tsx";
import { toBoxes, toLines } from "../draw-graph.ts";
import type { JudgedNode } from "../judge-node.ts";
import type { PreparedGraph } from "../prepare-graph.ts";
import { BoxActionsContext, NODE_TYPES } from "./graph-boxes.tsx";

interface PipelinesCanvasProps {
  readonly prepared: PreparedGraph;
  readonly judged: ReadonlyMap<string, JudgedNode>;
  readonly selected: string;
  readonly onSelect: (dataset: string) => void;
  readonly onToggle: (group: string) => void;
  readonly onOpen: (dataset: string) => void;
}

/** The graph drawn: groups as boxes or frames, datasets inside them. */
export function PipelinesCanvas({ prepared, judged, selected, onSelect, onToggle, onOpen }: PipelinesCanvasProps) {
  const boxes = useMemo(() => toBoxes(prepared, judged, selected), [prepared, judged, selected]);
  const lines = useMemo(() => toLines(prepared, selected), [prepared, selected]);
  const actions = useMemo(() => ({ select: onSelect, toggle: onToggle }), [onSelect, onToggle]);
  return (
    <BoxActionsContext value={actions}>
      <GraphCanvas
        label="Pipelines"
        boxes={boxes}
        lines={lines}
        nodeTypes={NODE_TYPES}
        focus={
          prepared.lines.length > 0 && isDrawn(boxes, selected)
            ? { id: selected, label: "Centre what is selected" }
            : null
        }
        onOpen={(id) => {
          const group = prepared.groups.find((one) => one.id === id);
          if (group === undefined) onOpen(id);
          else onToggle(group.name);
        }}
        className="h-[460px] md:h-[max(480px,calc(100dvh-272px))]"
        minZoom={0.05}
        otherwise="The table shows the same datasets."
      />
    </BoxActionsContext>
  );
}

function isDrawn(boxes: readonly { readonly id: string }[], id: string): boolean {
  return boxes.some((box) => box.id === id);
}
