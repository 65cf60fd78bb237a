import type { DuckDBConnection } from "@duckdb/node-api";
import { query } from "../engine.ts";
import type { FileField, FileShape } from "../read/file-shape.ts";
import { quoteName } from "../schema/duckdb-type.ts";
import { parsePrimitive } from "../schema/primitive.ts";
import { leavesOf, type Leaf, type StructType } from "../schema/schema.ts";
import { compareValues, valueFromText } from "../values/bound.ts";
import type { ReturnedStatistics } from "./statistics.ts";

/**
 * Statistics of a file somebody else wrote, from its footer, in the form in which COPY returns them. Row groups are added
 * up; a column of which any row group lacks a count or bound has none.
 */
export async function footerStatistics(
  connection: DuckDBConnection,
  path: string,
  schema: StructType,
  shape: FileShape,
): Promise<ReturnedStatistics> {
  const chunks = await query(
    connection,
    `SELECT column_id, num_values, stats_null_count, stats_min_value, stats_max_value, total_compressed_size FROM parquet_metadata(${path})`,
  );
  const byColumn = Map.groupBy(chunks, (chunk) => Number(chunk["column_id"]));
  const ids = leafIds(shape.fields);
  const statistics = new Map<string, ReadonlyMap<string, string>>();
  for (const leaf of leavesOf(schema)) {
    const own = byColumn.get(ids.indexOf(leaf.id));
    if (own) statistics.set(leaf.path.map(quoteName).join("."), added(leaf, own));
  }
  return statistics;
}

/** Ids of the primitives in the order in which Parquet numbers its columns. */
function leafIds(fields: readonly FileField[]): (number | null)[] {
  return fields.flatMap((field) => (field.children.length === 0 ? [field.id] : leafIds(field.children)));
}

function added(leaf: Leaf, chunks: readonly Record<string, unknown>[]): Map<string, string> {
  const result = new Map<string, string>();
  const sum = (from: string, to: string): void => {
    if (chunks.some((chunk) => chunk[from] === null)) return;
    result.set(to, String(chunks.reduce((total, chunk) => total + Number(chunk[from]), 0)));
  };
  sum("total_compressed_size", "column_size_bytes");
  sum("num_values", "num_values");
  sum("stats_null_count", "null_count");
  const { kind } = parsePrimitive(leaf.type);
  // Footers spell bytes with escapes, and do not say whether floats hold NaN: such bounds are left out.
  if (["binary", "fixed", "float", "double"].includes(kind)) return result;
  const filled = chunks.filter((chunk) => Number(chunk["stats_null_count"] ?? -1) !== Number(chunk["num_values"]));
  const extreme = (from: string, to: string, sign: 1 | -1): void => {
    const values = filled.map((chunk) => chunk[from] as string | null);
    if (values.length === 0 || values.some((text) => text === null || valueFromText(leaf.type, text) === null)) return;
    const [first] = (values as string[]).toSorted((a, b) => {
      const [left, right] = [valueFromText(leaf.type, a), valueFromText(leaf.type, b)];
      return left === null || right === null ? 0 : sign * compareValues(left, right);
    });
    result.set(to, first as string);
  };
  extreme("stats_min_value", "min", 1);
  extreme("stats_max_value", "max", -1);
  return result;
}
