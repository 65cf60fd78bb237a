import { parseAsArrayOf, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { SOURCE_IDS, type SourceId, STREAM_STATES } from "@nova/pipeline-core/connectors";

export const RANGES = ["1h", "6h", "24h"] as const;
export type Range = (typeof RANGES)[number];

/** What the address of a source page says: the charts' range, and the streams' filter and order. */
export const sourceSearchParsers = {
  range: parseAsStringLiteral(RANGES).withDefault("1h"),
  stream: parseAsString.withDefault(""),
  state: parseAsArrayOf(parseAsStringLiteral(STREAM_STATES)).withDefault([]),
  sort: parseAsString.withDefault(""),
} as const;

/** The same on the server, for prefetching; anything not understood becomes the default. */
export function parseSourceSearch(search: Readonly<Record<string, string | string[] | undefined>>): { range: Range } {
  return { range: sourceSearchParsers.range.parseServerSide(search["range"]) };
}

export function parseSourceId(text: string): SourceId | null {
  return SOURCE_IDS.find((id) => id === text) ?? null;
}
