import type { DuckDBConnection } from "@duckdb/node-api";
import type { Context } from "../context.ts";
import type { ManifestEntry } from "../manifest/data-file.ts";
import { duckdbType, quoteName } from "../schema/duckdb-type.ts";
import type { NestedField } from "../schema/schema.ts";
import { groupRanges, type GroupRange } from "./number-ranges.ts";
import { deletedKeysSql, deletedPlacesSql, readParquet, ROW_KEY } from "./scan-sql.ts";

/** A data file that lost rows to position deletes: the deletes of now, and those from before. */
export interface ThinnedFile {
  readonly entry: ManifestEntry;
  readonly now: readonly ManifestEntry[];
  readonly before: readonly ManifestEntry[];
}

/** More reads than this are no gain over one read of everything. */
const MOST_READS = 60;

/** Where the deleted rows stood in each thinned file, by the place of the file; none when they are all over the place. */
export async function deletedRanges(
  context: Context,
  connection: DuckDBConnection,
  thinned: readonly ThinnedFile[],
): Promise<readonly GroupRange[]> {
  if (thinned.length === 0) return [];
  const entries = thinned.map((file) => file.entry);
  const now = thinned.flatMap((file) => file.now);
  const places = `(${deletedPlacesSql(context, entries, now)})`;
  const ranges = await groupRanges(connection, places, { group: "i", number: "pos" });
  return ranges.length > MOST_READS ? [] : ranges;
}

/** Rows of a row group as this package writes them: the least that is read around a row. */
const ROW_GROUP = 122_880;

/** Deleted rows, and the rows of their files that are looked through for them. */
export interface DeletedReach {
  readonly deleted: number;
  readonly read: number;
}

/** What reading the rows of thinned files around `ranges` comes to, at most. */
export function reachOf(thinned: readonly ThinnedFile[], ranges: readonly GroupRange[]): DeletedReach {
  const now = new Map(
    thinned.flatMap((file) => file.now.map(({ file: { path, recordCount } }) => [path, recordCount])),
  );
  const rowsOf = (place: number): number => thinned[place]?.entry.file.recordCount ?? 0;
  const perFile = thinned.map((_, place) => {
    if (ranges.length === 0) return rowsOf(place);
    const around = ranges.filter(({ group }) => Number(group) === place);
    return Math.min(
      rowsOf(place),
      around.reduce((sum, { low, high }) => sum + Number(high - low) + 1 + ROW_GROUP, 0),
    );
  });
  return { deleted: sumOf(now.values()), read: sumOf(perFile) };
}

function sumOf(numbers: Iterable<number>): number {
  return [...numbers].reduce((sum, number) => sum + number, 0);
}

/**
 * SELECTs of the rows that the deletes of now hide and those from before did not; `extra` goes behind the columns. With
 * `ranges` of the same files only the row groups around them are read. Of the fields only `read` are; the others are null.
 */
export function thinnedRowsSql(
  context: Context,
  fields: readonly NestedField[],
  thinned: readonly ThinnedFile[],
  ranges: readonly GroupRange[],
  extra = "",
  read = fields,
): string[] {
  if (thinned.length === 0) return [];
  const wanted = new Set(read);
  const columns =
    fields
      .map((field) => {
        const name = quoteName(field.name);
        return wanted.has(field) ? name : `CAST(NULL AS ${duckdbType(field.type)}) AS ${name}`;
      })
      .join(", ") + extra;
  const entries = thinned.map((file) => file.entry);
  const places = (deletes: readonly ManifestEntry[]): string => deletedPlacesSql(context, entries, deletes);
  const now = places(thinned.flatMap((file) => file.now));
  const before = thinned.flatMap((file) => file.before);
  if (ranges.length === 0) {
    const still = before.length === 0 ? "" : ` AND ${ROW_KEY} NOT IN (${deletedKeysSql(context, entries, before)})`;
    return [
      `SELECT ${columns} FROM ${readParquet(context, entries, read)} WHERE (file_index::BIGINT, file_row_number) IN (${now})${still}`,
    ];
  }
  return ranges.map(({ group, low, high }) => {
    const rowsOf = (of: string): string => `(SELECT pos FROM (${of}) WHERE i = ${group})`;
    const still = before.length === 0 ? "" : ` AND file_row_number NOT IN ${rowsOf(places(before))}`;
    return `SELECT ${columns} FROM ${readParquet(context, [entries[Number(group)] as ManifestEntry], read)} WHERE file_row_number BETWEEN ${low} AND ${high} AND file_row_number IN ${rowsOf(now)}${still}`;
  });
}
