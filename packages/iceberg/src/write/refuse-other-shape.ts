import { IcebergError } from "../errors.ts";
import type { FileField, FileShape } from "../read/file-shape.ts";
import { duckdbType } from "../schema/duckdb-type.ts";
import { canonicalPrimitive, canPromote } from "../schema/primitive.ts";
import type { Schema, Type } from "../schema/schema.ts";
import { placesIn, type Place } from "../schema/schema-path.ts";

/**
 * `schema-mismatch` when a file cannot be read as the schema: a column the table does not know, a type that does not
 * promote to the table's, a required column that is not there.
 */
export function refuseOtherShape(schema: Schema, shape: FileShape, location: string): void {
  const fail = (path: string, problem: string): IcebergError =>
    new IcebergError("schema-mismatch", `${location}: column ${path} ${problem}`, { location, column: path });
  const compare = (holder: Place | null, found: readonly FileField[], path: string): void => {
    const places = placesIn(schema, holder);
    const named = (name: string): string => (path === "" ? name : `${path}.${name}`);
    const isStruct = holder === null || (typeof holder.type !== "string" && holder.type.type === "struct");
    for (const [index, field] of found.entries()) {
      const place = isStruct ? places.find((one) => one.id === field.id) : places[index];
      if (!place)
        throw fail(named(field.name), "is none of the table's; add it to the schema and the name mapping first");
      const namesake = isStruct ? places.find((one) => one.name === field.name && one.id !== place.id) : undefined;
      if (namesake)
        throw fail(
          named(field.name),
          `was the name of ${place.name} before another column took it; write the file with field ids instead`,
        );
      checkType(place.type, field, named(place.name));
      if (field.nesting !== null) compare(place, field.children, named(place.name));
    }
    const twice = isStruct
      ? found.find((field, index) => field.id !== null && found.findIndex((one) => one.id === field.id) !== index)
      : undefined;
    if (twice) throw fail(named(twice.name), "stands for a field that another column of the file stands for too");
    for (const place of places)
      if (place.required && isStruct && !found.some((field) => field.id === place.id))
        throw fail(named(place.name), "is required and not in the file");
  };
  const checkType = (type: Type, field: FileField, path: string): void => {
    const expected = typeof type === "string" ? null : type.type;
    if (expected !== field.nesting)
      throw fail(
        path,
        `is ${field.nesting ?? field.primitive} in the file and ${typeof type === "string" ? type : type.type} in the table`,
      );
    if (typeof type !== "string" || field.primitive === duckdbType(type)) return;
    const own = icebergType(field.primitive ?? "");
    if (own === null || !canPromote(own, type))
      throw fail(
        path,
        `is ${field.primitive} in the file and ${type} in the table, and the one does not become the other`,
      );
  };
  compare(null, shape.fields, "");
}

/** Types that a wider column of the table can hold; narrow whole numbers read as int. */
function icebergType(duckdb: string): string | null {
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(duckdb);
  if (decimal) return canonicalPrimitive(`decimal(${decimal[1]}, ${decimal[2]})`);
  const known: Record<string, string> = {
    TINYINT: "int",
    SMALLINT: "int",
    INTEGER: "int",
    UTINYINT: "int",
    USMALLINT: "int",
    FLOAT: "float",
  };
  return known[duckdb] ?? null;
}
