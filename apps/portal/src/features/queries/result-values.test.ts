import type { ResultColumn } from "@nova/pipeline-core/access";
import { describe, expect, it } from "vitest";
import { columnWidths, isNumeric, shortType, sortRows, valueText } from "./result-values.ts";

const columns: readonly ResultColumn[] = [
  { name: "total", type: "DECIMAL(12,2)" },
  { name: "status", type: "VARCHAR" },
  { name: "big", type: "BIGINT" },
];
const sorted = (rows: Parameters<typeof sortRows>[0], column: number, descending = false) =>
  sortRows(rows, columns, { column, descending });

describe("values of a result", () => {
  it("knows numbers by their type, lists of numbers are none", () => {
    expect(["BIGINT", "UINTEGER", "DECIMAL(12,2)", "DOUBLE", "HUGEINT", "TINYINT"].every(isNumeric)).toBe(true);
    expect(["VARCHAR", "BIGINT[]", "INTERVAL", "TIMESTAMP", "BOOLEAN"].some(isNumeric)).toBe(false);
  });

  it("keeps null apart from texts, and shows nested values as JSON", () => {
    expect(valueText(null)).toBeNull();
    expect(valueText(false)).toBe("false");
    expect(valueText({ lines: ["1"] })).toBe('{"lines":["1"]}');
  });

  it("shortens long type names, inside others too", () => {
    expect(shortType("TIMESTAMP WITH TIME ZONE[]")).toBe("TIMESTAMPTZ[]");
  });

  it("sorts numbers by value though they come as text, nulls last either way", () => {
    const rows = [["9.50"], ["10.00"], [null], ["-3.00"]];
    expect(sorted(rows, 0)).toEqual([3, 0, 1, 2]);
    expect(sorted(rows, 0, true)).toEqual([1, 0, 3, 2]);
  });

  it("tells whole numbers beyond 2^53 apart", () => {
    const rows = [
      [null, null, "9007199254740993"],
      [null, null, "9007199254740992"],
    ];
    expect(sorted(rows, 2)).toEqual([1, 0]);
  });

  it("leaves equal rows as they came, and everything when nothing is sorted", () => {
    const rows = [
      [1, "b"],
      [2, "a"],
      [3, "b"],
    ];
    expect(sorted(rows, 1)).toEqual([1, 0, 2]);
    expect(sorted(rows, 1, true)).toEqual([0, 2, 1]);
    expect(sortRows(rows, columns, null)).toEqual([0, 1, 2]);
  });

  it("gives wide columns room, within bounds", () => {
    const [narrow = 0, wide = 0] = columnWidths(columns, [["1", "x".repeat(500), "1"]]);
    expect(wide).toBeGreaterThan(narrow);
    expect(wide).toBeLessThanOrEqual(340);
    expect(narrow).toBeGreaterThanOrEqual(88);
  });
});
