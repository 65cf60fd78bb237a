import type { QueryableDataset } from "@nova/db/read-models";
import { describe, expect, it } from "vitest";
import { completionSchema, datasetsIn } from "./complete-catalog.ts";
import { errorRange } from "./error-range.ts";
import { findDatasets } from "./find-datasets.ts";
import { maskedByDataset, maskReason } from "./masked-columns.ts";
import { LONGEST_IN_ADDRESS, parseQueryId, sqlForAddress } from "./query-search.ts";

const DATASETS: readonly QueryableDataset[] = [
  {
    name: "curated.customers",
    layer: "curated",
    owner: "Owen Clarke",
    description: "",
    columns: [
      { name: "customer_id", type: "bigint", pii: "indirect" },
      { name: "email", type: "string", pii: "direct" },
    ],
  },
  {
    name: "curated.orders",
    layer: "curated",
    owner: "Sales",
    description: "",
    columns: [{ name: "total", type: "decimal", pii: "none" }],
  },
  { name: "mart.daily_sales", layer: "mart", owner: "Sales", description: "", columns: [] },
];

describe("the mark of an error", () => {
  const sql = "SELECT order_id,\n  totl\nFROM curated.orders";
  const marked = (line: number, column: number): string => {
    const { from, to } = errorRange(sql, { line, column });
    return sql.slice(from, to);
  };

  it("covers the word where the engine points", () => {
    expect(marked(2, 3)).toBe("totl");
    expect(marked(3, 6)).toBe("curated.orders");
  });

  it("stays inside the text wherever it points", () => {
    expect(marked(99, 99)).toBe("s");
    expect(marked(1, 16)).toBe(",");
    expect(errorRange("", { line: 1, column: 1 })).toEqual({ from: 0, to: 0 });
  });
});

describe("datasets beside the editor", () => {
  it("are found by any part of a name, or by a column, which is then named", () => {
    expect(findDatasets(DATASETS, "ALES")).toMatchObject([{ layer: "mart", found: [{ columns: [] }] }]);
    expect(findDatasets(DATASETS, "mail")).toMatchObject([
      { layer: "curated", found: [{ dataset: { name: "curated.customers" }, columns: ["email"] }] },
    ]);
    expect(findDatasets(DATASETS, "nothing")).toEqual([]);
  });

  it("are known by the names that stand in a text", () => {
    expect(datasetsIn("SELECT 1 FROM curated.orders o JOIN Mart.daily_sales s ON a.b = c.d")).toEqual(
      new Set(["curated.orders", "mart.daily_sales"]),
    );
  });

  it("complete by layer, dataset and column", () => {
    const layers = completionSchema(DATASETS) as Record<string, Record<string, { children: { label: string }[] }>>;
    expect(Object.keys(layers)).toEqual(["curated", "mart"]);
    expect(layers["curated"]?.["customers"]?.children.map((column) => column.label)).toEqual(["customer_id", "email"]);
  });
});

describe("masked columns", () => {
  const masked = maskedByDataset(
    ["curated.customers.email", "curated.customers.customer_id", "raw.stripe.payload"],
    DATASETS,
  );

  it("are grouped by dataset with who owns it, and without an owner where the catalog has none", () => {
    expect(masked.map(({ dataset, owner, columns }) => [dataset, owner, columns.length])).toEqual([
      ["curated.customers", "Owen Clarke", 2],
      ["raw.stripe", null, 1],
    ]);
  });

  it("say why and whom to ask", () => {
    expect(maskReason("email", masked)).toBe(
      "Masked: curated.customers.email is personal and you have no grant for it. Ask its owner, Owen Clarke, for access.",
    );
    expect(maskReason("customer_id", masked)).toContain("can point at a person");
    expect(maskReason("total", masked)).toBeNull();
  });
});

describe("the address of the query screen", () => {
  it("carries the text as long as an address bears it", () => {
    expect(sqlForAddress("SELECT 1")).toBe("SELECT 1");
    expect(sqlForAddress("x".repeat(LONGEST_IN_ADDRESS + 1))).toBeNull();
    expect(sqlForAddress("  ")).toBeNull();
  });

  it("takes only a UUID for a query's id", () => {
    expect(parseQueryId("01A2067C-0a46-7c94-a014-9ed442c9f16c")).toBe("01a2067c-0a46-7c94-a014-9ed442c9f16c");
    expect(parseQueryId("1' OR '1")).toBeNull();
    expect(parseQueryId(null)).toBeNull();
  });
});
