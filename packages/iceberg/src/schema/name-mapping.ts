import { z } from "zod";
import { IcebergError } from "../errors.ts";
import type { NestedField, StructType, Type } from "./schema.ts";

/** Property that says which names stand for which ids in files without ids (spec "Column Projection", Appendix C). */
export const NAME_MAPPING = "schema.name-mapping.default";

/** Names that mean one field id; an entry without an id only holds nested ones. */
export interface MappedField {
  readonly "field-id"?: number | undefined;
  readonly names: readonly string[];
  readonly fields?: readonly MappedField[] | undefined;
}

const mappedField: z.ZodType<MappedField> = z.lazy(() =>
  z.object({
    "field-id": z.number().int().positive().optional(),
    names: z.array(z.string()),
    fields: z.array(mappedField).optional(),
  }),
);

/** The table's name mapping, or null. `metadata-invalid` names the property when it is no mapping. */
export function nameMappingOf(properties: Readonly<Record<string, string>>): readonly MappedField[] | null {
  const text = properties[NAME_MAPPING];
  if (text === undefined) return null;
  const fail = (problem: string): IcebergError =>
    new IcebergError(
      "metadata-invalid",
      `table property ${NAME_MAPPING} is no name mapping (${problem}); set it anew with setNameMapping()`,
      { property: NAME_MAPPING },
    );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw fail((error as Error).message);
  }
  const parsed = z.array(mappedField).safeParse(json);
  if (!parsed.success) throw fail(parsed.error.issues[0]?.message ?? "unknown shape");
  const twice = (fields: readonly MappedField[]): string | undefined => {
    const names = fields.flatMap((field) => field.names);
    return (
      names.find((name, index) => names.indexOf(name) !== index) ??
      fields.map((one) => twice(one.fields ?? [])).find((name) => name !== undefined)
    );
  };
  const double = twice(parsed.data);
  if (double !== undefined) throw fail(`name ${double} stands for two fields`);
  return parsed.data;
}

/** Metadata whose name mapping knows every field by its present name. */
export function withNameMapping<M extends { readonly properties: Readonly<Record<string, string>> }>(
  metadata: M,
  schema: StructType,
): M {
  const mapping = JSON.stringify(mappingOfSchema(schema));
  return { ...metadata, properties: { ...metadata.properties, [NAME_MAPPING]: mapping } };
}

/** The mapping under which every field has its present name. */
function mappingOfSchema(schema: StructType): MappedField[] {
  return schema.fields.map(mapped);
}

function mapped(field: { id: number; name: string; type: Type }): MappedField {
  const { type } = field;
  const nested =
    typeof type === "string" ? [] : type.type === "struct" ? type.fields.map(mapped) : partsOf(type).map(mapped);
  return { "field-id": field.id, names: [field.name], ...(nested.length === 0 ? {} : { fields: nested }) };
}

function partsOf(type: Exclude<Type, string | StructType>): Pick<NestedField, "id" | "name" | "type">[] {
  if (type.type === "list") return [{ id: type["element-id"], name: "element", type: type.element }];
  return [
    { id: type["key-id"], name: "key", type: type.key },
    { id: type["value-id"], name: "value", type: type.value },
  ];
}

/**
 * Properties after a schema change: where there is a mapping, renamed fields are known by both names and new fields by
 * theirs. A name that an older field went by stays that field's, dropped or not: the files that lack ids were written when
 * it was, and a column that takes the name later must not show the older one's values.
 */
export function mappingAfterEvolution(
  properties: Readonly<Record<string, string>>,
  before: StructType,
  after: StructType,
): Readonly<Record<string, string>> {
  const mapping = nameMappingOf(properties);
  if (mapping === null) return properties;
  const known = new Set<number>();
  const collect = (fields: readonly MappedField[]): void => {
    for (const field of fields) {
      if (field["field-id"] !== undefined) known.add(field["field-id"]);
      collect(field.fields ?? []);
    }
  };
  collect(mappingOfSchema(before));
  const merged = mergeLevel(mapping, mappingOfSchema(after), known);
  return { ...properties, [NAME_MAPPING]: JSON.stringify(merged) };
}

function mergeLevel(
  mapping: readonly MappedField[],
  wanted: readonly MappedField[],
  known: ReadonlySet<number>,
): MappedField[] {
  const owner = new Map(mapping.flatMap((field) => field.names.map((name) => [name, field["field-id"]] as const)));
  const free = (field: MappedField): string[] =>
    field.names.filter((name) => (owner.has(name) ? owner.get(name) : field["field-id"]) === field["field-id"]);
  const fresh = wanted
    .filter((field) => !known.has(field["field-id"] as number))
    .map((field) => ({ ...field, names: free(field) }));
  const kept = mapping.map((field): MappedField => {
    const now = wanted.find((one) => one["field-id"] === field["field-id"]);
    const fields = mergeLevel(field.fields ?? [], now?.fields ?? [], known);
    return {
      ...field,
      names: now === undefined ? field.names : [...new Set([...field.names, ...free(now)])],
      ...(fields.length === 0 ? {} : { fields }),
    };
  });
  const present = new Set(kept.map((field) => field["field-id"]));
  return [...kept, ...fresh.filter((field) => !present.has(field["field-id"]))];
}
