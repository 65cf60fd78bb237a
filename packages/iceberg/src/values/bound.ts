import { assertNever } from "../errors.ts";
import { parsePrimitive, type Primitive } from "../schema/primitive.ts";
import { decimalBytes, decimalFromBytes, unscaledFromText } from "./decimal.ts";
import { dateFromText, timeFromText, timestampFromText } from "./time-text.ts";

/** A value in the form in which values of its type compare: number, bigint, boolean, or bytes (unsigned order). */
export type Comparable = number | bigint | boolean | Buffer;

/** Reads DuckDB's text of a value (statistics, casts to VARCHAR); null when the text has no Iceberg form (infinite dates). */
export function valueFromText(type: string, text: string): Comparable | null {
  const primitive = parsePrimitive(type);
  switch (primitive.kind) {
    case "boolean":
      return text === "1" || text === "true";
    case "int":
    case "long":
      return BigInt(text);
    case "float":
    case "double":
      return floatFromText(text);
    case "date":
      return dateFromText(text);
    case "time":
      return timeFromText(text);
    case "timestamp":
    case "timestamptz":
      return timestampFromText(text);
    case "string":
      return Buffer.from(text, "utf8");
    case "uuid":
      return Buffer.from(text.replaceAll("-", ""), "hex");
    case "binary":
    case "fixed":
      return Buffer.from(text, "hex");
    case "decimal":
      return unscaledFromText(text, primitive.scale);
    default:
      return assertNever(primitive, "primitive type");
  }
}

function floatFromText(text: string): number | null {
  if (text === "inf") return Infinity;
  if (text === "-inf") return -Infinity;
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}

/** Spec Appendix D, "Binary single-value serialization". */
export function encodeValue(type: string, value: Comparable): Buffer {
  const primitive = parsePrimitive(type);
  switch (primitive.kind) {
    case "boolean":
      return Buffer.from([value ? 1 : 0]);
    case "int":
    case "date": {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32LE(Number(value));
      return bytes;
    }
    case "long":
    case "time":
    case "timestamp":
    case "timestamptz": {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(value as bigint));
      return bytes;
    }
    case "float": {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(value as number);
      return bytes;
    }
    case "double": {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value as number);
      return bytes;
    }
    case "string":
    case "uuid":
    case "binary":
    case "fixed":
      return value as Buffer;
    case "decimal":
      return decimalBytes(value as bigint);
    default:
      return assertNever(primitive, "primitive type");
  }
}

/**
 * Inverse of `encodeValue`. A 4-byte bound of a column promoted to long or double is read as what it was written as
 * (spec: "Schema Evolution", bounds keep the type of their time).
 */
export function decodeValue(type: string, bytes: Buffer): Comparable | null {
  const primitive: Primitive = parsePrimitive(type);
  switch (primitive.kind) {
    case "boolean":
      return bytes.length === 1 ? bytes[0] !== 0 : null;
    case "int":
    case "date":
    case "long":
    case "time":
    case "timestamp":
    case "timestamptz":
      if (bytes.length === 4) return BigInt(bytes.readInt32LE());
      return bytes.length === 8 ? bytes.readBigInt64LE() : null;
    case "float":
    case "double":
      if (bytes.length === 4) return bytes.readFloatLE();
      return bytes.length === 8 ? bytes.readDoubleLE() : null;
    case "string":
    case "uuid":
    case "binary":
    case "fixed":
      return bytes;
    case "decimal":
      return bytes.length === 0 ? null : decimalFromBytes(bytes);
    default:
      return assertNever(primitive, "primitive type");
  }
}

/** Order of two values of one type: negative, 0 or positive. */
export function compareValues(a: Comparable, b: Comparable): number {
  if (Buffer.isBuffer(a) && Buffer.isBuffer(b)) return Buffer.compare(a, b);
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
