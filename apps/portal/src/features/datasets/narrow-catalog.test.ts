import type { CatalogRow } from "@nova/db/read-models";
import { describe, expect, it } from "vitest";
import { catalogSearchParsers, type FacetChoice, parseCatalogSearch, searchWords } from "./catalog-search.ts";
import { explainMatch, markWords } from "./explain-match.ts";
import { countFacet, judgeRows, narrow, orderRows } from "./narrow-catalog.ts";

const NOW = new Date("2026-11-23T09:00:00Z");
const NOTHING: FacetChoice = { layer: [], health: [], freshness: [], source: [], pipeline: [], owner: [], pii: [] };

function row(name: string, more: Partial<CatalogRow> = {}): CatalogRow {
  return {
    name,
    layer: "curated",
    kind: "merge",
    description: "One row per thing",
    owner: "Sales",
    pipeline: "sales",
    rowCount: 10,
    queryCount: 0,
    columns: 3,
    pii: "none",
    sources: ["orders_db"],
    targetLagSeconds: 60,
    dataThrough: new Date(NOW.getTime() - 10_000),
    failingChecks: 0,
    warningChecks: 0,
    checkMessage: null,
    matchedColumns: [],
    matchedColumnCount: 0,
    ...more,
  };
}

const ROWS = judgeRows(
  [
    row("curated.orders", { queryCount: 9, rowCount: 500, sources: ["orders_db", "stripe"] }),
    row("curated.payments", { dataThrough: new Date(NOW.getTime() - 600_000), owner: "Finance" }),
    row("mart.sales", { layer: "mart", failingChecks: 1, queryCount: 20, rowCount: null }),
    row("staged.never", { layer: "staged", dataThrough: null, warningChecks: 1 }),
  ],
  NOW,
);

describe("the catalog's facets", () => {
  it("narrow within a facet by any, across facets by all", () => {
    const names = (choice: Partial<FacetChoice>): string[] =>
      narrow(ROWS, { ...NOTHING, ...choice }).map((one) => one.name);
    expect(names({})).toHaveLength(4);
    expect(names({ layer: ["curated", "mart"] })).toEqual(["curated.orders", "curated.payments", "mart.sales"]);
    expect(names({ layer: ["curated", "mart"], health: ["late"] })).toEqual(["curated.payments"]);
    expect(names({ source: ["stripe"] })).toEqual(["curated.orders"]);
  });

  it("judge by the worst of freshness and checks; never loaded is unknown, not healthy", () => {
    expect(ROWS.map((one) => one.judged.verdict)).toEqual(["healthy", "late", "failing", "unknown"]);
  });

  it("count what a click would leave, ignoring the choice in the facet itself", () => {
    const choice = { ...NOTHING, layer: ["mart"], owner: ["Sales"] };
    expect(countFacet(ROWS, "layer", choice)).toEqual([
      { value: "curated", count: 1 },
      { value: "mart", count: 1 },
      { value: "staged", count: 1 },
    ]);
    expect(countFacet(ROWS, "owner", choice)).toEqual([{ value: "Sales", count: 1 }]);
  });

  it("keep a chosen value in sight when nothing is left of it", () => {
    expect(countFacet(ROWS, "health", { ...NOTHING, owner: ["Finance"], health: ["failing"] })).toEqual([
      { value: "late", count: 1 },
      { value: "failing", count: 0 },
    ]);
  });
});

describe("the catalog's order", () => {
  const first = (order: Parameters<typeof orderRows>[1]): string | undefined => orderRows(ROWS, order)[0]?.name;

  it("keeps the server's order for relevance", () => {
    expect(orderRows(ROWS, "relevance")).toEqual(ROWS);
  });

  it("puts the most queried, the most behind, the largest first", () => {
    expect(first("usage")).toBe("mart.sales");
    expect(first("freshness")).toBe("curated.payments");
    expect(first("rows")).toBe("curated.orders");
    expect(orderRows(ROWS, "freshness").at(-1)?.name).toBe("staged.never");
  });
});

describe("the address of the catalog", () => {
  it("gives the searched words once each, in lower case", () => {
    expect(searchWords("  Order  TOTAL order ")).toEqual(["order", "total"]);
    expect(parseCatalogSearch({ q: "E-mail" })).toEqual({ words: ["e-mail"] });
    expect(parseCatalogSearch({})).toEqual({ words: [] });
  });

  it("falls back to nothing for values it does not know", () => {
    expect(catalogSearchParsers.health.parseServerSide("sick")).toEqual([]);
    expect(catalogSearchParsers.order.parseServerSide("luck")).toBe("relevance");
  });
});

describe("why a dataset was found", () => {
  it("marks every place of every word and keeps the text whole", () => {
    const parts = markWords("curated.order_lines (50%)", ["line", "order", "50%"]);
    expect(parts.map((part) => part.text).join("")).toBe("curated.order_lines (50%)");
    expect(parts.filter((part) => part.hit).map((part) => part.text)).toEqual(["order", "line", "50%"]);
  });

  it("needs no reason when name or description show all words", () => {
    expect(explainMatch(row("curated.orders", { owner: "orders-team" }), ["orders", "thing"])).toEqual([]);
  });

  it("names the columns, the owner or the pipeline that hold the rest", () => {
    const email = { name: "email", description: "Best known address", pii: "direct" as const };
    const found = row("curated.customers", { matchedColumns: [email], matchedColumnCount: 3, owner: "CRM" });
    expect(explainMatch(found, ["customers", "email"])).toEqual([{ where: "column", columns: [email], more: 2 }]);
    expect(explainMatch(found, ["pii"])).toMatchObject([{ where: "column" }]);
    expect(explainMatch(found, ["crm"])).toEqual([{ where: "owner", text: "CRM" }]);
  });
});
