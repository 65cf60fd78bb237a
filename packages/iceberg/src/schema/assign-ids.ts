import { IcebergError } from "../errors.ts";
import { canonicalPrimitive } from "./primitive.ts";
import type { ColumnType, NestedField, SchemaColumn, StructType, Type } from "./schema.ts";

/** Ids above this are reserved for metadata columns (spec: "Reserved Field IDs"). */
const HIGHEST_USER_ID = 2_147_483_447;

/** Hands out field ids. */
export interface IdSource {
  next(): number;
}

/** Ids that follow `last`. */
export function idsAfter(last: number): IdSource & { last(): number } {
  let current = last;
  return {
    next: () => {
      current += 1;
      if (current > HIGHEST_USER_ID)
        throw new IcebergError("schema-evolution", "the table has used up its field ids; recreate it");
      return current;
    },
    last: () => current,
  };
}

/** Gives fresh ids to columns: a level first, then what is nested below it, as Java and PyIceberg do. */
export function assignIds(columns: readonly SchemaColumn[], ids: IdSource): NestedField[] {
  const seen = new Set<string>();
  const numbered = columns.map((column) => {
    if (column.name === "") throw new IcebergError("schema-mismatch", "a column needs a name");
    if (seen.has(column.name))
      throw new IcebergError("schema-mismatch", `column ${column.name} is given twice; names must differ`, {
        column: column.name,
      });
    seen.add(column.name);
    return { column, id: ids.next() };
  });
  return numbered.map(({ column, id }) => ({
    id,
    name: column.name,
    required: column.required ?? false,
    type: assignTypeIds(column.type, ids),
    ...(column.doc === undefined ? {} : { doc: column.doc }),
  }));
}

/** Gives fresh ids to the parts of one type. */
export function assignTypeIds(type: ColumnType, ids: IdSource): Type {
  if (typeof type === "string") return canonicalPrimitive(type);
  if (type.type === "struct") return { type: "struct", fields: assignIds(type.fields, ids) };
  if (type.type === "list") {
    const elementId = ids.next();
    return {
      type: "list",
      "element-id": elementId,
      element: assignTypeIds(type.element, ids),
      "element-required": type.elementRequired ?? false,
    };
  }
  const [keyId, valueId] = [ids.next(), ids.next()];
  return {
    type: "map",
    "key-id": keyId,
    key: assignTypeIds(type.key, ids),
    "value-id": valueId,
    value: assignTypeIds(type.value, ids),
    "value-required": type.valueRequired ?? false,
  };
}

/** Accepts what `createTable` accepts: columns, or a struct in metadata form, whose ids are assigned anew. */
export function asColumns(schema: StructType | readonly SchemaColumn[]): readonly SchemaColumn[] {
  if (!("fields" in schema)) return schema;
  const convert = (type: Type): ColumnType => {
    if (typeof type === "string") return type;
    if (type.type === "struct") return { type: "struct", fields: asColumns(type) };
    if (type.type === "list")
      return { type: "list", element: convert(type.element), elementRequired: type["element-required"] };
    return { type: "map", key: convert(type.key), value: convert(type.value), valueRequired: type["value-required"] };
  };
  return schema.fields.map((field) => ({
    name: field.name,
    type: convert(field.type),
    required: field.required,
    ...(field.doc === undefined ? {} : { doc: field.doc }),
  }));
}
