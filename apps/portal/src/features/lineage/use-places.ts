"use client";

import type { ReactFlowInstance } from "@xyflow/react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { type CanvasEdge, type CanvasNode, NODE_WIDTH, nodeHeight, structureOf } from "./canvas-model.ts";
import { layOut, type Place } from "./lay-out.ts";

interface Places {
  /** Null until the first layout is there; the last one stays while the next is made. */
  readonly places: ReadonlyMap<string, Place> | null;
  readonly failed: string | null;
}

/**
 * Where every box stands. Laid out again only when boxes or edges change, not when their states do; the anchor then
 * stays where it is on screen, so that opening a node never makes the graph jump away.
 */
export function usePlaces(
  nodes: readonly CanvasNode[],
  edges: readonly CanvasEdge[],
  anchor: RefObject<string>,
  flow: Pick<ReactFlowInstance, "getViewport" | "setViewport">,
): Places {
  const [state, setState] = useState<Places>({ places: null, failed: null });
  const structure = structureOf(nodes, edges);
  const latest = useRef({ nodes, edges, places: state.places });
  useEffect(() => {
    latest.current = { nodes, edges, places: state.places };
  });
  useEffect(() => {
    let stale = false;
    const { nodes: boxes, edges: lines } = latest.current;
    layOut(
      boxes.map((node) => ({ id: node.id, width: NODE_WIDTH, height: nodeHeight(node), column: node.column })),
      lines,
    ).then(
      (places) => {
        if (stale) return;
        const before = latest.current.places?.get(anchor.current);
        const after = places.get(anchor.current);
        setState({ places, failed: null });
        if (before === undefined || after === undefined) return;
        const { x, y, zoom } = flow.getViewport();
        void flow.setViewport({ x: x + (before.x - after.x) * zoom, y: y + (before.y - after.y) * zoom, zoom });
      },
      (error: unknown) => {
        if (!stale) setState({ places: null, failed: error instanceof Error ? error.message : String(error) });
      },
    );
    return () => {
      stale = true;
    };
  }, [structure, anchor, flow]);
  return state;
}
