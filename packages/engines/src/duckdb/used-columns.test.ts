import { parseModel } from "@nova/pipeline-core/catalog";
import { describe, expect, it } from "vitest";
import { compileModel } from "../sql/index.ts";
import { type InputColumns, usedColumns } from "./used-columns.ts";

const ORDERS = { order_id: "long", customer_id: "long", status: "string", notes: "string", placed_at: "timestamptz" };
const CUSTOMERS = { customer_id: "long", country: "string", email: "string" };

async function used(sql: string, inputs: Record<string, Record<string, unknown>>) {
  const columns = { order_id: { type: "long", required: true, description: "Id." } };
  const parsed = parseModel({
    name: "curated.orders",
    path: "models/curated/orders.sql",
    header: {
      description: "Orders of the shop.",
      owner: "t",
      pipeline: "t",
      kind: "merge",
      key: "order_id",
      target_lag: "60s",
      inputs,
      columns,
    },
    sql,
    sqlLine: 1,
    codeVersion: "1",
    lineOf: () => 1,
    columnOf: () => 1,
  });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  const shapes = new Map<string, InputColumns>([
    ["staged.orders", ORDERS],
    ["staged.customers", CUSTOMERS],
  ]);
  const given = new Map([...shapes].filter(([name]) => inputs[name] !== undefined));
  const found = await usedColumns(compileModel(parsed.model), given);
  const by = (part: "columns" | "finding") => Object.fromEntries([...found].map(([name, use]) => [name, use[part]]));
  return { columns: by("columns"), finding: by("finding") };
}

const BY_KEY = { key: "order_id" };

describe("the columns a model uses", () => {
  it("are those of its output, its conditions and its joins", async () => {
    expect(
      await used(
        "SELECT o.order_id FROM staged.orders o JOIN staged.customers c ON c.customer_id = o.customer_id WHERE o.status <> 'cancelled'",
        {
          "staged.orders": BY_KEY,
          "staged.customers": {
            via: "SELECT o.order_id FROM changed c JOIN staged.orders o ON o.customer_id = c.customer_id",
          },
        },
      ),
    ).toEqual({
      columns: { "staged.orders": ["order_id", "customer_id", "status"], "staged.customers": ["customer_id"] },
      finding: { "staged.orders": ["order_id"], "staged.customers": ["customer_id"] },
    });
  });

  it("leave out what a query lets through on the way and nobody takes", async () => {
    expect(
      await used("WITH open AS (SELECT * FROM staged.orders WHERE status = 'open') SELECT order_id FROM open", {
        "staged.orders": BY_KEY,
      }),
    ).toMatchObject({ columns: { "staged.orders": ["order_id", "status"] } });
  });

  it("are all of them where every column decides which rows there are", async () => {
    expect(
      await used("SELECT order_id FROM (SELECT DISTINCT * FROM staged.orders)", { "staged.orders": BY_KEY }),
    ).toMatchObject({ columns: { "staged.orders": Object.keys(ORDERS) }, finding: { "staged.orders": ["order_id"] } });
  });

  it("hold those of subqueries, of aggregates and of what finds the affected keys", async () => {
    expect(
      await used(
        "SELECT order_id FROM staged.orders o WHERE EXISTS (SELECT 1 FROM staged.customers c WHERE c.customer_id = o.customer_id AND c.country = 'DE') GROUP BY order_id HAVING count(status) > 1",
        {
          "staged.orders": { key: "order_id", range: { column: "placed_at", grain: "day" } },
          "staged.customers": {
            via: "SELECT o.order_id FROM changed c JOIN staged.orders o ON o.customer_id = c.customer_id AND c.email <> ''",
          },
        },
      ),
    ).toEqual({
      columns: {
        "staged.orders": ["order_id", "customer_id", "status", "placed_at"],
        "staged.customers": ["customer_id", "country", "email"],
      },
      finding: { "staged.orders": ["order_id", "placed_at"], "staged.customers": ["customer_id", "email"] },
    });
  });
});
