import type { DuckDBConnection } from "@duckdb/node-api";
import type { Context } from "../context.ts";
import type { DataFile, ManifestEntry } from "../manifest/data-file.ts";
import { currentSchema, type TableMetadata } from "../metadata/table-metadata.ts";
import { filesOf, withLocalFiles } from "../read/local-files.ts";
import type { PlannedFile } from "../read/plan-files.ts";
import { deletedKeysSql, readParquet, ROW_KEY } from "../read/scan-sql.ts";
import { quoteName } from "../schema/duckdb-type.ts";
import { writeDataFiles } from "./data-files.ts";
import { writePositionDeletes, type FoundRows } from "./position-deletes.ts";
import type { RowDeleteMode } from "./row-delete-mode.ts";

/** Files that make found rows go. */
export interface RemovedRows {
  readonly addedDeleteFiles: readonly DataFile[];
  /** Data files written anew without the rows. */
  readonly addedDataFiles: readonly DataFile[];
  /** Paths of the data files they replace. */
  readonly rewritten: readonly string[];
}

export const NOTHING_ELSE: RemovedRows = { addedDeleteFiles: [], addedDataFiles: [], rewritten: [] };

/** Takes found rows out of their files, by delete files or by writing the files anew. `only` limits it to some files. */
export async function removeFoundRows(
  context: Context,
  metadata: TableMetadata,
  connection: DuckDBConnection,
  planned: readonly PlannedFile[],
  found: FoundRows,
  mode: RowDeleteMode,
  only: (index: number) => boolean = () => true,
): Promise<RemovedRows> {
  if (mode === "position-deletes") {
    const addedDeleteFiles = await writePositionDeletes(context, metadata, connection, found, only);
    return { addedDeleteFiles, addedDataFiles: [], rewritten: [] };
  }
  const indexes = [...found.counts.keys()].filter(only).toSorted((a, b) => a - b);
  if (indexes.length === 0) return NOTHING_ELSE;
  const entries = indexes.map((index) => found.files[index] as ManifestEntry);
  const paths = entries.map((entry) => entry.file.path);
  const wanted = new Set(paths);
  const touched = planned.filter((file) => wanted.has(file.entry.file.path));
  const rows = remainingRowsSql(context, metadata, entries, indexes, touched, found);
  const addedDataFiles = await withLocalFiles(context, filesOf(touched), async () =>
    writeDataFiles(context, metadata, connection, rows),
  );
  return { addedDeleteFiles: [], addedDataFiles, rewritten: paths };
}

/** Rows of files that neither older delete files nor the found rows name. */
function remainingRowsSql(
  context: Context,
  metadata: TableMetadata,
  entries: readonly ManifestEntry[],
  indexes: readonly number[],
  touched: readonly PlannedFile[],
  found: FoundRows,
): string {
  const { fields } = currentSchema(metadata);
  const columns = fields.map((field) => quoteName(field.name)).join(", ");
  const places = indexes.map((index, place) => `(${index}::BIGINT, ${place}::BIGINT)`).join(", ");
  const going = `SELECT (n.place << 40) | r.pos FROM ${found.table} r JOIN (VALUES ${places}) n(i, place) ON r.i = n.i`;
  const deletes = touched.flatMap((file) => file.deletes);
  const gone = deletes.length === 0 ? "" : ` AND ${ROW_KEY} NOT IN (${deletedKeysSql(context, entries, deletes)})`;
  return `SELECT ${columns} FROM ${readParquet(context, entries, fields)} WHERE ${ROW_KEY} NOT IN (${going})${gone}`;
}
