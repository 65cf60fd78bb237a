/** A column's type as PostgreSQL's catalog has it, domains already followed to what they are made of. */
export interface BaseType {
  /** `pg_type.typname`, e.g. `int4`, `numeric`, `_text`. */
  readonly name: string;
  readonly schema: string;
  /** `atttypmod`; -1 when none. */
  readonly modifier: number;
}

/** Types with an Iceberg type of their own; whatever is not here keeps its text exactly, as `string`. */
const ICEBERG_TYPES: Readonly<Record<string, string>> = {
  bool: "boolean",
  int2: "int",
  int4: "int",
  int8: "long",
  float4: "float",
  float8: "double",
  date: "date",
  time: "time",
  timestamp: "timestamp",
  timestamptz: "timestamptz",
  uuid: "uuid",
  bytea: "binary",
};

const MAX_ICEBERG_PRECISION = 38;
/** `atttypmod` of numeric is ((precision << 16) | scale) + VARHDRSZ; scale is signed in 11 bits since PostgreSQL 15. */
const VARHDRSZ = 4;

/** The Iceberg type that holds every finite value of a PostgreSQL type exactly. */
export function icebergType(type: BaseType): string {
  if (type.schema !== "pg_catalog") return "string";
  if (type.name === "numeric") return numericType(type.modifier);
  return ICEBERG_TYPES[type.name] ?? "string";
}

function numericType(modifier: number): string {
  if (modifier < VARHDRSZ) return "string";
  const packed = modifier - VARHDRSZ;
  const precision = (packed >> 16) & 0xffff;
  const scale = ((packed & 0x7ff) ^ 0x400) - 0x400;
  if (precision > MAX_ICEBERG_PRECISION || scale < 0 || scale > precision) return "string";
  return `decimal(${precision},${scale})`;
}
