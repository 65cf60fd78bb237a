/**
 * Schemas as table metadata JSON spells them (spec: "Schemas and Data Types", Appendix C), so no layer translates.
 */
export type PrimitiveType = string;
export interface StructType {
  readonly type: "struct";
  readonly fields: readonly NestedField[];
}
export interface ListType {
  readonly type: "list";
  readonly "element-id": number;
  readonly element: Type;
  readonly "element-required": boolean;
}
export interface MapType {
  readonly type: "map";
  readonly "key-id": number;
  readonly key: Type;
  readonly "value-id": number;
  readonly value: Type;
  readonly "value-required": boolean;
}
export type Type = PrimitiveType | StructType | ListType | MapType;
export interface NestedField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: Type;
  readonly doc?: string | undefined;
}
export interface Schema extends StructType {
  readonly "schema-id": number;
  readonly "identifier-field-ids"?: readonly number[] | undefined;
}

/** How callers spell a nested type; ids are assigned by the table. */
export type ColumnType =
  | string
  | { readonly type: "struct"; readonly fields: readonly SchemaColumn[] }
  | { readonly type: "list"; readonly element: ColumnType; readonly elementRequired?: boolean }
  | { readonly type: "map"; readonly key: ColumnType; readonly value: ColumnType; readonly valueRequired?: boolean };

/** One column as callers give it and read it back; `id` is present on the way out and ignored on the way in. */
export interface SchemaColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly required?: boolean;
  readonly doc?: string;
  readonly id?: number;
}

/** A leaf (primitive) of a schema with its path of names, as Parquet and statistics address it. */
export interface Leaf {
  readonly id: number;
  readonly path: readonly string[];
  readonly type: PrimitiveType;
  /** Below a list or map: counts are per element, and bounds say nothing about rows. */
  readonly repeated: boolean;
}

/** Every primitive of a schema in order, nested ones included; list elements and map parts have Parquet's names. */
export function leavesOf(schema: StructType): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (id: number, type: Type, path: string[], repeated: boolean): void => {
    if (typeof type === "string") leaves.push({ id, path, type, repeated });
    else if (type.type === "struct")
      for (const field of type.fields) visit(field.id, field.type, [...path, field.name], repeated);
    else if (type.type === "list") visit(type["element-id"], type.element, [...path, "element"], true);
    else {
      visit(type["key-id"], type.key, [...path, "key"], true);
      visit(type["value-id"], type.value, [...path, "value"], true);
    }
  };
  for (const field of schema.fields) visit(field.id, field.type, [field.name], false);
  return leaves;
}

/** Highest field id on any level; 0 for an empty schema. */
export function highestFieldId(type: Type): number {
  if (typeof type === "string") return 0;
  if (type.type === "struct")
    return Math.max(0, ...type.fields.map((field) => Math.max(field.id, highestFieldId(field.type))));
  if (type.type === "list") return Math.max(type["element-id"], highestFieldId(type.element));
  return Math.max(type["key-id"], type["value-id"], highestFieldId(type.key), highestFieldId(type.value));
}

/** Top-level column by name, or undefined. */
export function fieldNamed(schema: StructType, name: string): NestedField | undefined {
  return schema.fields.find((field) => field.name === name);
}

/** The schema as callers see it. */
export function columnsOf(schema: StructType): SchemaColumn[] {
  return schema.fields.map(columnOf);
}

function columnOf(field: NestedField): SchemaColumn {
  return {
    id: field.id,
    name: field.name,
    type: columnTypeOf(field.type),
    required: field.required,
    ...(field.doc === undefined ? {} : { doc: field.doc }),
  };
}

function columnTypeOf(type: Type): ColumnType {
  if (typeof type === "string") return type;
  if (type.type === "struct") return { type: "struct", fields: type.fields.map(columnOf) };
  if (type.type === "list")
    return { type: "list", element: columnTypeOf(type.element), elementRequired: type["element-required"] };
  return {
    type: "map",
    key: columnTypeOf(type.key),
    value: columnTypeOf(type.value),
    valueRequired: type["value-required"],
  };
}
