import { describe, expect, it } from "vitest";
import { pathDatasets, type PathEdge, shownEdges } from "./column-path.ts";
import { distanceWords, layerPosition, layerWord } from "./lineage-words.ts";
import { nearestNode } from "@/ui/graph/nearest-node.ts";

function edge(from: string, to: string, kind: PathEdge["kind"], distance: number): PathEdge {
  const split = (text: string): [string, string] => {
    const at = text.lastIndexOf(".");
    return [text.slice(0, at), text.slice(at + 1)];
  };
  const [fromDataset, fromColumn] = split(from);
  const [toDataset, toColumn] = split(to);
  return { fromDataset, fromColumn, toDataset, toColumn, kind, distance, expression: "" };
}

const EDGES = [
  edge("orders_db/public.orders.total", "staged.orders.total", "identity", -2),
  edge("staged.orders.total", "curated.orders.total", "transformed", -1),
  edge("staged.orders.status", "curated.orders.total", "indirect", -1),
  edge("curated.orders.total", "mart.sales.revenue", "transformed", 1),
];

describe("a column's path", () => {
  it("lists per dataset the columns that take part, those that only filter last", () => {
    expect(pathDatasets(EDGES, "curated.orders", "total")).toEqual([
      { name: "curated.orders", columns: [{ name: "total", onlyIndirect: false }] },
      { name: "orders_db/public.orders", columns: [{ name: "total", onlyIndirect: false }] },
      {
        name: "staged.orders",
        columns: [
          { name: "total", onlyIndirect: false },
          { name: "status", onlyIndirect: true },
        ],
      },
      { name: "mart.sales", columns: [{ name: "revenue", onlyIndirect: false }] },
    ]);
  });

  it("still shows the column itself when nothing leads to it", () => {
    expect(pathDatasets([], "curated.orders", "total")).toEqual([
      { name: "curated.orders", columns: [{ name: "total", onlyIndirect: false }] },
    ]);
  });

  it("leaves indirect edges out on demand and shows each edge once, at its shortest distance", () => {
    expect(shownEdges(EDGES, "hide")).toHaveLength(3);
    const twice = [edge("a.x.c", "b.y.c", "identity", -3), edge("a.x.c", "b.y.c", "identity", -1)];
    expect(shownEdges(twice, "show")).toMatchObject([{ distance: -1 }]);
  });
});

describe("names in the graph", () => {
  it("stand in the column of their layer; streams and sources stand first", () => {
    const names = ["stripe", "orders_db/public.orders", "raw.stripe", "staged.a", "curated.a", "mart.a", "export.a"];
    expect(names.map(layerPosition)).toEqual([0, 0, 1, 2, 3, 4, 5]);
    expect(layerWord("orders_db/public.orders")).toBe("Stream");
    expect(layerWord("stripe")).toBe("Source");
  });

  it("say how far they are", () => {
    expect([-2, -1, 0, 1].map(distanceWords)).toEqual([
      "2 steps upstream",
      "1 step upstream",
      "in focus",
      "1 step downstream",
    ]);
  });
});

describe("an arrow key in the graph", () => {
  const nodes = [
    { id: "left", x: 0, y: 0 },
    { id: "middle", x: 300, y: 10 },
    { id: "below", x: 300, y: 100 },
    { id: "right", x: 600, y: 0 },
  ];

  it("leads to the closest node in its direction", () => {
    expect(nearestNode(nodes, "left", "right")).toBe("middle");
    expect(nearestNode(nodes, "right", "left")).toBe("middle");
    expect(nearestNode(nodes, "middle", "down")).toBe("below");
  });

  it("stays where nothing lies in its direction", () => {
    expect(nearestNode(nodes, "left", "left")).toBeNull();
  });
});
