import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readCsv } from "./csv-records.ts";

const read = (text: string): { header: readonly string[]; records: (readonly string[])[] } => {
  const [header = [], ...records] = readCsv(text);
  return { header, records };
};

describe("CSV", () => {
  test("reads quoted fields with commas, quotes and line ends, empty ones and a last line without end", () => {
    expect(read('Id,Name\n1,"a, ""b""\nc"\r\n2,\n3,x')).toEqual({
      header: ["Id", "Name"],
      records: [
        ["1", 'a, "b"\nc'],
        ["2", ""],
        ["3", "x"],
      ],
    });
  });
  test("gives back whatever was written", () => {
    const field = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", "é", " ") });
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field), { minLength: 1 }), (rows) => {
        const text = [
          "A,B",
          ...rows.map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(",")),
        ].join("\n");
        expect(read(text).records).toEqual(rows);
      }),
    );
  });
  test("refuses a line that is cut", () => {
    expect(() => read("A,B\n1")).toThrow("1 fields where the header has 2");
    expect(() => read('A,B\n1,"x')).toThrow("no end");
  });
});
