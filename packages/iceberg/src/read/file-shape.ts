import type { Context } from "../context.ts";
import { query } from "../engine.ts";
import type { DataFile, ManifestEntry } from "../manifest/data-file.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";
import { quoteText } from "../schema/duckdb-type.ts";
import { nameMappingOf, type MappedField } from "../schema/name-mapping.ts";
import type { Type } from "../schema/schema.ts";

/** A column or nested part as a Parquet file has it. */
export interface FileField {
  /** Null when neither the file nor the name mapping gives it one: it is none of the table's. */
  readonly id: number | null;
  readonly name: string;
  /** DuckDB type of a primitive; null for the others. */
  readonly primitive: string | null;
  readonly nesting: "struct" | "list" | "map" | null;
  /** Fields of a struct, the element of a list, key and value of a map. */
  readonly children: readonly FileField[];
}

/** What a file's footer says of its columns. */
export interface FileShape {
  /** False: the file has no field ids, and its columns are found by name. */
  readonly hasIds: boolean;
  readonly fields: readonly FileField[];
}

const footersOf = new WeakMap<DataFile, FileShape>();
/** The footer with the ids of the newest name mapping it was looked at under. */
const shapes = new WeakMap<DataFile, FileShape>();
const needs = new WeakMap<TableMetadata["schemas"], boolean>();

/** The shape of a file that `readShapes` has looked at; undefined when its table never needs them. */
export function shapeOf(file: DataFile): FileShape | undefined {
  return shapes.get(file);
}

/** Remembers the shape of a file that is not in the table yet. */
export function noteShape(file: DataFile, shape: FileShape): void {
  shapes.set(file, shape);
}

/**
 * DuckDB matches columns by field id but the parts of a struct by name. That is right while a nested name has meant the
 * same id all along and every file has ids; for other tables the footers are read once per file, so that the parts can
 * be matched by id as well (spec "Column Projection").
 */
export async function readShapes(
  context: Context,
  metadata: TableMetadata,
  entries: readonly ManifestEntry[],
): Promise<void> {
  const mapping = nameMappingOf(metadata.properties);
  if (mapping === null && !nestedNamesMoved(metadata.schemas)) return;
  const files = entries.map((entry) => entry.file).filter((file) => file.format === "PARQUET");
  const unknown = files.filter((file) => !footersOf.has(file));
  const locations = unknown.map((file) => file.path);
  const known = locations.length === 0 ? new Map<string, FileShape>() : await footers(context, locations);
  for (const file of unknown) footersOf.set(file, known.get(file.path) as FileShape);
  for (const file of files) {
    const footer = footersOf.get(file) as FileShape;
    shapes.set(file, mapping === null ? footer : withMapping(footer, mapping));
  }
}

/** Shapes of Parquet files by location, as their footers have them. */
export async function footers(context: Context, locations: readonly string[]): Promise<Map<string, FileShape>> {
  const byPath = new Map(locations.map((location) => [context.storage.enginePath(location), location]));
  const connection = await context.duckdb.connect();
  const lease = await context.storage.ensureLocal(locations);
  try {
    const rows = (await query(
      connection,
      `SELECT file_name, name, num_children, field_id, converted_type, logical_type, duckdb_type FROM parquet_schema([${[...byPath.keys()].map(quoteText).join(", ")}])`,
    )) as unknown as FooterLine[];
    const grouped = Map.groupBy(rows, (row) => row.file_name);
    return new Map([...grouped].map(([path, lines]) => [byPath.get(path) ?? path, parseShape(lines)]));
  } finally {
    lease.release();
    connection.closeSync();
  }
}

/** A line of parquet_schema; numbers come as text. */
interface FooterLine {
  readonly file_name: string;
  readonly name: string;
  readonly num_children: string | null;
  readonly field_id: string | null;
  readonly converted_type: string | null;
  readonly logical_type: string | null;
  readonly duckdb_type: string | null;
}

/** Parquet lists its columns depth first, a group before its members. */
function parseShape(lines: readonly FooterLine[]): FileShape {
  let at = 0;
  const next = (): FooterLine => lines[at++] as FooterLine;
  const members = (count: number): FileField[] => Array.from({ length: count }, () => field(next()));
  const field = (row: FooterLine): FileField => {
    const { name } = row;
    const id = row.field_id === null ? null : Number(row.field_id);
    const count = Number(row.num_children ?? 0);
    if (count === 0) return { id, name, primitive: row.duckdb_type ?? "BLOB", nesting: null, children: [] };
    const kind = `${row.converted_type ?? ""} ${row.logical_type ?? ""}`;
    if (/\bMAP|MapType/.test(kind)) {
      const [key, value] = members(Number(next().num_children));
      return { id, name, primitive: null, nesting: "map", children: [key, value].filter((one) => one !== undefined) };
    }
    if (/\bLIST|ListType/.test(kind)) {
      const repeated = next();
      const inner = Number(repeated.num_children ?? 0);
      // Parquet "Nested Types": of three levels the middle one is a bare wrapper; old writers have only two.
      const wrapped = inner === 1 && !repeated.name.endsWith("_tuple") && repeated.name !== "array";
      const element = wrapped ? field(next()) : fieldOf(repeated, inner);
      return { id, name, primitive: null, nesting: "list", children: [element] };
    }
    return fieldOf(row, count);
  };
  const fieldOf = (row: FooterLine, count: number): FileField =>
    count === 0
      ? field(row)
      : {
          id: row.field_id === null ? null : Number(row.field_id),
          name: row.name,
          primitive: null,
          nesting: "struct",
          children: members(count),
        };
  const fields = members(Number(next().num_children));
  return { hasIds: fields.some(anyId), fields };
}

const anyId = (field: FileField): boolean => field.id !== null || field.children.some(anyId);

/** Ids by name for a file without any; a file with ids is taken at its word (spec "Column Projection"). */
export function withMapping(shape: FileShape, mapping: readonly MappedField[]): FileShape {
  if (shape.hasIds) return shape;
  const named = (fields: readonly FileField[], known: readonly MappedField[]): FileField[] =>
    fields.map((field) => {
      const entry = known.find((one) => one.names.includes(field.name));
      return { ...field, id: entry?.["field-id"] ?? null, children: parts(field, entry?.fields ?? []) };
    });
  const parts = (field: FileField, known: readonly MappedField[]): FileField[] => {
    if (field.nesting === "struct" || field.nesting === null) return named(field.children, known);
    // Elements, keys and values are mapped under the spec's names, whatever the file calls them.
    const names = field.nesting === "list" ? ["element"] : ["key", "value"];
    const renamed = field.children.map((child, index) => ({ ...child, name: names[index] as string }));
    return named(renamed, known);
  };
  return { hasIds: false, fields: named(shape.fields, mapping) };
}

/** Whether any nested name was given to another id, or any nested id another name, in the table's history. */
function nestedNamesMoved(schemas: TableMetadata["schemas"]): boolean {
  let verdict = needs.get(schemas);
  if (verdict === undefined) needs.set(schemas, (verdict = moved(schemas)));
  return verdict;
}

function moved(schemas: TableMetadata["schemas"]): boolean {
  const shapesOfNested = new Map<number, string>();
  let found = false;
  const note = (id: number, text: string): void => {
    if ((shapesOfNested.get(id) ?? text) !== text) found = true;
    shapesOfNested.set(id, text);
  };
  const visit = (type: Type, id: number): void => {
    if (typeof type === "string") return;
    if (type.type === "struct") {
      note(
        id,
        type.fields
          .map((field) => `${field.id}:${field.name.toLowerCase()}`)
          .sort()
          .join("\n"),
      );
      for (const field of type.fields) visit(field.type, field.id);
    } else if (type.type === "list") visit(type.element, type["element-id"]);
    else {
      visit(type.key, type["key-id"]);
      visit(type.value, type["value-id"]);
    }
  };
  for (const schema of schemas) for (const field of schema.fields) visit(field.type, field.id);
  return found;
}
