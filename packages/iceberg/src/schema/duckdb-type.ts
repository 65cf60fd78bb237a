import { assertNever } from "../errors.ts";
import { parsePrimitive } from "./primitive.ts";
import type { NestedField, StructType, Type } from "./schema.ts";

/** An identifier quoted for DuckDB. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string literal for DuckDB. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column, or a field below structs, as an expression. */
export function columnSql(path: readonly string[]): string {
  const [column, ...below] = path as [string, ...string[]];
  return below.reduce((value, name) => `struct_extract(${value}, ${quoteText(name)})`, quoteName(column));
}

/** The DuckDB type whose Parquet form is what Iceberg's Appendix A asks for. */
export function duckdbType(type: Type): string {
  if (typeof type !== "string") {
    if (type.type === "struct")
      return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${duckdbType(field.type)}`).join(", ")})`;
    if (type.type === "list") return `${duckdbType(type.element)}[]`;
    return `MAP(${duckdbType(type.key)}, ${duckdbType(type.value)})`;
  }
  const primitive = parsePrimitive(type);
  switch (primitive.kind) {
    case "boolean":
      return "BOOLEAN";
    case "int":
      return "INTEGER";
    case "long":
      return "BIGINT";
    case "float":
      return "FLOAT";
    case "double":
      return "DOUBLE";
    case "date":
      return "DATE";
    case "time":
      return "TIME";
    case "timestamp":
      return "TIMESTAMP";
    case "timestamptz":
      return "TIMESTAMP WITH TIME ZONE";
    case "string":
      return "VARCHAR";
    case "uuid":
      return "UUID";
    case "binary":
    case "fixed":
      return "BLOB";
    case "decimal":
      return `DECIMAL(${primitive.precision},${primitive.scale})`;
    default:
      return assertNever(primitive, "primitive type");
  }
}

/** The FIELD_IDS argument of COPY: ids on every level, list elements and map parts included. */
export function fieldIdsArgument(schema: StructType): string {
  const one = (id: number, type: Type): string => {
    if (typeof type === "string") return String(id);
    if (type.type === "struct") return `{__duckdb_field_id: ${id}, ${type.fields.map(named).join(", ")}}`;
    if (type.type === "list") return `{__duckdb_field_id: ${id}, element: ${one(type["element-id"], type.element)}}`;
    return `{__duckdb_field_id: ${id}, key: ${one(type["key-id"], type.key)}, value: ${one(type["value-id"], type.value)}}`;
  };
  const named = (field: NestedField): string => `${quoteName(field.name)}: ${one(field.id, field.type)}`;
  return `{${schema.fields.map(named).join(", ")}}`;
}

/** The `schema` argument of read_parquet: files are matched by field id, so renamed and missing columns come out right. */
export function readSchemaArgument(fields: readonly NestedField[]): string {
  return `MAP {${fields.map((field) => `${field.id}: {name: ${quoteText(field.name)}, type: ${quoteText(duckdbType(field.type))}, default_value: NULL}`).join(", ")}}`;
}
