import type { DuckDBConnection } from "@duckdb/node-api";
import { query } from "../engine.ts";
import { quoteName } from "../schema/duckdb-type.ts";

/** Whole numbers between two bounds, both included. */
export interface NumberRange {
  readonly low: bigint;
  readonly high: bigint;
}

/** A range of the numbers of one group. */
export interface GroupRange extends NumberRange {
  readonly group: bigint;
}

/** Each range becomes a read of its own: more of them cost more than they spare. */
const MOST_RANGES = 12;
/** Numbers nearer to each other than this stand in the same row group anyway, or in the next. */
const LEAST_GAP = 50_000;

/**
 * A few ranges for each group of a relation that hold all its numbers, cut at the widest gaps. The engine skips the row
 * groups of a file by the bounds of one range, not by a join or by several ranges at once: a handful of numbers far from
 * the others would make it read everything in between.
 */
export async function groupRanges(
  connection: DuckDBConnection,
  relation: string,
  columns: { readonly group: string; readonly number: string },
): Promise<readonly GroupRange[]> {
  // The engine counts in buckets as wide as the least gap; between those that are left the cuts are chosen here.
  const rows = await query(
    connection,
    `SELECT g AS "group", min(v) AS low, max(v) AS high
       FROM (SELECT (${columns.group})::BIGINT AS g, (${columns.number})::BIGINT AS v FROM ${relation}) WHERE v IS NOT NULL
      GROUP BY g, v // ${LEAST_GAP} ORDER BY g, low`,
  );
  const buckets = rows.map((row) => ({
    group: BigInt(row["group"] as bigint),
    low: BigInt(row["low"] as bigint),
    high: BigInt(row["high"] as bigint),
  }));
  return [...Map.groupBy(buckets, ({ group }) => group).values()].flatMap(joined);
}

/** Neighbours of one group, put together wherever the gap between them is not among the widest. */
function joined(buckets: readonly GroupRange[]): GroupRange[] {
  const gapBefore = (index: number): bigint => (buckets[index]?.low ?? 0n) - (buckets[index - 1]?.high ?? 0n);
  const cuts = buckets
    .map((_, index) => index)
    .filter((index) => index > 0 && gapBefore(index) > LEAST_GAP)
    .toSorted((left, right) => Number(gapBefore(right) - gapBefore(left)))
    .slice(0, MOST_RANGES - 1)
    .toSorted((left, right) => left - right);
  return [0, ...cuts].map((from, place) => {
    const part = buckets.slice(from, cuts[place]);
    return { ...(part[0] as GroupRange), high: (part.at(-1) as GroupRange).high };
  });
}

/** The same for a column of a relation as a whole. */
export async function numberRanges(
  connection: DuckDBConnection,
  relation: string,
  column: string,
): Promise<readonly NumberRange[]> {
  return groupRanges(connection, relation, { group: "0", number: quoteName(column) });
}
