import { IcebergError } from "../errors.ts";
import type { SchemaStep } from "./schema-step.ts";
import { canonicalPrimitive, canPromote } from "./primitive.ts";
import type { ColumnType, Schema, SchemaColumn, Type } from "./schema.ts";
import { placesIn, type Place } from "./schema-path.ts";

/**
 * Steps that make a schema hold another one: columns it lacks are added at every level, types grow where the spec allows
 * it, what the other one has optional becomes optional. A type that is the wider one already stays.
 * `schema-evolution` when the two cannot live in one table.
 */
export function unionSteps(schema: Schema, columns: readonly SchemaColumn[]): SchemaStep[] {
  const inStruct = (holder: Place | null, path: string, given: readonly SchemaColumn[]): SchemaStep[] => {
    const own = new Map(placesIn(schema, holder).map((place) => [place.name, place]));
    return given.flatMap((column): SchemaStep[] => {
      const place = own.get(column.name);
      const name = path === "" ? column.name : `${path}.${column.name}`;
      if (!place) return [{ step: "add", name, type: column.type, doc: column.doc }];
      return inPlace(place, name, column.type, column.required ?? false);
    });
  };
  const inPlace = (place: Place, name: string, type: ColumnType, required: boolean): SchemaStep[] => {
    const isKey = (schema["identifier-field-ids"] ?? []).includes(place.id);
    const relax: SchemaStep[] =
      place.required && !required && !isKey && place.kind !== "key" ? [{ step: "make-optional", name }] : [];
    return [...relax, ...grown(place, name, type)];
  };
  const grown = (place: Place, name: string, type: ColumnType): SchemaStep[] => {
    const clash = new IcebergError(
      "schema-evolution",
      `column ${name}: it is ${spelled(place.type)} in the table and ${spelled(type)} in the other schema; no type holds both`,
      { column: name },
    );
    if (typeof type === "string" || typeof place.type === "string") {
      if (typeof type !== "string" || typeof place.type !== "string") throw clash;
      const to = canonicalPrimitive(type);
      if (canPromote(to, place.type)) return [];
      if (!canPromote(place.type, to)) throw clash;
      return [{ step: "promote", name, type: to }];
    }
    if (type.type !== place.type.type) throw clash;
    if (type.type === "struct") return inStruct(place, name, type.fields);
    const parts = placesIn(schema, place);
    if (type.type === "list")
      return inPlace(parts[0] as Place, `${name}.element`, type.element, type.elementRequired ?? false);
    return [
      ...inPlace(parts[0] as Place, `${name}.key`, type.key, true),
      ...inPlace(parts[1] as Place, `${name}.value`, type.value, type.valueRequired ?? false),
    ];
  };
  return inStruct(null, "", columns);
}

const spelled = (type: Type | ColumnType): string => (typeof type === "string" ? type : `a ${type.type}`);
