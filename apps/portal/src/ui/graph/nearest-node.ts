export type Direction = "left" | "right" | "up" | "down";

export interface Positioned {
  readonly id: string;
  /** Centre. */
  readonly x: number;
  readonly y: number;
}

/** How much a step aside counts against a step ahead. */
const ASIDE = 2;

/** The node an arrow key leads to: the closest one that lies in that direction; null at the edge. */
export function nearestNode(nodes: readonly Positioned[], from: string, direction: Direction): string | null {
  const start = nodes.find((node) => node.id === from);
  if (start === undefined) return nodes[0]?.id ?? null;
  const horizontal = direction === "left" || direction === "right";
  const sign = direction === "right" || direction === "down" ? 1 : -1;
  const ahead = nodes
    .map((node) => {
      const forward = (horizontal ? node.x - start.x : node.y - start.y) * sign;
      const aside = Math.abs(horizontal ? node.y - start.y : node.x - start.x);
      return { id: node.id, forward, cost: forward + aside * ASIDE };
    })
    .filter((node) => node.forward > 1)
    .toSorted((a, b) => a.cost - b.cost);
  return ahead[0]?.id ?? null;
}
