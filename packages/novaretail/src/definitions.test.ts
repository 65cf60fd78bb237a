import { parseModel } from "@nova/pipeline-core/catalog";
import { describe, expect, it } from "vitest";
import { piiTag, POOLS, readModel, readModelFiles, SOURCES, STAGED_CONTRACTS } from "./index.ts";

describe("model files", () => {
  it("are all readable and their headers right", () => {
    const { models, unreadable } = readModelFiles();
    expect(unreadable).toEqual([]);
    expect(
      models.flatMap((source) =>
        "problems" in parseModel(source, POOLS) ? (parseModel(source, POOLS) as { problems: unknown[] }).problems : [],
      ),
    ).toEqual([]);
    expect(models.map((model) => model.name)).toContain("curated.orders");
  });

  it("read only datasets that are models or have a contract", () => {
    const models = readModelFiles().models;
    const known = new Set([...models.map((model) => model.name), ...Object.keys(STAGED_CONTRACTS)]);
    const inputs = models.flatMap((model) => Object.keys((model.header as { inputs: object }).inputs));
    expect(inputs.filter((input) => !known.has(input))).toEqual([]);
  });

  it("name the file's line of a mistake and how to put it right", () => {
    const text =
      "/*---\ndescription: Orders that matter to us.\nowner: sales\npipeline: sales\nkind: merge\nkey: order_id\ntarget_lag: soon\ninputs:\n  staged.a: { key: x }\ncolumns:\n  order_id: { type: bigint, description: The order. }\n---*/\nSELECT 1";
    const source = readModel("curated.orders", "models/curated/orders.sql", text);
    if ("message" in source) throw new Error(source.message);
    const parsed = parseModel(source, POOLS);
    expect("problems" in parsed && parsed.problems.map((problem) => `${problem.line}: ${problem.message}`)).toEqual([
      "7: target_lag: must be a whole number with s, m or h, e.g. 30s or 2m",
      "11: columns.order_id.type: must be an Iceberg type, e.g. long, decimal(12,2), timestamptz or string",
    ]);
  });

  it("name a pool that is declared", () => {
    const [file] = readModelFiles().models;
    if (file === undefined) throw new Error("there are no models");
    const source = { ...file, header: { ...(file.header as object), pool: "heavyy" }, lineOf: () => 7 };
    expect(parseModel(source, POOLS)).toEqual({
      problems: [{ path: file.path, line: 7, message: "pool: there is no pool heavyy; there are heavy" }],
    });
  });

  it("without a header or with broken YAML say where", () => {
    expect(readModel("curated.x", "models/curated/x.sql", "SELECT 1")).toMatchObject({
      line: 1,
      message: expect.stringContaining("/*---"),
    });
    expect(readModel("curated.x", "models/curated/x.sql", "/*---\na: [1\n---*/\nSELECT 1")).toMatchObject({
      path: "models/curated/x.sql",
      message: expect.any(String),
    });
  });
});

describe("personal columns", () => {
  it.each([
    ["public.customers", "email", "direct"],
    ["Contact", "LastName", "direct"],
    ["Contact", "Name", "direct"],
    ["public.products", "name", "none"],
    ["public.orders", "customer_id", "indirect"],
    ["public.orders", "total", "none"],
    ["public.orders", "notes", "direct"],
  ])("%s.%s is %s", (stream, column, tag) => {
    expect(piiTag(stream, column)).toBe(tag);
  });
});

describe("declared streams", () => {
  it("give every column a place in the payload, a description and a tag", () => {
    const columns = SOURCES.flatMap((source) => source.declaredStreams ?? []).flatMap((stream) => stream.columns);
    expect(columns.filter((column) => !column.path?.startsWith("/") || column.description === "")).toEqual([]);
  });
});
