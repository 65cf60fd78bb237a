import ELK, { type ELK as Engine } from "elkjs/lib/elk-api.js";
import { elkGraph } from "./elk-graph.ts";
import type { GraphBox, GraphLine } from "./graph-model.ts";

/** Where a box stands, from its frame's corner when it has one. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A layout that takes longer is given up; the table says the same. */
const DEADLINE_MILLIS = 30_000;

let engine: Engine | undefined;

/** Places boxes left to right along their lines, in a web worker. Throws when it takes too long or the worker cannot start. */
export async function layOut(
  boxes: readonly GraphBox[],
  lines: readonly GraphLine[],
): Promise<ReadonlyMap<string, Place>> {
  engine ??= new ELK({ workerFactory: () => new Worker(new URL("./elk-layout.worker.ts", import.meta.url)) });
  const placed = await withinDeadline(engine.layout(elkGraph(boxes, lines)));
  const all = (placed.children ?? []).flatMap((child) => [child, ...(child.children ?? [])]);
  return new Map(all.map(({ id, x = 0, y = 0, width = 0, height = 0 }) => [id, { x, y, width, height }]));
}

async function withinDeadline<Result>(work: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("The layout took too long.")), DEADLINE_MILLIS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
