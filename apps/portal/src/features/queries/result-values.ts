import type { ResultColumn, ResultValue } from "@nova/pipeline-core/access";

const NUMERIC = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|REAL|DECIMAL|NUMERIC|BIGNUM)\b/;

export function isNumeric(type: string): boolean {
  return NUMERIC.test(type) && !type.endsWith("]");
}

/** A value as one line of text; null stays null, for it is shown as such. */
export function valueText(value: ResultValue): string | null {
  if (value === null) return null;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Types in fewer words: TIMESTAMP WITH TIME ZONE → TIMESTAMPTZ. */
export function shortType(type: string): string {
  return type.replaceAll("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ").replaceAll("TIME WITH TIME ZONE", "TIMETZ");
}

export interface ResultSort {
  readonly column: number;
  readonly descending: boolean;
}

type ResultRow = readonly ResultValue[];

/** The order of the rows, as indexes; nulls last either way, ties as they came. */
export function sortRows(
  rows: readonly ResultRow[],
  columns: readonly ResultColumn[],
  sort: ResultSort | null,
): number[] {
  const order = rows.map((_, index) => index);
  if (sort === null) return order;
  const { column, descending } = sort;
  const compare = isNumeric(columns[column]?.type ?? "") ? compareNumbers : compareTexts;
  return order.sort((a, b) => {
    const left = valueText(rows[a]?.[column] ?? null);
    const right = valueText(rows[b]?.[column] ?? null);
    if (left === null || right === null) return left === right ? a - b : left === null ? 1 : -1;
    const by = compare(left, right);
    return by === 0 ? a - b : descending ? -by : by;
  });
}

function compareNumbers(left: string, right: string): number {
  const by = Number(left) - Number(right);
  if (by !== 0 && !Number.isNaN(by)) return by;
  // Beyond 2^53 whole numbers look alike; as texts of one length they still compare.
  return left.length === right.length ? compareTexts(left, right) : left.length - right.length;
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

const CHARACTER = 7.4;
const NARROWEST = 88;
const WIDEST = 340;

/** Pixels per column, by the head and the first rows; fixed, so that nothing moves while scrolling. */
export function columnWidths(columns: readonly ResultColumn[], rows: readonly ResultRow[]): number[] {
  return columns.map((column, index) => {
    const texts = rows.slice(0, 100).map((row) => valueText(row[index] ?? null)?.length ?? 4);
    const longest = Math.max(column.name.length + 4, shortType(column.type).length, ...texts);
    return Math.round(Math.min(WIDEST, Math.max(NARROWEST, longest * CHARACTER + 24)));
  });
}
