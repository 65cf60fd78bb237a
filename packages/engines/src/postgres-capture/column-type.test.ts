import { describe, expect, test } from "vitest";
import { icebergType } from "./column-type.ts";

const numeric = (precision: number, scale: number): number => ((precision << 16) | (scale & 0x7ff)) + 4;

describe("the Iceberg type of a PostgreSQL type", () => {
  test.each([
    ["bool", -1, "boolean"],
    ["int2", -1, "int"],
    ["int4", -1, "int"],
    ["int8", -1, "long"],
    ["oid", -1, "string"],
    ["float4", -1, "float"],
    ["float8", -1, "double"],
    ["numeric", -1, "string"],
    ["numeric", numeric(12, 2), "decimal(12,2)"],
    ["numeric", numeric(38, 38), "decimal(38,38)"],
    ["numeric", numeric(39, 2), "string"],
    ["numeric", numeric(5, -2), "string"],
    ["numeric", numeric(3, 5), "string"],
    ["money", -1, "string"],
    ["date", -1, "date"],
    ["time", -1, "time"],
    ["timetz", -1, "string"],
    ["timestamp", 3, "timestamp"],
    ["timestamptz", -1, "timestamptz"],
    ["interval", -1, "string"],
    ["uuid", -1, "uuid"],
    ["bytea", -1, "binary"],
    ["jsonb", -1, "string"],
    ["_int4", -1, "string"],
    ["bpchar", 10, "string"],
  ])("%s with modifier %s is %s", (name, modifier, type) => {
    expect(icebergType({ name, schema: "pg_catalog", modifier })).toBe(type);
  });
  test("a user's own type keeps its text, whatever its name", () => {
    expect(icebergType({ name: "int4", schema: "public", modifier: -1 })).toBe("string");
  });
});
