import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conversion } from "./column-conversion.ts";
import { firstRow } from "./rows.ts";
import { literal } from "./sql-text.ts";

let connection: DuckDBConnection;
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("SET TimeZone = 'UTC'");
});
afterAll(() => connection.closeSync());

async function convert(text: string, type: string, sourceType = type): Promise<string | null> {
  const { value, special } = conversion("t", type, sourceType);
  const row = await firstRow<{ value: string | null; special: boolean | null }>(
    connection,
    `SELECT CAST(${value} AS VARCHAR) AS value, ${special ?? "false"} AS special FROM (SELECT ${literal(text)} AS t)`,
  );
  return row.value ?? (row.special === true ? "special: null" : null);
}

describe("turning a source's text into a column's type", () => {
  it.each([
    ["boolean", "t", "true"],
    ["boolean", "false", "false"],
    ["boolean", "perhaps", null],
    ["int", "-7", "-7"],
    ["int", "7.0", "7"],
    ["int", "7.5", null],
    ["int", "15e-1", null],
    ["int", "3000000000", null],
    ["long", "9223372036854775807", "9223372036854775807"],
    ["long", "9223372036854775808", null],
    ["decimal(12,2)", "1234567890.12", "1234567890.12"],
    ["decimal(12,2)", "1.500", "1.50"],
    ["decimal(12,2)", "1.005", null],
    ["decimal(12,2)", "12345678901.00", null],
    ["decimal(12,2)", "NaN", "special: null"],
    ["decimal(12,2)", "Infinity", null],
    ["double", "NaN", "nan"],
    ["double", "-Infinity", "-inf"],
    ["double", "1.5e3", "1500.0"],
    ["date", "2026-02-30", null],
    ["date", "infinity", "special: null"],
    ["date", "2026-02-03", "2026-02-03"],
    ["time", "23:59:59.5", "23:59:59.5"],
    ["time", "24:00:00", null],
    ["timestamp", "2026-02-03 04:05:06.123456", "2026-02-03 04:05:06.123456"],
    ["timestamptz", "2026-02-03 04:05:06+05:30", "2026-02-02 22:35:06+00"],
    ["timestamptz", "2026-02-03T04:05:06.000+0000", "2026-02-03 04:05:06+00"],
    ["timestamptz", "-infinity", "special: null"],
    ["timestamptz", "0044-03-15 00:00:00+00 BC", null],
    ["uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"],
    ["uuid", "not-a-uuid", null],
    ["binary", "\\xdeadBEEF", "\\xDE\\xAD\\xBE\\xEF"],
    ["binary", "\\xzz", null],
    ["string", "anything ✓", "anything ✓"],
  ])("%s of %s is %s", async (type, text, expected) => {
    expect(await convert(text, type)).toBe(expected);
  });

  it("reads Stripe's seconds as a time", async () => {
    expect(await convert("1767225600", "timestamptz", "unix-seconds")).toBe("2026-01-01 00:00:00+00");
    expect(await convert("soon", "timestamptz", "unix-seconds")).toBeNull();
  });
});
