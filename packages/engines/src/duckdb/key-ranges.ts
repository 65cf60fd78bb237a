import type { DuckDBConnection } from "@duckdb/node-api";
import { type Filter, numberRanges, type NumberRange, where } from "@nova/iceberg";
import type { CompiledModel } from "../sql/index.ts";

const WHOLE_NUMBERS: ReadonlySet<string> = new Set(["int", "long"]);

/**
 * Up to this many keys of a join are looked up one by one in the bounds of each row group, and the row groups without any
 * are not read; of more keys only the lowest and the highest are. That many looks take a fraction of a millisecond, reading a
 * row group takes ten or more.
 */
export const LISTED_KEYS = 20_000;

/**
 * A few ranges that hold every key of `temp.affected`; null where the refresh key is not one whole number. Keys grow with
 * time and young rows change most, so a few row groups of a sorted table hold nearly all of them, however large it is.
 */
export async function affectedRanges(
  connection: DuckDBConnection,
  model: CompiledModel,
): Promise<readonly NumberRange[] | null> {
  const [column, ...more] = model.refreshKey;
  if (column === undefined || more.length > 0) return null;
  if (!WHOLE_NUMBERS.has(model.file.header.columns[column]?.type ?? "")) return null;
  return numberRanges(connection, "temp.affected", column);
}

/**
 * Filters that hold for every key of the ranges, to be scanned one beside the other. So many keys as the engine looks for
 * by themselves need one scan, in which the ranges only leave out files; of more keys it skips row groups by the bounds of
 * one range, but not by those of several at once.
 */
export function rangeFilters(column: string, ranges: readonly NumberRange[], keys: number): readonly Filter[] {
  const filters = ranges.map(({ low, high }) => where.and(where.gte(column, low), where.lte(column, high)));
  return keys <= LISTED_KEYS && filters.length > 1 ? [where.or(...filters)] : filters;
}
