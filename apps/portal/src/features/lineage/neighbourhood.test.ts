import type { LineageDatasetRow, LineageGraph } from "@nova/db/read-models";
import { describe, expect, it } from "vitest";
import { explainLate } from "./explain-late.ts";
import { neighbourhood } from "./neighbourhood.ts";

const NOW = new Date("2026-11-23T09:00:00Z");

function dataset(name: string, ageSeconds: number | null = 10): LineageDatasetRow {
  return {
    name,
    layer: "curated",
    owner: "Sales",
    rowCount: 1,
    columns: 1,
    lastGoodRun: null,
    targetLagSeconds: 60,
    dataThrough: ageSeconds === null ? null : new Date(NOW.getTime() - ageSeconds * 1_000),
    failingChecks: 0,
    warningChecks: 0,
    checkMessage: null,
  };
}

/** stripe → raw.stripe → staged.charge → curated.payments → mart.books, with curated.orders as a second input of the mart. */
function graphOf(ages: Readonly<Record<string, number | null>> = {}): LineageGraph {
  const names = ["raw.stripe", "staged.charge", "curated.payments", "curated.orders", "mart.books"];
  return {
    datasets: names.map((name) => dataset(name, name in ages ? (ages[name] ?? null) : 10)),
    sources: [{ id: "stripe", state: "retrying", since: NOW, errorKind: "source-unreachable" }],
    edges: [
      { from: "stripe", to: "raw.stripe" },
      { from: "raw.stripe", to: "staged.charge" },
      { from: "staged.charge", to: "curated.payments" },
      { from: "curated.payments", to: "mart.books" },
      { from: "curated.orders", to: "mart.books" },
    ],
  };
}

describe("the neighbourhood of a dataset", () => {
  const names = (extent: { up: number; down: number; open?: string[] }, focus = "curated.payments"): string[] =>
    neighbourhood(graphOf(), focus, { open: [], ...extent })
      .nodes.map((node) => node.name)
      .toSorted();

  it("is the neighbours at depth one, with counts of what is hidden beside them", () => {
    const { nodes, edges, totalUp, totalDown } = neighbourhood(graphOf(), "curated.payments", {
      up: 1,
      down: 1,
      open: [],
    });
    expect(nodes.map((node) => [node.name, node.distance, node.hiddenInputs, node.hiddenReaders])).toEqual([
      ["staged.charge", -1, 1, 0],
      ["curated.payments", 0, 0, 0],
      ["mart.books", 1, 1, 0],
    ]);
    expect(edges).toHaveLength(2);
    expect([totalUp, totalDown]).toEqual([3, 1]);
  });

  it("reaches the source when deep enough", () => {
    expect(names({ up: 8, down: 0 })).toEqual(["curated.payments", "raw.stripe", "staged.charge", "stripe"]);
  });

  it("shows what was opened one by one, also behind something else that was opened", () => {
    expect(names({ up: 0, down: 0, open: ["<raw.stripe", "<staged.charge", "<curated.payments"] })).toEqual([
      "curated.payments",
      "raw.stripe",
      "staged.charge",
      "stripe",
    ]);
    expect(names({ up: 0, down: 1, open: ["<mart.books"] })).toContain("curated.orders");
  });

  it("leaves alone what was opened and is no longer reached", () => {
    expect(names({ up: 0, down: 0, open: ["<mart.books"] })).toEqual(["curated.payments"]);
  });

  it("ends on a cycle", () => {
    const graph = graphOf();
    const looped = { ...graph, edges: [...graph.edges, { from: "mart.books", to: "raw.stripe" }] };
    expect(neighbourhood(looped, "curated.payments", { up: 8, down: 8, open: [] }).nodes).toHaveLength(6);
  });
});

describe("why a dataset is late", () => {
  it("is nothing while it is fresh, whatever is late upstream", () => {
    expect(explainLate(graphOf({ "raw.stripe": 900 }), "curated.payments", NOW)).toBeNull();
  });

  it("begins at the dataset itself when all it reads is fresh", () => {
    expect(explainLate(graphOf({ "curated.payments": 900 }), "curated.payments", NOW)).toMatchObject({
      because: "own",
      roots: [{ name: "curated.payments", path: ["curated.payments"], source: null }],
    });
  });

  it("is followed upstream to where it begins, and to the source that does not flow", () => {
    const late = { "raw.stripe": 900, "staged.charge": 910, "curated.payments": 920, "mart.books": 930 };
    expect(explainLate(graphOf(late), "mart.books", NOW)).toMatchObject({
      because: "upstream",
      roots: [
        {
          name: "raw.stripe",
          path: ["raw.stripe", "staged.charge", "curated.payments", "mart.books"],
          source: { id: "stripe", state: "retrying", remedy: expect.stringContaining("source") },
        },
      ],
    });
  });

  it("names every place it begins at, and one that was never loaded counts as behind", () => {
    const late = { "curated.orders": null, "curated.payments": 900, "mart.books": 900 };
    expect(explainLate(graphOf(late), "mart.books", NOW)?.roots.map((root) => root.name)).toEqual([
      "curated.payments",
      "curated.orders",
    ]);
  });
});
