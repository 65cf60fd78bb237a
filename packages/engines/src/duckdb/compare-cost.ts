import type { NumberRange } from "@nova/iceberg";

/**
 * Whether a refresh reads the old versions of rows, to leave out those that stay as they are: `by-cost`, or `never` where
 * that can be left out (a test of small tables).
 */
export type Comparing = "by-cost" | "never";

/** Up to this many rows are read in a fraction of a second: comparing them is never the question. */
const FEW_ROWS = 1_000_000;
/** Writing a row, taking out its old version and reading both until they are joined costs as much as reading so many. */
const READS_PER_WRITE = 200;
/** Rows of a row group: the least that is read around a row. */
const ROW_GROUP = 122_880;

/**
 * Whether reading `read` old rows costs less than taking all `changed` rows for changed. Where it does not, more is computed
 * and written than has to be, but never more than what the inputs' changes concern.
 */
export function comparingPays(comparing: Comparing, read: number, changed: number): boolean {
  return comparing === "by-cost" && read <= Math.max(FEW_ROWS, READS_PER_WRITE * changed);
}

/** How many of a dataset's rows are read for these keys of it, at most; `ranges` hold the keys, when they are known. */
export function rowsAround(keys: number, ranges: readonly NumberRange[] | null, total: number): number {
  const wide = ranges?.reduce((sum, { low, high }) => sum + Number(high - low) + 1 + ROW_GROUP, 0) ?? total;
  return Math.min(total, wide, keys * ROW_GROUP);
}
