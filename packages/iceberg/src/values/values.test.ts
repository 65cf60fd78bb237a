import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeValue, encodeValue, valueFromText } from "./bound.ts";
import { bucketOf, murmur3 } from "./bucket-of.ts";
import { hashSql } from "./bucket-sql.ts";
import { decimalBytes, decimalFromBytes } from "./decimal.ts";
import { truncateText, truncateTextUp } from "./truncate-bound.ts";

const engine = DuckDBInstance.create(":memory:").then(async (instance) => instance.connect());

// Spec Appendix B, "32-bit Hash Requirements".
test.each([
  ["int", "34::INTEGER", 2017239379],
  ["long", "34::BIGINT", 2017239379],
  ["decimal(9, 2)", "14.20::DECIMAL(9,2)", -500754589],
  ["decimal(38, 2)", "14.20::DECIMAL(38,2)", -500754589],
  ["date", "DATE '2017-11-16'", -653330422],
  ["time", "TIME '22:31:08'", -662762989],
  ["timestamp", "TIMESTAMP '2017-11-16 22:31:08'", -2047944441],
  ["timestamptz", "TIMESTAMPTZ '2017-11-16 14:31:08-08:00'", -2047944441],
  ["string", "'iceberg'", 1210000089],
  ["uuid", "'f79c3e09-677c-4bbd-a479-3f349cb785e7'::UUID", 1488055340],
  ["binary", "'\\x00\\x01\\x02\\x03'::BLOB", -188683207],
])("the engine's bucket hash of %s %s is the spec's %d", async (type, value, hash) => {
  const result = await (
    await engine
  ).runAndReadAll(`SELECT (${hashSql("v", type)})::BIGINT AS h FROM (SELECT ${value} AS v)`);
  expect(Number(result.getRowsJson()[0]?.[0]) | 0).toBe(hash);
});

test.each([
  ["int", "34", 2017239379],
  ["long", "34", 2017239379],
  ["decimal(9, 2)", "14.20", -500754589],
  ["date", "2017-11-16", -653330422],
  ["time", "22:31:08", -662762989],
  ["timestamp", "2017-11-16 22:31:08", -2047944441],
  ["timestamptz", "2017-11-16 14:31:08-08:00", -2047944441],
  ["string", "iceberg", 1210000089],
  ["uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7", 1488055340],
  ["binary", "00010203", -188683207],
])("a literal %s %s falls into the bucket of the spec's hash %d", (type, text, hash) => {
  const value = valueFromText(type, text) as never;
  for (const width of [1, 4, 16, 0x7fffffff])
    expect(bucketOf(width, type, value)).toBe(BigInt((hash & 0x7fffffff) % width));
});

// Spec Appendix D, "Binary single-value serialization".
test.each([
  ["int", "34", "22000000"],
  ["long", "-1", "ffffffffffffffff"],
  ["date", "1969-12-31", "ffffffff"],
  ["date", "0044-03-15 (BC)", "48c8f4ff"],
  ["timestamp", "1970-01-01 00:00:00.000001", "0100000000000000"],
  ["timestamptz", "1970-01-01 05:30:00+05:30", "0000000000000000"],
  ["time", "00:00:01", "40420f0000000000"],
  ["decimal(9, 2)", "14.20", "058c"],
  ["decimal(9, 2)", "-0.01", "ff"],
  ["decimal(38, 0)", "128", "0080"],
  ["uuid", "f79c3e09-677c-4bbd-a479-3f349cb785e7", "f79c3e09677c4bbda4793f349cb785e7"],
  ["string", "é", "c3a9"],
  ["boolean", "1", "01"],
  ["double", "1.5", "000000000000f83f"],
])("a bound of %s %s is the bytes %s", (type, text, hex) => {
  const value = valueFromText(type, text);
  expect(encodeValue(type, value as never).toString("hex")).toBe(hex);
  expect(encodeValue(type, decodeValue(type, Buffer.from(hex, "hex")) as never).toString("hex")).toBe(hex);
});

test.each(["x", "h", "k", "m", "v", "n", "d", "e", "i", "a", "b", "c"])(
  "a column called %s is not mixed up with a name inside the hash",
  async (name) => {
    for (const [type, value, hash] of [
      ["string", "'iceberg'", 1210000089],
      ["decimal(9, 2)", "14.20::DECIMAL(9,2)", -500754589],
      ["long", "34::BIGINT", 2017239379],
    ] as const) {
      const sql = `SELECT (${hashSql(`"${name}"`, type)})::BIGINT FROM (SELECT ${value} AS "${name}", 7 AS other)`;
      expect(Number((await (await engine).runAndReadAll(sql)).getRowsJson()[0]?.[0]) | 0).toBe(hash);
    }
  },
);

test("the engine hashes decimals, bytes and texts of any length as Murmur3 does", async () => {
  const connection = await engine;
  const hashes = async (type: string, values: string): Promise<number[]> =>
    (await connection.runAndReadAll(`SELECT (${hashSql("v", type)})::BIGINT FROM (SELECT unnest([${values}]) AS v)`))
      .getRowsJson()
      .map((row) => Number(row[0]) | 0);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }), { minLength: 20, maxLength: 20 }),
      fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 20, maxLength: 20 }),
      async (wide, blobs) => {
        const unscaled = [
          ...wide,
          ...wide.map((value) => value % 1000n),
          0n,
          -1n,
          127n,
          128n,
          -128n,
          -129n,
          255n,
          -256n,
        ];
        expect(await hashes("decimal(38, 0)", unscaled.map((value) => `'${value}'::DECIMAL(38,0)`).join(", "))).toEqual(
          unscaled.map((value) => murmur3(decimalBytes(value))),
        );
        const bytes = blobs.map((blob) => Buffer.from(blob));
        expect(await hashes("binary", bytes.map((blob) => `unhex('${blob.toString("hex")}')`).join(", "))).toEqual(
          bytes.map(murmur3),
        );
      },
    ),
    { numRuns: 10 },
  );
});

test("a date that the engine calls infinite has no bound", () => {
  expect(valueFromText("date", "infinity")).toBeNull();
  expect(valueFromText("timestamp", "-infinity")).toBeNull();
});

test("decimals of any size survive their minimal bytes", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }), (value) => {
      expect(decimalFromBytes(decimalBytes(value))).toBe(value);
    }),
  );
});

test("a cut bound still bounds: every text is between its lower and its upper cut", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 5 }), (text, width) => {
      const bytes = Buffer.from(text);
      const up = truncateTextUp(text, width);
      expect(Buffer.compare(Buffer.from(truncateText(text, width)), bytes)).toBeLessThanOrEqual(0);
      expect(up === null ? 0 : Buffer.compare(Buffer.from(up), bytes)).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("dates far from the epoch are read from the engine's text as the engine counts them", async () => {
  const days = [-735160, -719529, -719162, -1, 0, 59, 2932896, 5000000];
  const result = await (
    await engine
  ).runAndReadAll(
    `SELECT d, (DATE '1970-01-01' + d::INTEGER)::VARCHAR FROM (SELECT unnest([${days.join(", ")}]) AS d)`,
  );
  for (const [day, text] of result.getRowsJson())
    expect(valueFromText("date", text as string)).toBe(BigInt(day as number));
});
