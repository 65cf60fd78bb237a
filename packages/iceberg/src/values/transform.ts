import { IcebergError } from "../errors.ts";
import { parsePrimitive } from "../schema/primitive.ts";
import { bucketSql } from "./bucket-sql.ts";
import { textFromUnscaled } from "./decimal.ts";

/** A partition transform taken apart (spec: "Partition Transforms"). */
export type Transform =
  | { readonly kind: "identity" | "year" | "month" | "day" | "hour" | "void" }
  | { readonly kind: "bucket" | "truncate"; readonly width: number };

/** Reads `identity`, `hour`, `bucket[16]` …; `unsupported-feature` for one we do not know. */
export function parseTransform(text: string): Transform {
  if (
    text === "identity" ||
    text === "year" ||
    text === "month" ||
    text === "day" ||
    text === "hour" ||
    text === "void"
  )
    return { kind: text };
  const match = /^(bucket|truncate)\[(\d+)\]$/.exec(text);
  const width = Number(match?.[2]);
  if (match && width > 0) return { kind: match[1] as "bucket" | "truncate", width };
  throw new IcebergError("unsupported-feature", `partition transform ${JSON.stringify(text)} is not known`, {
    transform: text,
  });
}

const TEMPORAL: Record<"year" | "month" | "day" | "hour", ReadonlySet<string>> = {
  year: new Set(["date", "timestamp", "timestamptz"]),
  month: new Set(["date", "timestamp", "timestamptz"]),
  day: new Set(["date", "timestamp", "timestamptz"]),
  hour: new Set(["timestamp", "timestamptz"]),
};
const BUCKETS = new Set([
  "int",
  "long",
  "decimal",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "string",
  "uuid",
  "fixed",
  "binary",
]);
const TRUNCATES = new Set(["int", "long", "decimal", "string", "binary"]);

/** Type of the transform's results; `invalid-input` when the transform does not take that source type. */
export function resultType(transform: Transform, sourceType: string): string {
  const { kind } = parsePrimitive(sourceType);
  const refuse = (): never => {
    throw new IcebergError(
      "invalid-input",
      `partition transform ${transform.kind} does not take columns of type ${sourceType}`,
      { sourceType },
    );
  };
  switch (transform.kind) {
    case "identity":
    case "void":
      return sourceType;
    case "bucket":
      return BUCKETS.has(kind) ? "int" : refuse();
    case "truncate":
      return TRUNCATES.has(kind) ? sourceType : refuse();
    case "day":
      return TEMPORAL.day.has(kind) ? "date" : refuse();
    default:
      return TEMPORAL[transform.kind].has(kind) ? "int" : refuse();
  }
}

/** The transform as a DuckDB expression over a column (quoted, or itself an expression); its text form is what `valueFromText` of the result type reads. */
export function transformSql(transform: Transform, name: string, sourceType: string): string {
  const { kind } = parsePrimitive(sourceType);
  switch (transform.kind) {
    case "identity":
      return name;
    case "void":
      return "NULL";
    case "year":
      return `(date_part('year', ${instant(name, kind)}) - 1970)::INTEGER`;
    case "month":
      return `((date_part('year', ${instant(name, kind)}) - 1970) * 12 + date_part('month', ${instant(name, kind)}) - 1)::INTEGER`;
    case "day":
      return `${instant(name, kind)}::DATE`;
    case "hour":
      return `floor(epoch_us(${name}) / 3600000000)::INTEGER`;
    case "truncate":
      return truncateSql(transform.width, name, sourceType);
    case "bucket":
      return bucketSql(transform.width, name, sourceType);
  }
}

/** Calendar parts are taken in UTC whatever the session's time zone is. */
function instant(name: string, kind: string): string {
  return kind === "timestamptz" ? `(${name} AT TIME ZONE 'UTC')` : name;
}

function truncateSql(width: number, name: string, sourceType: string): string {
  const primitive = parsePrimitive(sourceType);
  if (primitive.kind === "string") return `left(${name}, ${width})`;
  if (primitive.kind === "binary") return `unhex(left(hex(${name}), ${width * 2}))`;
  if (primitive.kind === "decimal") {
    const step = `${textFromUnscaled(BigInt(width), primitive.scale)}::DECIMAL(38,${primitive.scale})`;
    return `CAST(${name} - (((${name} % ${step}) + ${step}) % ${step}) AS DECIMAL(${primitive.precision},${primitive.scale}))`;
  }
  return `(${name} - (((${name} % ${width}) + ${width}) % ${width}))`;
}
