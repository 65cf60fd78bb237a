"use client";

import type { ReactFlowInstance } from "@xyflow/react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { type GraphBox, type GraphLine, structureOf } from "./graph-model.ts";
import { layOut, type Place } from "./lay-out.ts";

interface Places {
  /** Null until the first layout is there; the last one stays while the next is made. */
  readonly places: ReadonlyMap<string, Place> | null;
  readonly failed: string | null;
}

/**
 * Where every box stands. Laid out again only when boxes or lines change, not when what they show does; the anchor then
 * stays where it is on screen, so that opening a box never makes the graph jump away.
 */
export function usePlaces(
  boxes: readonly GraphBox[],
  lines: readonly GraphLine[],
  anchor: RefObject<string>,
  flow: Pick<ReactFlowInstance, "getViewport" | "setViewport">,
): Places {
  const [state, setState] = useState<Places>({ places: null, failed: null });
  const structure = structureOf(boxes, lines);
  const latest = useRef({ boxes, lines, places: state.places });
  useEffect(() => {
    latest.current = { boxes, lines, places: state.places };
  });
  useEffect(() => {
    let stale = false;
    layOut(latest.current.boxes, latest.current.lines).then(
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
