import ELK, { type ELK as Engine } from "elkjs/lib/elk-api.js";

export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Boxes of a lower column stand left of those of a higher one. */
  readonly column: number;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

const OPTIONS = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.partitioning.activate": "true",
  "elk.layered.spacing.nodeNodeBetweenLayers": "72",
  "elk.spacing.nodeNode": "16",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
} as const;

/** A layout that takes longer is given up; the table says the same. */
const DEADLINE_MILLIS = 30_000;

let engine: Engine | undefined;

/** Places boxes left to right along their edges, in a web worker. Throws when it takes too long or the worker cannot start. */
export async function layOut(
  boxes: readonly Box[],
  edges: readonly { readonly from: string; readonly to: string }[],
): Promise<ReadonlyMap<string, Place>> {
  engine ??= new ELK({ workerFactory: () => new Worker(new URL("./elk-layout.worker.ts", import.meta.url)) });
  const asked = engine.layout({
    id: "root",
    layoutOptions: { ...OPTIONS },
    children: boxes.map(({ id, width, height, column }) => ({
      id,
      width,
      height,
      layoutOptions: { "elk.partitioning.partition": String(column) },
    })),
    edges: edges.map(({ from, to }, index) => ({ id: String(index), sources: [from], targets: [to] })),
  });
  const placed = await withinDeadline(asked);
  return new Map((placed.children ?? []).map((child) => [child.id, { x: child.x ?? 0, y: child.y ?? 0 }]));
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
