import { IcebergError } from "../errors.ts";
import { duckdbType, quoteName, quoteText } from "../schema/duckdb-type.ts";
import { fieldNamed, type StructType } from "../schema/schema.ts";

/** A literal in a filter. Dates and timestamps as ISO text or Date; decimals and uuids as text. */
export type FilterValue = string | number | bigint | boolean | Date;

/** A condition on top-level columns, as plain data. Null and SQL: only is-null and is-not-null are ever true of it. */
export type Filter =
  | { readonly op: "=" | "!=" | "<" | "<=" | ">" | ">="; readonly column: string; readonly value: FilterValue }
  | { readonly op: "in"; readonly column: string; readonly values: readonly FilterValue[] }
  | { readonly op: "is-null" | "is-not-null" | "is-nan"; readonly column: string }
  | { readonly op: "starts-with"; readonly column: string; readonly value: string }
  | { readonly op: "and" | "or"; readonly filters: readonly Filter[] }
  | { readonly op: "not"; readonly filter: Filter };

/** Builders that read like the condition: `where.and(where.gte("day", "2026-01-01"), where.isNull("deleted_at"))`. */
export const where = {
  eq: (column: string, value: FilterValue): Filter => ({ op: "=", column, value }),
  notEq: (column: string, value: FilterValue): Filter => ({ op: "!=", column, value }),
  lt: (column: string, value: FilterValue): Filter => ({ op: "<", column, value }),
  lte: (column: string, value: FilterValue): Filter => ({ op: "<=", column, value }),
  gt: (column: string, value: FilterValue): Filter => ({ op: ">", column, value }),
  gte: (column: string, value: FilterValue): Filter => ({ op: ">=", column, value }),
  isIn: (column: string, values: readonly FilterValue[]): Filter => ({ op: "in", column, values }),
  notIn: (column: string, values: readonly FilterValue[]): Filter => where.not(where.isIn(column, values)),
  startsWith: (column: string, value: string): Filter => ({ op: "starts-with", column, value }),
  notStartsWith: (column: string, value: string): Filter => where.not(where.startsWith(column, value)),
  isNaN: (column: string): Filter => ({ op: "is-nan", column }),
  isNotNaN: (column: string): Filter => where.not(where.isNaN(column)),
  isNull: (column: string): Filter => ({ op: "is-null", column }),
  isNotNull: (column: string): Filter => ({ op: "is-not-null", column }),
  and: (...filters: Filter[]): Filter => ({ op: "and", filters }),
  or: (...filters: Filter[]): Filter => ({ op: "or", filters }),
  not: (filter: Filter): Filter => ({ op: "not", filter }),
} as const;

/** A literal's text, as DuckDB casts it to the column's type. */
export function literalText(value: FilterValue): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

/** The filter as a DuckDB condition; `invalid-input` naming a column the table does not have. */
export function filterSql(filter: Filter, schema: StructType): string {
  switch (filter.op) {
    case "and":
      return filter.filters.length === 0
        ? "true"
        : `(${filter.filters.map((part) => filterSql(part, schema)).join(" AND ")})`;
    case "or":
      return filter.filters.length === 0
        ? "false"
        : `(${filter.filters.map((part) => filterSql(part, schema)).join(" OR ")})`;
    case "not":
      return `(NOT ${filterSql(filter.filter, schema)})`;
    case "is-null":
      return `${columnSql(filter.column, schema).name} IS NULL`;
    case "is-not-null":
      return `${columnSql(filter.column, schema).name} IS NOT NULL`;
    case "is-nan":
      return `isnan(${columnSql(filter.column, schema, ["FLOAT", "DOUBLE"]).name})`;
    case "starts-with": {
      const { name, type } = columnSql(filter.column, schema, ["VARCHAR"]);
      return `starts_with(${name}, ${literalSql(filter.value, type)})`;
    }
    case "in": {
      const { name, type } = columnSql(filter.column, schema);
      return filter.values.length === 0
        ? "false"
        : `${name} IN (${filter.values.map((value) => literalSql(value, type)).join(", ")})`;
    }
    default: {
      const { name, type } = columnSql(filter.column, schema);
      return `${name} ${filter.op} ${literalSql(filter.value, type)}`;
    }
  }
}

const literalSql = (value: FilterValue, type: string): string => `CAST(${quoteText(literalText(value))} AS ${type})`;

function columnSql(column: string, schema: StructType, only?: readonly string[]): { name: string; type: string } {
  const field = fieldNamed(schema, column);
  if (!field)
    throw new IcebergError("invalid-input", `the filter uses column ${column}, which the table does not have`, {
      column,
    });
  const type = duckdbType(field.type);
  if (only && !only.includes(type))
    throw new IcebergError(
      "invalid-input",
      `the filter asks of column ${column} what only ${only.join(" and ")} have`,
      {
        column,
      },
    );
  return { name: quoteName(column), type };
}

/** Names of the columns a filter looks at. */
export function filterColumns(filter: Filter): string[] {
  if (filter.op === "and" || filter.op === "or") return filter.filters.flatMap(filterColumns);
  return filter.op === "not" ? filterColumns(filter.filter) : [(filter as { readonly column: string }).column];
}
