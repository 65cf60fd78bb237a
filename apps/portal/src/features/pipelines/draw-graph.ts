import type { GraphBox, GraphLine } from "@/ui/graph/graph-model.ts";
import type { JudgedNode } from "./judge-node.ts";
import type { PreparedGraph } from "./prepare-graph.ts";

export const NODE_SIZE = { width: 232, height: 52 } as const;
export const GROUP_SIZE = { width: 264, height: 84 } as const;
/** At least: it grows round its datasets. */
const FRAME_SIZE = { width: 380, height: 84 } as const;

/** The prepared graph as boxes: a closed group is one, an open one a frame round its datasets. */
export function toBoxes(
  { groups }: PreparedGraph,
  judged: ReadonlyMap<string, JudgedNode>,
  selected: string,
): GraphBox[] {
  return groups.flatMap((group): GraphBox[] => [
    {
      id: group.id,
      type: group.open ? "group-frame" : "group-box",
      ...(group.open ? FRAME_SIZE : GROUP_SIZE),
      column: group.column,
      frame: null,
      data: { group },
    },
    ...(group.open
      ? group.shown.map(({ name }): GraphBox => ({
          id: name,
          type: "dataset",
          ...NODE_SIZE,
          column: null,
          frame: group.id,
          data: { name, judged: judged.get(name) ?? null, selected: name === selected },
        }))
      : []),
  ]);
}

/** Lines to and from what is selected stand out. */
export function toLines({ lines }: PreparedGraph, selected: string): GraphLine[] {
  return lines.map((line) => ({
    ...line,
    stroke:
      line.from === selected || line.to === selected
        ? { color: "var(--accent)", width: 2 }
        : { color: "var(--line-strong)", width: 1.25 },
  }));
}
