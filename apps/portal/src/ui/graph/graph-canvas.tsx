"use client";

import "@xyflow/react/dist/base.css";
import {
  type Edge,
  MarkerType,
  type Node,
  type NodeTypes,
  Panel,
  ReactFlow,
  type ReactFlowInstance,
  ReactFlowProvider,
  useReactFlow,
} from "@xyflow/react";
import { Crosshair, Maximize, ZoomIn, ZoomOut } from "lucide-react";
import { type KeyboardEvent, type MouseEvent, type ReactNode, useMemo, useRef } from "react";
import { IconButton } from "../button.tsx";
import { EmptyState } from "../empty-state.tsx";
import { Skeleton } from "../skeleton.tsx";
import type { GraphBox, GraphLine } from "./graph-model.ts";
import type { Place } from "./lay-out.ts";
import { type Direction, nearestNode } from "./nearest-node.ts";
import { usePlaces } from "./use-places.ts";

const ARROWS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};
/**
 * The variables are the library's own. It lets the mouse through boxes that it does not select or drag itself: what can be
 * pressed in them is ours.
 */
const CANVAS_CLASS =
  "[&_button]:pointer-events-auto [--xy-attribution-background-color:transparent] [&_a]:px-1 [&_a]:text-2xs [&_a]:!text-fg-subtle";
/** Text stays readable at first sight; "Fit everything" goes further out. */
const FIRST_VIEW = { padding: 0.12, maxZoom: 1, minZoom: 0.55 } as const;
/** Fewer boxes than this are drawn at once; of more, only those in view. */
const DRAWN_AT_ONCE = 80;

export interface GraphCanvasProps {
  readonly label: string;
  readonly boxes: readonly GraphBox[];
  readonly lines: readonly GraphLine[];
  /** Draw the boxes by their type. What is pressed carries `data-canvas-node={id}`, what moves boxes about `data-canvas-anchor={id}`. */
  readonly nodeTypes: NodeTypes;
  /** The box that a button brings into view, and what the button says. */
  readonly focus: { readonly id: string; readonly label: string } | null;
  /** Enter or a double click on a box. */
  readonly onOpen: (id: string) => void;
  /** Its height; by class, lower on narrow screens so that the page can still be scrolled past it. */
  readonly className: string;
  readonly minZoom?: number;
  /** What else says the same, for when drawing fails. */
  readonly otherwise: ReactNode;
}

/** A drawing of boxes and lines: laid out in a worker, moved with the mouse, walked with the arrow keys. */
export function GraphCanvas(props: GraphCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({
  label,
  boxes,
  lines,
  nodeTypes,
  focus,
  onOpen,
  className,
  minZoom = 0.15,
  otherwise,
}: GraphCanvasProps) {
  const flow = useReactFlow();
  const anchor = useRef(focus?.id ?? "");
  const { places, failed } = usePlaces(boxes, lines, anchor, flow);
  const nodes = useMemo(() => (places === null ? [] : toNodes(boxes, places)), [boxes, places]);
  const edges = useMemo(() => lines.map(toEdge), [lines]);

  function onKeyDown(event: KeyboardEvent): void {
    const at = idUnder(event.target, "data-canvas-node");
    if (at === null || places === null) return;
    if (event.key === "Enter") {
      event.preventDefault();
      onOpen(at);
      return;
    }
    const direction = ARROWS[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    const centres = centresOf(boxes, places);
    const next = nearestNode(centres, at, direction);
    const centre = centres.find((one) => one.id === next);
    if (next !== null && centre !== undefined) void goTo(flow, next, centre);
  }

  function onClickCapture({ target }: MouseEvent): void {
    anchor.current = idUnder(target, "data-canvas-anchor") ?? idUnder(target, "data-canvas-node") ?? anchor.current;
  }

  function onDoubleClick({ target }: MouseEvent): void {
    const at = idUnder(target, "data-canvas-node");
    if (at !== null) onOpen(at);
  }

  if (failed !== null) {
    return (
      <EmptyState kind="broken" title="The graph could not be drawn">
        {failed} {otherwise}
      </EmptyState>
    );
  }
  if (places === null)
    return (
      <div className={className}>
        <Skeleton height="100%" />
      </div>
    );
  return (
    <div
      onKeyDown={onKeyDown}
      onClickCapture={onClickCapture}
      onDoubleClick={onDoubleClick}
      role="group"
      aria-label={label}
      className={`${CANVAS_CLASS} ${className}`}
    >
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        fitView
        fitViewOptions={FIRST_VIEW}
        minZoom={minZoom}
        maxZoom={1.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        onlyRenderVisibleElements={boxes.length > DRAWN_AT_ONCE}
        zoomOnScroll={false}
        zoomOnDoubleClick={false}
        preventScrolling={false}
        panOnScroll={false}
      >
        <Panel position="bottom-left" className="flex gap-1 rounded-md border border-line bg-raised p-0.5">
          <IconButton size="sm" label="Zoom in" icon={<ZoomIn aria-hidden />} onClick={() => void flow.zoomIn()} />
          <IconButton size="sm" label="Zoom out" icon={<ZoomOut aria-hidden />} onClick={() => void flow.zoomOut()} />
          <IconButton
            size="sm"
            label="Fit everything in view"
            icon={<Maximize aria-hidden />}
            onClick={() => void flow.fitView({ padding: 0.12, maxZoom: 1, duration: 200 })}
          />
          {focus === null ? null : (
            <IconButton
              size="sm"
              label={focus.label}
              icon={<Crosshair aria-hidden />}
              onClick={() => void flow.fitView({ nodes: [{ id: focus.id }], maxZoom: 1, duration: 200 })}
            />
          )}
        </Panel>
      </ReactFlow>
    </div>
  );
}

function toNodes(boxes: readonly GraphBox[], places: ReadonlyMap<string, Place>): Node[] {
  return boxes.flatMap(({ id, type, data, frame }): Node[] => {
    const place = places.get(id);
    if (place === undefined || (frame !== null && !places.has(frame))) return [];
    const { x, y, width, height } = place;
    // Library and layout both measure from the frame's corner.
    return [
      { id, type, data, position: { x, y }, width, height, ...(frame === null ? {} : { parentId: frame, zIndex: 1 }) },
    ];
  });
}

function toEdge({ id, from, to, handles, stroke: { color, width, dash } }: GraphLine): Edge {
  return {
    id,
    source: from,
    target: to,
    style: { stroke: color, strokeWidth: width, ...(dash === undefined ? {} : { strokeDasharray: dash }) },
    markerEnd: { type: MarkerType.ArrowClosed, width: 14, height: 14, color },
    ...(handles === undefined ? {} : { sourceHandle: handles.from, targetHandle: handles.to }),
  };
}

function centresOf(boxes: readonly GraphBox[], places: ReadonlyMap<string, Place>) {
  const frames = new Set(boxes.map(({ frame }) => frame));
  return boxes.flatMap(({ id, frame }) => {
    const place = places.get(id);
    if (place === undefined) return [];
    const outer = frame === null ? undefined : places.get(frame);
    // What one reads of a frame is its head.
    const height = frames.has(id) ? 0 : place.height;
    return [{ id, x: (outer?.x ?? 0) + place.x + place.width / 2, y: (outer?.y ?? 0) + place.y + height / 2 }];
  });
}

function idUnder(target: EventTarget, attribute: string): string | null {
  return target instanceof Element ? (target.closest(`[${attribute}]`)?.getAttribute(attribute) ?? null) : null;
}

/** Brings a box into view and gives it the focus; one that was out of view is drawn first. */
async function goTo(
  flow: ReactFlowInstance,
  id: string,
  { x, y }: { readonly x: number; readonly y: number },
): Promise<void> {
  const focusIt = (): boolean => {
    const box = document.querySelector<HTMLElement>(`[data-canvas-node="${CSS.escape(id)}"]`);
    box?.focus({ preventScroll: true });
    return box !== null;
  };
  const there = focusIt();
  await flow.setCenter(x, y, { zoom: flow.getZoom(), duration: 150 });
  if (!there) requestAnimationFrame(() => void focusIt());
}
