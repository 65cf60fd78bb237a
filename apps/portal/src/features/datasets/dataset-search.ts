import { parseAsString, parseAsStringLiteral } from "nuqs/server";

export const TABS = [
  "overview",
  "columns",
  "freshness",
  "checks",
  "lineage",
  "partitions",
  "runs",
  "snapshots",
  "sample",
  "sql",
] as const;
export type Tab = (typeof TABS)[number];

export const FRESHNESS_CHOICES = ["1h", "24h", "7d"] as const;

/** What the address of a dataset page says. */
export const datasetSearchParsers = {
  tab: parseAsStringLiteral(TABS).withDefault("overview"),
  /** The column in view on the columns tab. */
  column: parseAsString.withDefault(""),
  /** Filter of the columns tab. */
  find: parseAsString.withDefault(""),
  /** Order of the columns tab. */
  sort: parseAsString.withDefault(""),
  range: parseAsStringLiteral(FRESHNESS_CHOICES).withDefault("24h"),
  /** The check whose history is open. */
  check: parseAsString.withDefault(""),
} as const;

/** The same on the server, for prefetching. */
export function parseDatasetSearch(search: Readonly<Record<string, string | string[] | undefined>>): {
  tab: Tab;
  range: (typeof FRESHNESS_CHOICES)[number];
  check: string;
} {
  return {
    tab: datasetSearchParsers.tab.parseServerSide(search["tab"]),
    range: datasetSearchParsers.range.parseServerSide(search["range"]),
    check: datasetSearchParsers.check.parseServerSide(search["check"]),
  };
}

/** The name in an address, or null when it cannot be a dataset's. */
export function parseDatasetName(text: string): string | null {
  return /^(raw|staged|curated|mart|export)\.[a-z][a-z0-9_]*$/.test(text) ? text : null;
}
