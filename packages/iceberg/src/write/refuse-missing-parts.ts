import { MISSING_PART } from "../engine.ts";
import { quoteText } from "../schema/duckdb-type.ts";
import type { NestedField, Type } from "../schema/schema.ts";

/**
 * The column, or, where required parts of it lie in lists, maps or structs, an expression that stops the engine at the
 * first row without one of them (spec "Schemas": a required field, element or value is never null). Primitive columns
 * are judged by the statistics of the written files instead.
 */
export function refusingMissingParts(field: NestedField, column: string): string {
  if (typeof field.type === "string") return column;
  const checks = missing(field.type, "x", field.required, field.name, 0);
  if (checks.length === 0) return column;
  const stops = checks
    .map(({ when, path }) => `WHEN ${when} THEN error(${quoteText(`${MISSING_PART}${path}`)})`)
    .join(" ");
  return `list_transform([${column}], lambda x: CASE ${stops} ELSE x END)[1]`;
}

interface Check {
  readonly when: string;
  readonly path: string;
}

/** Conditions under which a value, or something in it, is missing. Each is true or false, never null. */
function missing(type: Type, value: string, required: boolean, path: string, depth: number): Check[] {
  const own = required ? [{ when: `${value} IS NULL`, path }] : [];
  if (typeof type === "string") return own;
  const item = `x${depth}`;
  const below = (list: string, checks: readonly Check[]): Check[] =>
    checks.map((check) => ({
      when: `coalesce(list_bool_or(list_transform(${list}, lambda ${item}: ${check.when})), false)`,
      path: check.path,
    }));
  switch (type.type) {
    case "struct":
      return [
        ...own,
        ...type.fields
          .flatMap((field) =>
            missing(
              field.type,
              `struct_extract(${value}, ${quoteText(field.name)})`,
              field.required,
              `${path}.${field.name}`,
              depth,
            ),
          )
          .map((check) => ({ ...check, when: `(${value} IS NOT NULL AND ${check.when})` })),
      ];
    case "list":
      return [
        ...own,
        ...below(value, missing(type.element, item, type["element-required"], `${path}.element`, depth + 1)),
      ];
    case "map":
      return [
        ...own,
        ...below(`map_keys(${value})`, missing(type.key, item, false, `${path}.key`, depth + 1)),
        ...below(`map_values(${value})`, missing(type.value, item, type["value-required"], `${path}.value`, depth + 1)),
      ];
  }
}
