import { IcebergError } from "../errors.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";
import { currentSchema } from "../metadata/table-metadata.ts";
import { assignIds, idsAfter, type IdSource } from "./assign-ids.ts";
import { checkKey } from "./key-fields.ts";
import { mappingAfterEvolution } from "./name-mapping.ts";
import { canonicalPrimitive, canPromote } from "./primitive.ts";
import type { NestedField, Schema } from "./schema.ts";
import type { SchemaStep } from "./schema-step.ts";
import { newFieldAt, placeAt, placeById, withFields, withPlace, type Place } from "./schema-path.ts";
import { unionSteps } from "./union-schema.ts";

interface Evolution {
  readonly metadata: TableMetadata;
  readonly schema: Schema;
  readonly ids: IdSource;
}

const refuse = (name: string, reason: string): IcebergError =>
  new IcebergError("schema-evolution", `column ${name}: ${reason}`, { column: name });

/** The metadata after the steps, or null when they change nothing. `schema-evolution` names the column and the reason. */
export function evolveSchema(metadata: TableMetadata, steps: readonly SchemaStep[]): TableMetadata | null {
  const before = currentSchema(metadata);
  const ids = idsAfter(metadata["last-column-id"]);
  const schema = steps.reduce((current, step) => evolved({ metadata, schema: current, ids }, step), before);
  return withSchema(metadata, schema, ids.last());
}

function evolved(evolution: Evolution, step: SchemaStep): Schema {
  const { schema } = evolution;
  switch (step.step) {
    case "add":
      return added(evolution, step);
    case "drop":
      return dropped(evolution, step.name);
    case "rename": {
      const place = changeable(schema, step.name, "renamed");
      if (place.name !== step.to) refuseTaken(schema, place.parent, step.to, step.name);
      return { ...schema, fields: withPlace(schema, place, { name: step.to }) };
    }
    case "promote": {
      const place = existing(schema, step.name);
      const type = canonicalPrimitive(step.type);
      if (typeof place.type !== "string" || !canPromote(place.type, type))
        throw refuse(
          step.name,
          `cannot become ${step.type}; allowed are int to long, float to double and a wider decimal of the same scale`,
        );
      return { ...schema, fields: withPlace(schema, place, { type }) };
    }
    case "make-optional": {
      const place = existing(schema, step.name);
      if (keyPlaces(schema).some((key) => key.id === place.id || key.above.includes(place.id)))
        throw refuse(step.name, "it is part of the key and must stay required");
      return { ...schema, fields: withPlace(schema, place, { required: false }) };
    }
    case "document":
      return { ...schema, fields: withPlace(schema, changeable(schema, step.name, "documented"), { doc: step.doc }) };
    case "move":
      return moved(schema, step.name, step.after);
    case "set-key":
      return withKey(evolution, step.names);
    case "union":
      return unionSteps(schema, step.columns).reduce(
        (current, one) => evolved({ ...evolution, schema: current }, one),
        schema,
      );
  }
}

/** The place a path names. Nothing below a map's key may change: keys that were different must not become equal. */
function existing(schema: Schema, path: string): Place {
  const place = placeAt(schema, path);
  if (!place) throw refuse(path, "the table has no such column");
  if (place.inKey) throw refuse(path, "the key of a map cannot change; add a new map column instead");
  return place;
}

/** Only fields of structs have a name, a place and a document of their own. */
function changeable(schema: Schema, path: string, what: string): Place {
  const place = existing(schema, path);
  if (place.kind !== "field") throw refuse(path, `the ${place.kind} of a list or map cannot be ${what}`);
  return place;
}

function siblings(schema: Schema, parent: number | null): readonly NestedField[] {
  if (parent === null) return schema.fields;
  const holder = placeById(schema, parent)?.type;
  return holder === undefined || typeof holder === "string" || holder.type !== "struct" ? [] : holder.fields;
}

function refuseTaken(schema: Schema, parent: number | null, name: string, path: string): void {
  if (name === "") throw refuse(path, "a column needs a name");
  if (siblings(schema, parent).some((field) => field.name === name))
    throw refuse(path, `the table has a column of that name already (${name})`);
}

function keyPlaces(schema: Schema): Place[] {
  return (schema["identifier-field-ids"] ?? []).flatMap((id) => placeById(schema, id) ?? []);
}

/** A sibling by its own name or its whole path. */
function siblingAt(schema: Schema, parent: number | null, after: string): NestedField {
  const own = siblings(schema, parent);
  const byPath = placeAt(schema, after);
  const found = own.find((field) => field.name === after) ?? own.find((field) => field.id === byPath?.id);
  if (!found) throw refuse(after, "the table has no such column on that level to put another one behind");
  return found;
}

function inserted(
  schema: Schema,
  parent: number | null,
  field: NestedField,
  after: string | null | undefined,
): readonly NestedField[] {
  const behind = after === null || after === undefined ? null : siblingAt(schema, parent, after).id;
  return withFields(schema, parent, (fields) => {
    const at = after === undefined ? fields.length : fields.findIndex((one) => one.id === behind) + 1;
    return fields.toSpliced(at, 0, field);
  });
}

/**
 * New columns are optional, whatever is nested below may be required: rows written before have no value, and v2 has no
 * defaults. A name that was used before gets a new id.
 */
function added({ schema, ids }: Evolution, step: Extract<SchemaStep, { step: "add" }>): Schema {
  const { parent, name } = newFieldAt(schema, step.name);
  if (parent?.inKey) throw refuse(step.name, "the key of a map cannot grow; add a new map column instead");
  refuseTaken(schema, parent?.id ?? null, name, step.name);
  const [field] = assignIds(
    [{ name, type: step.type, required: false, ...(step.doc === undefined ? {} : { doc: step.doc }) }],
    ids,
  );
  return { ...schema, fields: inserted(schema, parent?.id ?? null, field as NestedField, step.after) };
}

function dropped({ schema, metadata }: Evolution, path: string): Schema {
  const place = changeable(schema, path, "dropped");
  const gone = (id: number): boolean => id === place.id || (placeById(schema, id)?.above.includes(place.id) ?? false);
  if ((schema["identifier-field-ids"] ?? []).some(gone))
    throw refuse(path, "it is part of the key and cannot be dropped");
  const spec = metadata["partition-specs"].find((one) => one["spec-id"] === metadata["default-spec-id"]);
  if (spec?.fields.some((field) => gone(field["source-id"])))
    throw refuse(path, "the table is partitioned by it and it cannot be dropped; change the partition spec first");
  const order = metadata["sort-orders"].find((one) => one["order-id"] === metadata["default-sort-order-id"]);
  if (order?.fields.some((field) => gone(field["source-id"])))
    throw refuse(path, "the table is sorted by it and it cannot be dropped; change the sort order first");
  if (siblings(schema, place.parent).length === 1)
    throw refuse(
      path,
      place.parent === null
        ? "it is the last column of the table"
        : "it is the last field of its struct; drop the struct",
    );
  return {
    ...schema,
    fields: withFields(schema, place.parent, (fields) => fields.filter((field) => field.id !== place.id)),
  };
}

function moved(schema: Schema, path: string, after: string | null): Schema {
  const place = changeable(schema, path, "moved");
  const field = siblings(schema, place.parent).find((one) => one.id === place.id) as NestedField;
  if (after !== null && siblingAt(schema, place.parent, after).id === field.id) return schema;
  const without = {
    ...schema,
    fields: withFields(schema, place.parent, (fields) => fields.filter((one) => one.id !== place.id)),
  };
  return { ...schema, fields: inserted(without, place.parent, field, after) };
}

/** Optional columns become part of the key only while the table is empty: rows without a value could exist. */
function withKey({ schema, metadata }: Evolution, names: readonly string[]): Schema {
  const empty = metadata.snapshots.length === 0;
  let next = schema;
  for (const name of names) {
    const place = placeAt(next, name);
    if (empty && place?.kind === "field") next = { ...next, fields: withPlace(next, place, { required: true }) };
  }
  const ids = names.map((name) => checkKey(next, name));
  const { "identifier-field-ids": _before, ...rest } = next;
  return ids.length === 0 ? rest : { ...rest, "identifier-field-ids": ids };
}

/** Makes a schema current; one the table had before keeps its id. The name mapping, where the table has one, follows. */
function withSchema(metadata: TableMetadata, schema: Schema, lastColumnId: number): TableMetadata | null {
  const shape = (one: Schema): string => JSON.stringify([one.fields, one["identifier-field-ids"] ?? []]);
  const known = metadata.schemas.find((candidate) => shape(candidate) === shape(schema));
  if (known?.["schema-id"] === metadata["current-schema-id"]) return null;
  const id = known?.["schema-id"] ?? Math.max(...metadata.schemas.map((candidate) => candidate["schema-id"])) + 1;
  return {
    ...metadata,
    schemas: known ? metadata.schemas : [...metadata.schemas, { ...schema, "schema-id": id }],
    "current-schema-id": id,
    "last-column-id": Math.max(metadata["last-column-id"], lastColumnId),
    properties: mappingAfterEvolution(metadata.properties, currentSchema(metadata), schema),
  };
}
