import { describe, expect, it } from "vitest";
import { parseDatasetName, parseDatasetSearch } from "./dataset-search.ts";
import { readySql, sampleSql, sqlName, timeColumn } from "./ready-sql.ts";

const ORDERS = {
  name: "curated.orders",
  columns: [
    { name: "order_id", type: "long" },
    { name: "placed_at", type: "timestamptz" },
  ],
};

describe("a ready-made query", () => {
  it("names the columns and looks at the last day", () => {
    expect(readySql(ORDERS)).toBe(
      "SELECT order_id,\n       placed_at\nFROM curated.orders\nWHERE placed_at >= current_timestamp - INTERVAL '1' DAY\nLIMIT 100",
    );
  });

  it("looks at a week of days, and at everything where there is no time", () => {
    expect(readySql({ name: "mart.daily", columns: [{ name: "day", type: "date" }] })).toContain(
      "WHERE day >= current_date - INTERVAL '7' DAY",
    );
    expect(readySql({ name: "mart.codes", columns: [{ name: "code", type: "string" }] })).toBe(
      "SELECT code\nFROM mart.codes\nLIMIT 100",
    );
  });

  it("leaves bookkeeping columns out but filters staged data by them", () => {
    const staged = { name: "staged.a", columns: [...ORDERS.columns, { name: "_source_ts", type: "timestamptz" }] };
    expect(timeColumn(staged)?.name).toBe("_source_ts");
    expect(readySql(staged).split("FROM")[0]).not.toContain("_source_ts");
  });

  it("quotes what would not be read as a name", () => {
    expect(["order_id", "order", "Mixed", 'a"b'].map(sqlName)).toEqual(["order_id", '"order"', '"Mixed"', '"a""b"']);
  });
});

describe("a sample", () => {
  it("is the newest rows", () => {
    expect(sampleSql(ORDERS, 20, null)).toBe("SELECT *\nFROM curated.orders\nORDER BY placed_at DESC\nLIMIT 20");
  });

  it("of raw data is taken from its last hour", () => {
    const raw = { name: "raw.stripe", columns: [{ name: "ingested_at", type: "timestamptz" }] };
    expect(sampleSql(raw, 5, new Date("2026-11-23T09:00:00Z"))).toContain(
      "WHERE ingested_at >= TIMESTAMPTZ '2026-11-23T08:00:00.000Z'",
    );
  });
});

describe("the address of a dataset", () => {
  it("is taken only when it can be a dataset's name", () => {
    expect(parseDatasetName("curated.orders")).toBe("curated.orders");
    expect(["orders", "curated.", "curated.orders;drop", "secret.orders", "curated.%zz"].map(parseDatasetName)).toEqual(
      [null, null, null, null, null],
    );
  });

  it("opens the overview when it names no tab or an unknown one", () => {
    expect(parseDatasetSearch({}).tab).toBe("overview");
    expect(parseDatasetSearch({ tab: "secrets" }).tab).toBe("overview");
    expect(parseDatasetSearch({ tab: "checks", check: "null-rate:email" })).toMatchObject({
      tab: "checks",
      check: "null-rate:email",
    });
  });
});
