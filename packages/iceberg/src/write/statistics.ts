import { metricsMode, type MetricsMode } from "../properties.ts";
import { quoteName } from "../schema/duckdb-type.ts";
import { parsePrimitive } from "../schema/primitive.ts";
import { leavesOf, type Leaf, type Schema } from "../schema/schema.ts";
import { encodeValue, valueFromText } from "../values/bound.ts";
import { truncateBytesUp, truncateText, truncateTextUp } from "../values/truncate-bound.ts";
import type { DataFile, Keyed } from "../manifest/data-file.ts";

/** Per-column statistics of one written file as RETURN_STATS reports them, by quoted column path. */
export type ReturnedStatistics = ReadonlyMap<string, ReadonlyMap<string, string>>;

type FileStatistics = Pick<DataFile, "columnSizes" | "valueCounts" | "nullCounts" | "nanCounts" | "lower" | "upper">;

/**
 * Manifest statistics of a file. Columns whose metrics mode is "none" leave nothing; "counts" leaves no bounds; below
 * lists and maps there are no bounds. A NaN count is only known when it is 0: DuckDB says whether there are any.
 */
export function fileStatistics(
  schema: Schema,
  properties: Readonly<Record<string, string>>,
  returned: ReturnedStatistics,
): FileStatistics {
  const columnSizes: Keyed<number>[] = [];
  const valueCounts: Keyed<number>[] = [];
  const nullCounts: Keyed<number>[] = [];
  const nanCounts: Keyed<number>[] = [];
  const lower: Keyed<Buffer>[] = [];
  const upper: Keyed<Buffer>[] = [];
  for (const leaf of leavesOf(schema)) {
    const found = returned.get(leaf.path.map(quoteName).join("."));
    const mode = metricsMode(properties, leaf.path.join("."));
    if (!found || mode.kind === "none") continue;
    const add = (into: Keyed<number>[], name: string): void => {
      const text = found.get(name);
      if (text !== undefined) into.push({ key: leaf.id, value: Number(text) });
    };
    add(columnSizes, "column_size_bytes");
    add(valueCounts, "num_values");
    add(nullCounts, "null_count");
    if (found.get("has_nan") === "false") nanCounts.push({ key: leaf.id, value: 0 });
    if (leaf.repeated || mode.kind === "counts") continue;
    const bounds = boundsOf(leaf, mode, found.get("min"), found.get("max"));
    if (bounds.lower) lower.push({ key: leaf.id, value: bounds.lower });
    if (bounds.upper) upper.push({ key: leaf.id, value: bounds.upper });
  }
  return { columnSizes, valueCounts, nullCounts, nanCounts, lower, upper };
}

function boundsOf(
  leaf: Leaf,
  mode: MetricsMode,
  min: string | undefined,
  max: string | undefined,
): { lower?: Buffer | undefined; upper?: Buffer | undefined } {
  if (min === undefined || max === undefined) return {};
  const { kind } = parsePrimitive(leaf.type);
  if (kind === "string") {
    if (mode.kind !== "truncate") return { lower: Buffer.from(min), upper: Buffer.from(max) };
    const up = truncateTextUp(max, mode.width);
    return { lower: Buffer.from(truncateText(min, mode.width)), upper: up === null ? undefined : Buffer.from(up) };
  }
  const [low, high] = [valueFromText(leaf.type, min), valueFromText(leaf.type, max)];
  if (low === null || high === null) return {};
  if (kind === "binary" && mode.kind === "truncate")
    return {
      lower: (low as Buffer).subarray(0, mode.width),
      upper: truncateBytesUp(high as Buffer, mode.width) ?? undefined,
    };
  // Spec: a lower bound of +0.0 is written −0.0 and an upper bound of −0.0 as +0.0, since readers may order them.
  if ((kind === "float" || kind === "double") && (low === 0 || high === 0))
    return {
      lower: encodeValue(leaf.type, low === 0 ? -0 : low),
      upper: encodeValue(leaf.type, high === 0 ? 0 : high),
    };
  return { lower: encodeValue(leaf.type, low), upper: encodeValue(leaf.type, high) };
}
