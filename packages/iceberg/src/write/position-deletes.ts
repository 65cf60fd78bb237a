import type { DuckDBConnection } from "@duckdb/node-api";
import type { Context } from "../context.ts";
import { query, run } from "../engine.ts";
import { CONTENT, partitionKey, type DataFile, type ManifestEntry } from "../manifest/data-file.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";
import { parquetCodec } from "../properties.ts";
import { comparePaths, DELETE_FILE_PATH_ID, DELETE_POS_ID } from "../read/match-deletes.ts";
import type { NumberRange } from "../read/number-ranges.ts";
import type { PlannedFile } from "../read/plan-files.ts";
import { deletedKeysSql, readParquet, ROW_KEY } from "../read/scan-sql.ts";
import { quoteName, quoteText } from "../schema/duckdb-type.ts";
import type { NestedField } from "../schema/schema.ts";
import { dataFolder } from "./data-files.ts";
import { filesOf, withLocalFiles } from "../read/local-files.ts";

/** Live rows found in data files: a temporary table of (i, pos), i being the index into `files`. */
export interface FoundRows {
  readonly table: string;
  readonly files: readonly ManifestEntry[];
  /** Rows found per index; files without any are absent. */
  readonly counts: ReadonlyMap<number, number>;
}

/** Which rows are looked for. */
export interface FindCondition {
  readonly join?: string;
  readonly where?: string;
  /** Ranges of a column outside of which there are none: each is a read of its own. */
  readonly within?: { readonly column: string; readonly ranges: readonly NumberRange[] } | undefined;
}

/**
 * Finds live rows in planned files by a condition over `fields` (a WHERE clause or a semi join). Only those columns and
 * the row numbers are read; rows deleted earlier are left out. The caller drops the temporary table.
 */
export async function findRows(
  context: Context,
  connection: DuckDBConnection,
  planned: readonly PlannedFile[],
  fields: readonly NestedField[],
  condition: FindCondition,
): Promise<FoundRows> {
  // Sorted by path, so that ordering by the integer index is the order position delete files need.
  const sorted = planned.toSorted((a, b) => comparePaths(a.entry.file.path, b.entry.file.path));
  const files = sorted.map((file) => file.entry);
  const table = `_iceberg_rows_${context.uuid().replaceAll("-", "")}`;
  if (files.length === 0) {
    await run(connection, `CREATE TEMP TABLE ${table} (i BIGINT, pos BIGINT)`);
    return { table, files, counts: new Map() };
  }
  const deletes = sorted.flatMap((file) => file.deletes);
  const { within, where, join = "" } = condition;
  const narrowed = within?.ranges.map(({ low, high }) => `t.${quoteName(within.column)} BETWEEN ${low} AND ${high}`);
  const matched = (narrowed ?? [undefined])
    .map((range) => [range, where].filter((one) => one !== undefined))
    .map(
      (all) =>
        `SELECT t.file_index::BIGINT AS i, t.file_row_number AS pos, ${ROW_KEY} AS k FROM ${readParquet(context, files, fields)} t ${join} ${all.length === 0 ? "" : `WHERE ${all.join(" AND ")}`}`,
    )
    .join(" UNION ALL ");
  const live =
    deletes.length === 0
      ? matched
      : `SELECT m.* FROM (${matched}) m ANTI JOIN (${deletedKeysSql(context, files, deletes)}) x ON m.k = x.k`;
  await withLocalFiles(context, filesOf(sorted), async () =>
    run(connection, `CREATE TEMP TABLE ${table} AS SELECT i, pos FROM (${live})`),
  );
  const counted = await query(connection, `SELECT i, count(*) AS n FROM ${table} GROUP BY i`);
  return { table, files, counts: new Map(counted.map((row) => [Number(row["i"]), Number(row["n"])])) };
}

/**
 * Writes position delete files for found rows (spec "Position Delete Files"): one per partition, sorted by path and
 * position, bounded by the exact paths so that scans of other files skip them. `only` limits it to some files.
 */
export async function writePositionDeletes(
  context: Context,
  metadata: TableMetadata,
  connection: DuckDBConnection,
  found: FoundRows,
  only: (index: number) => boolean = () => true,
): Promise<DataFile[]> {
  const groups = new Map<string, number[]>();
  for (const index of [...found.counts.keys()].filter(only).toSorted((a, b) => a - b)) {
    const key = partitionKey((found.files[index] as ManifestEntry).file);
    const group = groups.get(key);
    if (group) group.push(index);
    else groups.set(key, [index]);
  }
  const files: DataFile[] = [];
  for (const group of groups.values()) files.push(await writeGroup(context, metadata, connection, found, group));
  await Promise.all(files.map((file) => context.storage.sync(file.path)));
  return files;
}

async function writeGroup(
  context: Context,
  metadata: TableMetadata,
  connection: DuckDBConnection,
  found: FoundRows,
  group: readonly number[],
): Promise<DataFile> {
  const folder = dataFolder(metadata);
  await context.storage.prepareFolder(folder);
  const location = `${folder}/${context.uuid()}-deletes.parquet`;
  const fileOf = (index: number): DataFile => (found.files[index] as ManifestEntry).file;
  const names = group.map((index) => `(${index}::BIGINT, ${quoteText(fileOf(index).path)})`).join(", ");
  const rows = `SELECT n.f AS file_path, r.pos AS pos FROM ${found.table} r JOIN (VALUES ${names}) n(i, f) ON r.i = n.i ORDER BY r.i, r.pos`;
  // Version 1 whatever the table says: Arrow reads the paths as a dictionary, which it cannot make of version 2's strings.
  const options = `FORMAT parquet, PARQUET_VERSION V1, COMPRESSION ${parquetCodec(metadata.properties)}, RETURN_STATS, FIELD_IDS {file_path: ${DELETE_FILE_PATH_ID}, pos: ${DELETE_POS_ID}}`;
  const [written] = await query(
    connection,
    `COPY (${rows}) TO ${quoteText(context.storage.enginePath(location))} (${options})`,
  );
  const [first, last] = [fileOf(group[0] as number), fileOf(group.at(-1) as number)];
  const bound = (path: string): { key: number; value: Buffer }[] => [
    { key: DELETE_FILE_PATH_ID, value: Buffer.from(path, "utf8") },
  ];
  return {
    content: CONTENT.positionDeletes,
    path: location,
    format: "PARQUET",
    specId: first.specId,
    partition: first.partition,
    recordCount: Number(written?.["count"]),
    sizeBytes: Number(written?.["file_size_bytes"]),
    lower: bound(first.path),
    upper: bound(last.path),
    ...(group.length === 1 ? { referencedDataFile: first.path } : {}),
  };
}

/** A semi join with a relation on named columns; null keys match nothing. */
export function semiJoin(relation: string, columns: readonly string[]): string {
  const equal = columns.map((column) => `t.${quoteName(column)} = s.${quoteName(column)}`).join(" AND ");
  return `SEMI JOIN ${relation} s ON ${equal}`;
}

export async function dropTemporary(connection: DuckDBConnection, tables: readonly string[]): Promise<void> {
  for (const table of tables) await run(connection, `DROP TABLE IF EXISTS temp.${table}`);
}
