import type { Context, FileRead } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { CONTENT, type ManifestEntry } from "../manifest/data-file.ts";
import { duckdbType, quoteName, quoteText, readSchemaArgument } from "../schema/duckdb-type.ts";
import type { NestedField, Schema } from "../schema/schema.ts";
import { DELETE_FILE_PATH_ID, DELETE_POS_ID } from "./match-deletes.ts";
import { shapeOf } from "./file-shape.ts";
import type { PlannedFile } from "./plan-files.ts";
import { shapedRead, type ShapedRead } from "./project-shape.ts";

const HOUSE_OPTIONS = "hive_partitioning=false, union_by_name=false";

/**
 * A relation over files, columns matched by field id on every level; file_index (the place in `files`) and file_row_number
 * can be selected too. Files whose shape differs from the wanted one are read by shape and put together.
 */
export function readParquet(context: Context, files: readonly ManifestEntry[], fields: readonly NestedField[]): string {
  for (const { file } of files)
    if (file.format !== "PARQUET")
      throw new IcebergError(
        "unsupported-feature",
        `${file.path} is ${file.format}; this package reads Parquet data files`,
        { location: file.path },
      );
  context.onRead?.({ files: () => files.map((entry) => fileRead(entry, fields)) });
  const read = (entries: readonly ManifestEntry[], schema: string): string => {
    const paths = entries.map((entry) => quoteText(context.storage.enginePath(entry.file.path))).join(", ");
    // Where it is given a schema the engine opens no file before it plans, takes a table for a few rows, and would build
    // the hash table of a join from the table instead of from the handful of keys looked for in it.
    const rows = entries.reduce((sum, entry) => sum + entry.file.recordCount, 0);
    return `read_parquet([${paths}], schema=${schema}, explicit_cardinality=${rows}, ${HOUSE_OPTIONS})`;
  };
  const groups = byShape(files, fields);
  if (groups.every((group) => group.read === null)) return read(files, readSchemaArgument(fields));
  const plain = fields.map((field) => quoteName(field.name)).join(", ");
  const parts = groups.map(({ read: shaped, indexes }) => {
    const source = read(
      indexes.map((index) => files[index] as ManifestEntry),
      shaped?.schema ?? readSchemaArgument(fields),
    );
    return `SELECT ${shaped?.columns ?? plain}, ([${indexes.join(", ")}])[file_index::BIGINT + 1] AS file_index, file_row_number FROM ${source}`;
  });
  return `(${parts.join(" UNION ALL ")})`;
}

/** The most that reading these columns of a file takes. */
export function fileRead({ file }: ManifestEntry, fields: readonly NestedField[]): FileRead {
  const { path, sizeBytes, columnSizes } = file;
  if (columnSizes === undefined) return { path, sizeBytes, columns: null };
  const sizes = new Map(columnSizes.map(({ key, value }) => [key, value]));
  // Of a nested column only the leaves have sizes: its file counts as a whole.
  if (fields.some((field) => typeof field.type !== "string")) return { path, sizeBytes, columns: null };
  return { path, sizeBytes, columns: new Map(fields.map(({ id, name }) => [name, sizes.get(id) ?? 0])) };
}

/** Indexes of files that can be read by one call. */
function byShape(
  files: readonly ManifestEntry[],
  fields: readonly NestedField[],
): { read: ShapedRead | null; indexes: number[] }[] {
  const groups = new Map<string, { read: ShapedRead | null; indexes: number[] }>();
  files.forEach(({ file }, index) => {
    const shape = shapeOf(file);
    const read = shape === undefined ? null : shapedRead(shape, fields);
    const key = read === null ? "" : `${read.schema}\n${read.columns}`;
    const group = groups.get(key);
    if (group) group.indexes.push(index);
    else groups.set(key, { read, indexes: [index] });
  });
  return [...groups.values()];
}

/** The typed empty relation; `extra` goes behind its columns. */
export function emptySelect(fields: readonly NestedField[], extra = ""): string {
  return `SELECT ${fields.map((field) => `CAST(NULL AS ${duckdbType(field.type)}) AS ${quoteName(field.name)}`).join(", ")}${extra} WHERE false`;
}

/** One number per row of a file list: file index and position, as one integer, so that the anti join hashes integers. */
export const ROW_KEY = "((file_index::BIGINT << 40) | file_row_number)";

/** SELECT of the row keys that position deletes name, for files in the order given. Distinct paths only become keys when listed. */
export function deletedKeysSql(
  context: Context,
  files: readonly ManifestEntry[],
  deletes: readonly ManifestEntry[],
): string {
  return `SELECT (i << 40) | pos AS k FROM (${deletedPlacesSql(context, files, deletes)})`;
}

/**
 * The same as pairs of file index and row number: a semi join on the row number itself makes the engine skip the row groups
 * that hold none of them, which it cannot do for a computed key.
 */
export function deletedPlacesSql(
  context: Context,
  files: readonly ManifestEntry[],
  deletes: readonly ManifestEntry[],
): string {
  const unique = [...new Map(deletes.map((entry) => [entry.file.path, entry])).values()];
  const reader = readParquet(context, unique, DELETE_FIELDS);
  const names = files.map((entry, index) => `(${quoteText(entry.file.path)}, ${index}::BIGINT)`).join(", ");
  return `SELECT n.i AS i, d.pos AS pos FROM ${reader} d JOIN (VALUES ${names}) n(f, i) ON d.file_path = n.f`;
}

/** Columns of a position delete file (spec "Position Delete Files"). */
export const DELETE_FIELDS: readonly NestedField[] = [
  { id: DELETE_FILE_PATH_ID, name: "file_path", required: true, type: "string" },
  { id: DELETE_POS_ID, name: "pos", required: true, type: "long" },
];

/**
 * SELECT of the live rows of planned files: files without deletes are read as they are, the others through an anti join
 * on integer row keys. `output` are the columns to return, in order; equality deletes may read more.
 */
export function liveRowsSql(
  context: Context,
  schema: Schema,
  files: readonly PlannedFile[],
  output: readonly NestedField[],
  extra = "",
): string {
  if (files.length === 0) return emptySelect(output, extra);
  const columns = output.map((field) => quoteName(field.name)).join(", ") + extra;
  const clean = files.filter((file) => file.deletes.length === 0).map((file) => file.entry);
  const byPosition = files.filter(
    (file) => file.deletes.length > 0 && file.deletes.every((entry) => entry.file.content === CONTENT.positionDeletes),
  );
  const byEquality = files.filter((file) =>
    file.deletes.some((entry) => entry.file.content === CONTENT.equalityDeletes),
  );
  const parts: string[] = [];
  if (clean.length > 0) parts.push(`SELECT ${columns} FROM ${readParquet(context, clean, output)}`);
  if (byPosition.length > 0) parts.push(withoutPositionDeletes(context, byPosition, output, columns));
  for (const group of sameEqualityDeletes(byEquality))
    parts.push(withoutEqualityDeletes(context, schema, group, output, columns));
  return parts.join(" UNION ALL ");
}

function withoutPositionDeletes(
  context: Context,
  files: readonly PlannedFile[],
  fields: readonly NestedField[],
  columns: string,
): string {
  const entries = files.map((file) => file.entry);
  const deletes = files.flatMap((file) =>
    file.deletes.filter((entry) => entry.file.content === CONTENT.positionDeletes),
  );
  const source = readParquet(context, entries, fields);
  if (deletes.length === 0) return `SELECT ${columns} FROM ${source}`;
  return `SELECT ${columns} FROM ${source} WHERE ${ROW_KEY} NOT IN (${deletedKeysSql(context, entries, deletes)})`;
}

/** Files that share the same equality deletes can share one anti join per delete schema. */
function sameEqualityDeletes(files: readonly PlannedFile[]): PlannedFile[][] {
  const groups = new Map<string, PlannedFile[]>();
  for (const file of files) {
    const key = file.deletes
      .filter((entry) => entry.file.content === CONTENT.equalityDeletes)
      .map((entry) => entry.file.path)
      .sort()
      .join("\n");
    groups.set(key, [...(groups.get(key) ?? []), file]);
  }
  return [...groups.values()];
}

/** Spec "Equality Delete Files": a row goes when it equals a delete row on all its columns, null equal to null. */
function withoutEqualityDeletes(
  context: Context,
  schema: Schema,
  group: readonly PlannedFile[],
  output: readonly NestedField[],
  columns: string,
): string {
  const deletes = (group[0] as PlannedFile).deletes.filter((entry) => entry.file.content === CONTENT.equalityDeletes);
  const byIds = new Map<string, ManifestEntry[]>();
  for (const entry of deletes) {
    const key = (entry.file.equalityIds ?? []).toSorted((a, b) => a - b).join(",");
    byIds.set(key, [...(byIds.get(key) ?? []), entry]);
  }
  const needed = new Map(output.map((field) => [field.id, field]));
  const conditions = [...byIds].map(([ids, entries]) => {
    const fields = ids.split(",").map((id) => {
      const field = schema.fields.find((candidate) => candidate.id === Number(id));
      if (!field)
        throw new IcebergError(
          "unsupported-feature",
          `an equality delete uses column id ${id}, which the current schema has not as a top-level column; compact the table with its writer first`,
        );
      needed.set(field.id, field);
      return field;
    });
    const equal = fields
      .map((field) => `s.${quoteName(field.name)} IS NOT DISTINCT FROM e.${quoteName(field.name)}`)
      .join(" AND ");
    return `NOT EXISTS (SELECT 1 FROM ${readParquet(context, entries, fields)} e WHERE ${equal})`;
  });
  const inner = [...needed.values()];
  const rows = withoutPositionDeletes(
    context,
    group,
    inner,
    `${inner.map((field) => quoteName(field.name)).join(", ")}, file_index, file_row_number`,
  );
  return `SELECT ${columns} FROM (${rows}) s WHERE ${conditions.join(" AND ")}`;
}
