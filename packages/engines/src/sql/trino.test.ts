import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { parseModel } from "@nova/pipeline-core/catalog";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compileModel, createMacrosSql, modelColumnLineage, trinoExpressionToDuckdb, trinoToDuckdb } from "./index.ts";

const PLACE = { path: "models/curated/x.sql", firstLine: 10 };
let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(createMacrosSql());
});
afterAll(() => connection.closeSync());

/** What Trino's documentation says each function gives; a function that models use is added here first. */
describe("Trino functions on DuckDB", () => {
  it.each([
    ["date_add('day', -7, TIMESTAMP '2026-01-08 00:00:00')", "2026-01-01 00:00:00"],
    ["date_add('hour', 3, TIMESTAMP '2026-01-08 00:00:00')", "2026-01-08 03:00:00"],
    ["date_diff('day', DATE '2026-01-01', DATE '2026-01-08')", "7"],
    ["date_trunc('hour', TIMESTAMP '2026-01-08 10:20:30')", "2026-01-08 10:00:00"],
    ["CAST(TIMESTAMP '2026-01-08 10:20:30' AS date)", "2026-01-08"],
    ["regexp_replace('a+b@x.example', '\\+[^@]*@', '@')", "a@x.example"],
    ["regexp_replace('a1b2', '[0-9]', '')", "ab"],
    ["regexp_like('abc', 'b')", "true"],
    ["array_join(ARRAY['a', 'b'], ',')", "a,b"],
    ['json_extract_scalar(\'{"a": {"b": "c"}}\', \'$.a.b\')', "c"],
    ["from_unixtime(1767225600)", "2026-01-01 00:00:00+00"],
    ["to_unixtime(from_unixtime(1767225600))", "1767225600.0"],
    ["TRY_CAST('x' AS bigint)", null],
    ["split_part('a:b', ':', 2)", "b"],
    ["url_extract_host('https://user@nova.example:8080/a?b')", "nova.example"],
    ["url_extract_path('https://nova.example/a/b?c')", "/a/b"],
    ["greatest(1, 3, 2)", "3"],
    ["coalesce(nullif('', ''), 'empty')", "empty"],
    ["'a' || CAST(1 AS varchar)", "a1"],
    ["CAST(99 AS decimal(16,0)) * CAST('0.01' AS decimal(3,2))", "0.99"],
  ])("%s", async (expression, expected) => {
    const reader = await connection.runAndReadAll(
      `SELECT CAST(${trinoExpressionToDuckdb(expression, PLACE)} AS VARCHAR) AS value`,
    );
    expect(reader.getRowsJson()[0]?.[0]).toBe(expected);
  });

  it.each([
    ["max_by(name, place)", "c"],
    ["approx_percentile(place, 0.5)", "2"],
    ["array_join(array_agg(DISTINCT name ORDER BY name), ',')", "a,b,c"],
    ["count(DISTINCT name)", "3"],
    ["sum(CASE WHEN place > 1 THEN 1 ELSE 0 END)", "2"],
  ])("%s over rows", async (expression, expected) => {
    const sql = trinoToDuckdb(
      `SELECT CAST(${expression} AS varchar) AS value FROM (VALUES ('a', 1), ('b', 2), ('c', 3)) AS t (name, place)`,
      PLACE,
    );
    expect((await connection.runAndReadAll(sql)).getRowsJson()[0]?.[0]).toBe(expected);
  });
});

describe("refusing SQL", () => {
  it.each([
    ["SELECT a FROM", /models\/curated\/x\.sql:1\d:\d+: /],
    ["SELECT 1;\nSELECT 2", "exactly one SELECT"],
    ["SELECT a,\n  current_timestamp AS t FROM b", "models/curated/x.sql:11:3: a model must give the same result"],
    ["SELECT * FROM t FOR TIMESTAMP AS OF TIMESTAMP '2026-01-01 00:00:00'", "time travel is not supported"],
  ])("%s", (sql, message) => {
    expect(() => trinoToDuckdb(sql, PLACE)).toThrow(message);
  });
});

const HEADER = {
  description: "Orders with their lines.",
  owner: "test",
  pipeline: "sales",
  kind: "merge",
  key: "order_id",
  target_lag: "30s",
  inputs: { "staged.orders": { key: "order_id" }, "staged.lines": { key: "order_id" } },
  columns: {
    order_id: { type: "long", description: "Order." },
    total: { type: "decimal(12,2)", description: "Total." },
    pieces: { type: "long", description: "Pieces." },
  },
};
function model(sql: string, header: object = HEADER) {
  const parsed = parseModel({
    name: "curated.x",
    path: PLACE.path,
    header,
    sql,
    sqlLine: 10,
    codeVersion: "1",
    lineOf: () => 1,
    columnOf: () => 1,
  });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.model;
}
const SQL = `WITH l AS (SELECT order_id, sum(quantity) AS pieces FROM staged.lines WHERE _deleted_at IS NULL GROUP BY order_id)
SELECT o.order_id, o.total, coalesce(l.pieces, 0) AS pieces FROM staged.orders o LEFT JOIN l ON l.order_id = o.order_id WHERE o.status <> 'void'`;

describe("compiling a model", () => {
  it("keeps inputs by name and finds those the header forgot or does not need", () => {
    expect(compileModel(model(SQL))).toMatchObject({
      refreshKey: ["order_id"],
      inputs: [{ name: "staged.orders", key: ["order_id"] }, { name: "staged.lines" }],
    });
    const { "staged.lines": _lines, ...orders } = HEADER.inputs;
    expect(() => compileModel(model(SQL, { ...HEADER, inputs: orders }))).toThrow(
      "reads staged.lines, which the header does not list under inputs",
    );
    expect(() =>
      compileModel(model(SQL, { ...HEADER, inputs: { ...HEADER.inputs, "staged.more": { key: "order_id" } } })),
    ).toThrow("lists staged.more under inputs but does not read it");
  });

  it("tells for every column where it comes from, and what decides over rows", () => {
    const columns = (...names: string[]) => names.map((name) => ({ name, type: "varchar" }));
    const known = new Map([
      ["staged.orders", columns("order_id", "total", "status")],
      ["staged.lines", columns("order_id", "quantity", "_deleted_at")],
    ]);
    const edges = modelColumnLineage(model(SQL), known).map(
      (edge) => `${edge.fromDataset}.${edge.fromColumn} -> ${edge.toColumn} ${edge.kind}`,
    );
    expect(edges.toSorted()).toEqual([
      "staged.lines._deleted_at -> * indirect",
      "staged.lines.order_id -> * indirect",
      "staged.lines.quantity -> pieces transformed",
      "staged.orders.order_id -> * indirect",
      "staged.orders.order_id -> order_id identity",
      "staged.orders.status -> * indirect",
      "staged.orders.total -> total identity",
    ]);
  });
});
