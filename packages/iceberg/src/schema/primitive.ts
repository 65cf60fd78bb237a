import { IcebergError } from "../errors.ts";

/** A primitive type taken apart (spec: "Primitive Types"). */
export type Primitive =
  | {
      readonly kind:
        | "boolean"
        | "int"
        | "long"
        | "float"
        | "double"
        | "date"
        | "time"
        | "timestamp"
        | "timestamptz"
        | "string"
        | "uuid"
        | "binary";
    }
  | { readonly kind: "fixed"; readonly length: number }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number };

const PLAIN = new Set([
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "string",
  "uuid",
  "binary",
]);
const parsed = new Map<string, Primitive>();

/** Reads `decimal(10, 2)`, `fixed[16]`, `long` …; `schema-mismatch` for anything that Iceberg v2 does not have. */
export function parsePrimitive(text: string): Primitive {
  const known = parsed.get(text);
  if (known) return known;
  const primitive = parse(text);
  parsed.set(text, primitive);
  return primitive;
}

function parse(text: string): Primitive {
  if (PLAIN.has(text)) return { kind: text } as Primitive;
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(text);
  if (decimal) {
    const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
    if (precision < 1 || precision > 38 || scale > precision)
      throw new IcebergError("schema-mismatch", `${text}: precision must be 1 to 38 and scale at most the precision`);
    return { kind: "decimal", precision, scale };
  }
  const fixed = /^fixed\[\s*(\d+)\s*\]$/.exec(text);
  if (fixed) return { kind: "fixed", length: Number(fixed[1]) };
  throw new IcebergError("schema-mismatch", `${JSON.stringify(text)} is not an Iceberg v2 type`, { type: text });
}

/** The one spelling we write, the spec's: `decimal(10, 2)`, `fixed[16]`. */
export function canonicalPrimitive(text: string): string {
  const primitive = parsePrimitive(text);
  if (primitive.kind === "decimal") return `decimal(${primitive.precision}, ${primitive.scale})`;
  if (primitive.kind === "fixed") return `fixed[${primitive.length}]`;
  return primitive.kind;
}

/** Spec "Schema Evolution": int→long, float→double, wider decimal of the same scale. */
export function canPromote(from: string, to: string): boolean {
  const [a, b] = [parsePrimitive(from), parsePrimitive(to)];
  if (a.kind === "decimal" && b.kind === "decimal") return a.scale === b.scale && b.precision >= a.precision;
  if (a.kind === "fixed" && b.kind === "fixed") return a.length === b.length;
  return a.kind === b.kind || (a.kind === "int" && b.kind === "long") || (a.kind === "float" && b.kind === "double");
}
