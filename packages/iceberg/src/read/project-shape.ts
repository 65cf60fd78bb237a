import { duckdbType, quoteName, quoteText } from "../schema/duckdb-type.ts";
import type { NestedField, Type } from "../schema/schema.ts";
import type { FileField, FileShape } from "./file-shape.ts";

/** How to read the columns of files of one shape: the `schema` argument of read_parquet and the select list over it. */
export interface ShapedRead {
  readonly schema: string;
  readonly columns: string;
}

/**
 * Reads files of a shape as `fields`. Columns are matched by id (by name in files without ids); structs, lists and maps
 * whose parts were renamed, dropped or added since are rebuilt from the parts with the same ids, whole vectors at a time.
 * Null when the engine's own matching does the same.
 */
export function shapedRead(shape: FileShape, fields: readonly NestedField[]): ShapedRead | null {
  const wanted = fields.map((field) => ({ field, found: shape.fields.find((one) => one.id === field.id) }));
  if (shape.hasIds && wanted.every(({ field, found }) => !found || agrees(found, field.type))) return null;
  const schema = wanted.flatMap(({ field, found }) => {
    if (!found) return [];
    const key = shape.hasIds ? String(field.id) : quoteText(found.name);
    const type = agrees(found, field.type) ? duckdbType(field.type) : presentType(found, field.type);
    return [`${key}: {name: ${quoteText(field.name)}, type: ${quoteText(type)}, default_value: NULL}`];
  });
  const columns = wanted.map(({ field, found }) => {
    const name = quoteName(field.name);
    if (!found) return `CAST(NULL AS ${duckdbType(field.type)}) AS ${name}`;
    return agrees(found, field.type) ? name : `${rebuilt(name, found, field.type, 0)} AS ${name}`;
  });
  return { schema: schema.length === 0 ? noColumn(shape) : `MAP {${schema.join(", ")}}`, columns: columns.join(", ") };
}

/** The engine wants one column at least; its values are not looked at. */
function noColumn(shape: FileShape): string {
  const first = shape.fields[0] as FileField;
  const key = shape.hasIds && first.id !== null ? String(first.id) : quoteText(first.name);
  return `MAP {${key}: {name: '_unused', type: 'VARCHAR', default_value: NULL}}`;
}

/** Fields of a struct type, the element of a list, key and value of a map. */
function partsOf(type: Exclude<Type, string>): { id: number; name: string; type: Type }[] {
  if (type.type === "struct") return [...type.fields];
  if (type.type === "list") return [{ id: type["element-id"], name: "element", type: type.element }];
  return [
    { id: type["key-id"], name: "key", type: type.key },
    { id: type["value-id"], name: "value", type: type.value },
  ];
}

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Elements, keys and values have no names of their own: there is one, whatever the file calls it. */
function partOf(found: FileField, type: Exclude<Type, string>, index: number): FileField | undefined {
  const part = partsOf(type)[index] as { id: number };
  return type.type === "struct" ? found.children.find((child) => child.id === part.id) : found.children[index];
}

/** Whether matching the parts by name is the same as matching them by id. */
function agrees(found: FileField, type: Type): boolean {
  if (typeof type === "string") return true;
  const parts = partsOf(type);
  const matches = parts.map((_part, index) => partOf(found, type, index));
  if (matches.every((match) => match === undefined)) return false;
  return parts.every((part, index) => {
    const match = matches[index];
    if (!match) return !found.children.some((child) => sameName(child.name, part.name));
    return (type.type !== "struct" || match.name === part.name) && agrees(match, part.type);
  });
}

/** The type to read a column as: the file's names, the wanted types, without parts that nobody wants. */
function presentType(found: FileField, type: Type): string {
  if (typeof type === "string" || agrees(found, type)) return duckdbType(type);
  if (type.type !== "struct") {
    const [first, second] = partsOf(type).map((part, index) => {
      const match = partOf(found, type, index);
      return match ? presentType(match, part.type) : duckdbType(part.type);
    });
    return type.type === "list" ? `${first}[]` : `MAP(${first}, ${second})`;
  }
  const members = type.fields.flatMap((field, index) => {
    const match = partOf(found, type, index);
    return match ? [`${quoteName(match.name)} ${presentType(match, field.type)}`] : [];
  });
  // Without any wanted part the struct is still read, because it may be null: one part, as text, stands for it.
  if (members.length === 0) members.push(`${quoteName((found.children[0] as FileField).name)} VARCHAR`);
  return `STRUCT(${members.join(", ")})`;
}

/** A value of `presentType` as a value of the wanted type. */
function rebuilt(value: string, found: FileField, type: Type, depth: number): string {
  if (typeof type === "string" || agrees(found, type)) return value;
  // A column of the same name would be taken for the lambda's parameter.
  const item = `_iceberg_item${depth}`;
  const part = (index: number, from: string): string => {
    const match = partOf(found, type, index);
    const { type: wanted } = partsOf(type)[index] as { type: Type };
    return match ? rebuilt(from, match, wanted, depth + 1) : `CAST(NULL AS ${duckdbType(wanted)})`;
  };
  if (type.type === "list") return `list_transform(${value}, lambda ${item}: ${part(0, item)})`;
  if (type.type === "map")
    return `map_from_entries(list_transform(map_entries(${value}), lambda ${item}: struct_pack(key := ${part(0, `${item}.key`)}, value := ${part(1, `${item}.value`)})))`;
  const members = type.fields.map((field, index) => {
    const match = partOf(found, type, index);
    return `${quoteName(field.name)} := ${part(index, match ? `struct_extract(${value}, ${quoteText(match.name)})` : value)}`;
  });
  return `CASE WHEN ${value} IS NULL THEN NULL ELSE struct_pack(${members.join(", ")}) END`;
}
