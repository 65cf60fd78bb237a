import { IcebergError } from "../errors.ts";
import type { NestedField, StructType, Type } from "./schema.ts";

/**
 * One place of a schema that a path names: a field of a struct, the element of a list, the key or value of a map.
 * Paths read as other engines print them: `address.city`, `items.element.sku`, `attrs.key`, `attrs.value`.
 */
export interface Place {
  readonly id: number;
  readonly kind: "field" | "element" | "key" | "value";
  readonly name: string;
  readonly type: Type;
  readonly required: boolean;
  /** Ids above this place, outermost first. */
  readonly above: readonly number[];
  /** Id of the struct, list or map that holds it; null for a column. */
  readonly parent: number | null;
  /** It is a map's key or lies below one. */
  readonly inKey: boolean;
  /** It lies below a list or map: there are many or no values a row. */
  readonly repeated: boolean;
}

type Holder = Pick<Place, "above" | "parent" | "inKey" | "repeated">;
const TOP: Holder = { above: [], parent: null, inKey: false, repeated: false };

/** Places directly below a type. */
function below(type: Type, holder: Holder): Place[] {
  if (typeof type === "string") return [];
  if (type.type === "struct")
    return type.fields.map(({ id, name, type: fieldType, required }) => ({
      ...holder,
      kind: "field",
      id,
      name,
      type: fieldType,
      required,
    }));
  const inside = { ...holder, repeated: true };
  if (type.type === "list") {
    const { "element-id": id, element, "element-required": required } = type;
    return [{ ...inside, kind: "element", name: "element", id, type: element, required }];
  }
  const { key, value, "key-id": keyId, "value-id": valueId, "value-required": required } = type;
  return [
    { ...inside, kind: "key", name: "key", id: keyId, type: key, required: true, inKey: true },
    { ...inside, kind: "value", name: "value", id: valueId, type: value, required },
  ];
}

/** What holds the places below `place`. */
export function holderOf(place: Place): Holder {
  return { above: [...place.above, place.id], parent: place.id, inKey: place.inKey, repeated: place.repeated };
}

/** Places directly below a place, or the columns of the schema. */
export function placesIn(schema: StructType, place: Place | null): Place[] {
  return place === null ? below(schema, TOP) : below(place.type, holderOf(place));
}

/** Every place of a schema, a holder before what it holds. */
export function allPlaces(schema: StructType): Place[] {
  const visit = (place: Place): Place[] => [place, ...placesIn(schema, place).flatMap(visit)];
  return placesIn(schema, null).flatMap(visit);
}

/** The place a path names, or null. A name with dots in it is found too: the longest name that fits wins. */
export function placeAt(schema: StructType, path: string): Place | null {
  const find = (places: readonly Place[], rest: string): Place | null => {
    const exact = places.find((place) => place.name === rest);
    if (exact) return exact;
    for (const place of places.toSorted((a, b) => b.name.length - a.name.length)) {
      if (!rest.startsWith(`${place.name}.`)) continue;
      const found = find(placesIn(schema, place), rest.slice(place.name.length + 1));
      if (found) return found;
    }
    return null;
  };
  return find(placesIn(schema, null), path);
}

/** The place with an id, or null. */
export function placeById(schema: StructType, id: number): Place | null {
  return allPlaces(schema).find((place) => place.id === id) ?? null;
}

/** Names from the column down to a place. */
export function pathOf(schema: StructType, place: Place): string[] {
  const names = place.above.map((id) => (placeById(schema, id) as Place).name);
  return [...names, place.name];
}

/**
 * Where a new field goes: below the deepest holder the path names, or a column when it names none. `schema-evolution`
 * when the path leads into a list or map itself, whose parts cannot be added.
 */
export function newFieldAt(schema: StructType, path: string): { parent: Place | null; name: string } {
  let parent: Place | null = null;
  let rest = path;
  for (;;) {
    const next: Place | undefined = placesIn(schema, parent)
      .filter((place) => typeof place.type !== "string" && rest.startsWith(`${place.name}.`))
      .toSorted((a, b) => b.name.length - a.name.length)[0];
    if (!next) break;
    parent = next;
    rest = rest.slice(next.name.length + 1);
  }
  if (parent !== null && (typeof parent.type === "string" || parent.type.type !== "struct"))
    throw new IcebergError(
      "schema-evolution",
      `column ${path}: ${parent.name} is a ${typeof parent.type === "string" ? parent.type : parent.type.type}; name the struct inside it, as in items.element.name or attrs.value.name`,
      { column: path },
    );
  return { parent, name: rest };
}

/** Fields of a struct changed; the struct is the schema itself or the place with that id. */
export function withFields(
  schema: StructType,
  structId: number | null,
  change: (fields: readonly NestedField[]) => readonly NestedField[],
): readonly NestedField[] {
  if (structId === null) return change(schema.fields);
  const rewrite = (type: Type, id: number): Type => {
    if (typeof type === "string") return type;
    if (type.type === "struct") {
      const fields = type.fields.map((field) => ({ ...field, type: rewrite(field.type, field.id) }));
      return { ...type, fields: id === structId ? change(fields) : fields };
    }
    if (type.type === "list") return { ...type, element: rewrite(type.element, type["element-id"]) };
    return { ...type, key: rewrite(type.key, type["key-id"]), value: rewrite(type.value, type["value-id"]) };
  };
  return schema.fields.map((field) => ({ ...field, type: rewrite(field.type, field.id) }));
}

/** A place's type, requiredness and (for fields) name and document changed. */
export function withPlace(
  schema: StructType,
  place: Place,
  change: { type?: Type; required?: boolean; name?: string; doc?: string },
): readonly NestedField[] {
  if (place.kind === "field")
    return withFields(schema, place.parent, (fields) =>
      fields.map((field) => (field.id === place.id ? { ...field, ...change } : field)),
    );
  const { type: changed, required } = change;
  const rewrite = (type: Type): Type => {
    if (typeof type === "string") return type;
    if (type.type === "struct")
      return { ...type, fields: type.fields.map((field) => ({ ...field, type: rewrite(field.type) })) };
    if (type.type === "list")
      return type["element-id"] === place.id
        ? { ...type, element: changed ?? type.element, "element-required": required ?? type["element-required"] }
        : { ...type, element: rewrite(type.element) };
    return type["value-id"] === place.id
      ? { ...type, value: changed ?? type.value, "value-required": required ?? type["value-required"] }
      : { ...type, key: rewrite(type.key), value: rewrite(type.value) };
  };
  return schema.fields.map((field) => ({ ...field, type: rewrite(field.type) }));
}
