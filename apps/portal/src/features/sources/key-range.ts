import type { RowRange } from "@nova/pipeline-core/connectors";

/** What somebody typed as first and last key, values of a key of several columns with commas; null when neither is there. */
export function keyRange(from: string, through: string): RowRange | null {
  const bound = (text: string): readonly string[] | null =>
    text.trim() === "" ? null : text.split(",").map((value) => value.trim());
  const range = { from: bound(from), through: bound(through) };
  return range.from === null && range.through === null ? null : range;
}
