import { decimalBytes, decimalFromBytes } from "../values/decimal.ts";
import { parsePrimitive } from "../schema/primitive.ts";
import type { Comparable } from "../values/bound.ts";
import { decimalSize } from "./avro-schema.ts";

/** A partition value as Avro takes it. */
export function partitionToAvro(type: string, value: Comparable | null): unknown {
  if (value === null) return null;
  const primitive = parsePrimitive(type);
  switch (primitive.kind) {
    case "int":
    case "date":
      return Number(value);
    case "string":
      return (value as Buffer).toString("utf8");
    case "decimal": {
      const minimal = decimalBytes(value as bigint);
      const fill = Buffer.alloc(
        decimalSize(primitive.precision) - minimal.length,
        (minimal[0] as number) & 0x80 ? 0xff : 0,
      );
      return Buffer.concat([fill, minimal]);
    }
    default:
      return value;
  }
}

/** Inverse of `partitionToAvro`; decided by the value's own form, so promoted source columns read as well. */
export function partitionFromAvro(type: string, value: unknown): Comparable | null {
  if (value === null || value === undefined) return null;
  const { kind } = parsePrimitive(type);
  if (typeof value === "string")
    return kind === "uuid" ? Buffer.from(value.replaceAll("-", ""), "hex") : Buffer.from(value, "utf8");
  if (Buffer.isBuffer(value)) return kind === "decimal" ? decimalFromBytes(value) : Buffer.from(value);
  if (typeof value === "number") return kind === "float" || kind === "double" ? value : BigInt(value);
  return value as Comparable;
}
