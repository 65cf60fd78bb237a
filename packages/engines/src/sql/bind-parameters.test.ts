import { DuckDBInstance } from "@duckdb/node-api";
import { type ModelFile, parseModel } from "@nova/pipeline-core/catalog";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bindParameters, compileModel } from "./index.ts";

const PARAMETERS = {
  tolerance: { type: "decimal(12,2)", default: 0.5, min: 0, max: 5, description: "Difference that is let pass." },
  word: { type: "string", default: "web", description: "Channel." },
};
const SQL = `WITH late AS (SELECT a FROM staged.t WHERE channel = param('word'))
SELECT a, abs(b) <= param('tolerance') AS fits FROM staged.t -- param('comment')`;

function model(sql: string, parameters: object = PARAMETERS, more: object = {}): ModelFile {
  const parsed = parseModel({
    name: "mart.x",
    path: "models/mart/x.sql",
    header: {
      description: "Rows that fit the tolerance.",
      owner: "test",
      pipeline: "marts",
      kind: "full",
      key: "a",
      target_lag: "30s",
      parameters,
      inputs: { "staged.t": {} },
      columns: { a: { type: "long", description: "A number." } },
      ...more,
    },
    sql,
    sqlLine: 20,
    codeVersion: "1",
    lineOf: () => 7,
    columnOf: () => 3,
  });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.model;
}

describe("parameters of a model", () => {
  it("are literals of their type for both engines, by default or as given, and every other part stays", () => {
    const { athena, select } = compileModel(model(SQL));
    for (const sql of [athena, select]) {
      expect(sql).toMatch(/CAST\('0.50' AS DECIMAL\(12, ?2\)\)/i);
      expect(sql).toMatch(/CAST\('web' AS (VARCHAR|TEXT)\)/i);
      expect(sql).not.toContain("param('w");
    }
    expect(bindParameters(model(SQL), { tolerance: "2.00" })).toContain("'2.00'");
    expect(bindParameters(model("SELECT a FROM staged.t", {}))).toBe("SELECT a FROM staged.t");
  });

  it.each([
    [
      "SELECT param('tolerance'),\n  param('tolerence') FROM staged.t",
      "x.sql:21:3: there is no parameter tolerence; the header declares tolerance, word",
    ],
    ["SELECT param(a) FROM staged.t", "x.sql:20:8: param takes the name of a parameter as one text"],
    ["SELECT param('tolerance', 1) FROM staged.t", "param takes the name of a parameter as one text"],
    ["SELECT param('word') FROM staged.t", "declares the parameter tolerance but its SQL never reads"],
  ])("refuses %s", (sql, message) => {
    expect(() => compileModel(model(sql))).toThrow(message);
  });

  it("are for the SELECT only", () => {
    const check = {
      sql: { name: "x", query: "SELECT count(*) FROM mart.x WHERE a > param('word')", description: "x y z" },
    };
    expect(() => compileModel(model(SQL, PARAMETERS, { checks: [check] }))).toThrow("for the model's SELECT only");
  });

  it("come out of DuckDB as the text that went in, whatever it is", async () => {
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run("CREATE SCHEMA staged; CREATE TABLE staged.t AS SELECT 1 AS a");
    const file = model("SELECT param('word') AS a FROM staged.t", { word: PARAMETERS.word });
    const awkward = fc.constantFrom("'", "''", "\\", '"', "--", "/*", ";", "now()", "$1", "param('word')", "é", "1");
    await fc.assert(
      fc.asyncProperty(
        fc.array(awkward).map((parts) => parts.join("")),
        async (word) => {
          const { select } = compileModel(file, { word });
          expect((await connection.runAndReadAll(select)).getRowsJson()).toEqual([[word]]);
        },
      ),
      { numRuns: 10 },
    );
    connection.closeSync();
  });
});
