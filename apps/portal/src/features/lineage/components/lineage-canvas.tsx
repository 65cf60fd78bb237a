"use client";

import "@xyflow/react/dist/base.css";
import { type Edge, MarkerType, Panel, ReactFlow, ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { Crosshair, Maximize } from "lucide-react";
import { type KeyboardEvent, useMemo, useRef } from "react";
import { IconButton } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { type CanvasEdge, type CanvasNode, NODE_WIDTH, nodeHeight } from "../canvas-model.ts";
import { type Direction, nearestNode } from "../nearest-node.ts";
import { usePlaces } from "../use-places.ts";
import { type BoxActions, type BoxNode, CanvasBox } from "./canvas-box.tsx";

const NODE_TYPES = { box: CanvasBox };
const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};
const EDGE_STYLE = {
  table: { stroke: "var(--line-strong)", strokeWidth: 1.25 },
  identity: { stroke: "var(--line-strong)", strokeWidth: 1.5 },
  transformed: { stroke: "var(--accent)", strokeWidth: 1.75 },
  indirect: { stroke: "var(--line-strong)", strokeWidth: 1.25, strokeDasharray: "4 4" },
} as const;

/** Lower on narrow screens, so that the page can still be scrolled past it. The variables are the library's own. */
const CANVAS_CLASS =
  "h-[420px] md:h-[560px] [--xy-attribution-background-color:transparent] [&_a]:px-1 [&_a]:text-2xs [&_a]:!text-fg-subtle";
/** Text stays readable at first sight; "Fit everything" goes further out. */
const FIRST_VIEW = { padding: 0.12, maxZoom: 1, minZoom: 0.55 } as const;

interface LineageCanvasProps extends BoxActions {
  readonly label: string;
  readonly nodes: readonly CanvasNode[];
  readonly edges: readonly CanvasEdge[];
  readonly focus: string;
  readonly selected: string;
  readonly onOpen: (id: string) => void;
}

/** The drawing: laid out in a worker, moved with the mouse, walked with the arrow keys. */
export function LineageCanvas(props: LineageCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({ label, nodes, edges, focus, selected, onOpen, select, toggle }: LineageCanvasProps) {
  const flow = useReactFlow();
  const anchor = useRef(focus);
  const { places, failed } = usePlaces(nodes, edges, anchor, flow);
  const boxes = useMemo((): BoxNode[] => {
    if (places === null) return [];
    const actions: BoxActions = {
      select: (id) => {
        anchor.current = id;
        select(id);
      },
      toggle: (id, side) => {
        anchor.current = id;
        toggle(id, side);
      },
    };
    return nodes.flatMap((node) => {
      const place = places.get(node.id);
      if (place === undefined) return [];
      const size = { width: NODE_WIDTH, height: nodeHeight(node) };
      return [
        {
          id: node.id,
          type: "box",
          position: { x: place.x, y: place.y },
          data: { node, selected: node.id === selected, actions },
          ...size,
        },
      ];
    });
  }, [nodes, places, selected, select, toggle]);
  const lines = useMemo((): Edge[] => edges.map(drawEdge), [edges]);

  function onKeyDown(event: KeyboardEvent): void {
    const box = event.target instanceof Element ? event.target.closest("[data-canvas-node]") : null;
    const at = box?.getAttribute("data-canvas-node");
    if (at === null || at === undefined) return;
    if (event.key === "Enter" && at === selected) {
      event.preventDefault();
      onOpen(at);
      return;
    }
    const direction = ARROWS[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    const centres = boxes.map(({ id, position, width = 0, height: tall = 0 }) => ({
      id,
      x: position.x + width / 2,
      y: position.y + tall / 2,
    }));
    const next = nearestNode(centres, at, direction);
    const centre = centres.find((one) => one.id === next);
    if (next === null || centre === undefined) return;
    document.querySelector<HTMLElement>(`[data-canvas-node="${CSS.escape(next)}"]`)?.focus({ preventScroll: true });
    void flow.setCenter(centre.x, centre.y, { zoom: flow.getZoom(), duration: 150 });
  }

  if (failed !== null) {
    return (
      <EmptyState kind="broken" title="The graph could not be drawn">
        {failed} The table shows the same lineage.
      </EmptyState>
    );
  }
  if (places === null) return <Skeleton height={560} />;
  return (
    <div onKeyDown={onKeyDown} role="group" aria-label={label} className={CANVAS_CLASS}>
      <ReactFlow
        nodes={boxes}
        edges={lines}
        nodeTypes={NODE_TYPES}
        fitView
        fitViewOptions={FIRST_VIEW}
        minZoom={0.15}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        onlyRenderVisibleElements={nodes.length > 80}
        zoomOnScroll={false}
        preventScrolling={false}
        panOnScroll={false}
      >
        <Panel position="bottom-left" className="flex gap-1 rounded-md border border-line bg-raised p-0.5">
          <IconButton
            size="sm"
            label="Fit everything in view"
            icon={<Maximize aria-hidden />}
            onClick={() => void flow.fitView({ padding: 0.12, maxZoom: 1, duration: 200 })}
          />
          <IconButton
            size="sm"
            label="Centre the dataset in focus"
            icon={<Crosshair aria-hidden />}
            onClick={() => void flow.fitView({ nodes: [{ id: focus }], maxZoom: 1, duration: 200 })}
          />
        </Panel>
      </ReactFlow>
    </div>
  );
}

function drawEdge({ id, from, to, columns }: CanvasEdge): Edge {
  const style = EDGE_STYLE[columns?.kind ?? "table"];
  return {
    id,
    source: from,
    target: to,
    style,
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color: style.stroke },
    ...(columns === null ? {} : { sourceHandle: `>${columns.from}`, targetHandle: `<${columns.to}` }),
  };
}
