import type { DuckDBConnection } from "@duckdb/node-api";
import { query } from "../engine.ts";
import type { PlannedFile } from "../read/plan-files.ts";
import { quoteName } from "../schema/duckdb-type.ts";
import { parsePrimitive } from "../schema/primitive.ts";
import type { NestedField } from "../schema/schema.ts";
import { compareValues, decodeValue, valueFromText, type Comparable } from "../values/bound.ts";

/** Up to this many keys are looked up one by one against file bounds; above, their range is. */
const SINGLE_KEYS = 2_000;

/** What is known of the keys of a merge: the range of each key column, and the sorted values of the first when they are few. */
export interface KeyRange {
  readonly columns: readonly { readonly field: NestedField; readonly lower: Comparable; readonly upper: Comparable }[];
  readonly values: readonly Comparable[] | null;
  readonly empty: boolean;
}

/** Ranges of the key columns of a relation. Columns whose text form does not order like their values are left out. */
export async function keyRange(
  connection: DuckDBConnection,
  relation: string,
  fields: readonly NestedField[],
): Promise<KeyRange> {
  const usable = fields.filter(
    (field) => !["binary", "fixed", "float", "double", "boolean"].includes(parsePrimitive(field.type as string).kind),
  );
  const parts = usable.flatMap((field, index) => [
    `min(${quoteName(field.name)})::VARCHAR AS lo${index}`,
    `max(${quoteName(field.name)})::VARCHAR AS hi${index}`,
  ]);
  const [row] = await query(
    connection,
    `SELECT count(*) AS n${parts.map((part) => `, ${part}`).join("")} FROM ${relation}`,
  );
  const count = Number(row?.["n"]);
  const columns = usable.flatMap((field, index) => {
    const [lower, upper] = [comparable(field, row?.[`lo${index}`]), comparable(field, row?.[`hi${index}`])];
    return lower === null || upper === null ? [] : [{ field, lower, upper }];
  });
  const first = columns[0];
  if (!first || count === 0 || count > SINGLE_KEYS) return { columns, values: null, empty: count === 0 };
  const name = quoteName(first.field.name);
  const texts = await query(connection, `SELECT DISTINCT ${name}::VARCHAR AS v FROM ${relation}`);
  const values = texts.map((text) => comparable(first.field, text["v"]));
  if (values.some((value) => value === null)) return { columns, values: null, empty: false };
  return { columns, values: (values as Comparable[]).toSorted(compareValues), empty: false };
}

function comparable(field: NestedField, text: unknown): Comparable | null {
  return typeof text === "string" ? valueFromText(field.type as string, text) : null;
}

/** Planned files whose bounds admit one of the keys. Files without bounds stay. */
export function filesThatMayHold(planned: readonly PlannedFile[], range: KeyRange): PlannedFile[] {
  if (range.empty) return [];
  return planned.filter(({ entry: { file } }) =>
    range.columns.every((column, index) => {
      const low = file.lower?.find((pair) => pair.key === column.field.id)?.value;
      const high = file.upper?.find((pair) => pair.key === column.field.id)?.value;
      const lower = low === undefined ? null : decodeValue(column.field.type as string, low);
      const upper = high === undefined ? null : decodeValue(column.field.type as string, high);
      if (lower !== null && compareValues(column.upper, lower) < 0) return false;
      if (upper !== null && compareValues(column.lower, upper) > 0) return false;
      if (index > 0 || range.values === null || lower === null || upper === null) return true;
      const at = firstNotBelow(range.values, lower);
      const candidate = range.values[at];
      return candidate !== undefined && compareValues(candidate, upper) <= 0;
    }),
  );
}

function firstNotBelow(values: readonly Comparable[], bound: Comparable): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareValues(values[middle] as Comparable, bound) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
