import { parseAsArrayOf, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { LAYERS, PII_TAGS } from "@nova/pipeline-core/catalog";
import { SOURCE_IDS } from "@nova/pipeline-core/connectors";
import { VERDICTS } from "@/features/health/index.ts";

export const ORDERS = ["relevance", "usage", "freshness", "name", "rows"] as const;
export type Order = (typeof ORDERS)[number];

const FRESHNESS = ["fresh", "late", "unknown"] as const;

/** What the address of the catalog says: the search, the facets, the order. */
export const catalogSearchParsers = {
  q: parseAsString.withDefault(""),
  layer: parseAsArrayOf(parseAsStringLiteral(LAYERS)).withDefault([]),
  health: parseAsArrayOf(parseAsStringLiteral(VERDICTS)).withDefault([]),
  freshness: parseAsArrayOf(parseAsStringLiteral(FRESHNESS)).withDefault([]),
  source: parseAsArrayOf(parseAsStringLiteral(SOURCE_IDS)).withDefault([]),
  pipeline: parseAsArrayOf(parseAsString).withDefault([]),
  owner: parseAsArrayOf(parseAsString).withDefault([]),
  pii: parseAsArrayOf(parseAsStringLiteral(PII_TAGS)).withDefault([]),
  order: parseAsStringLiteral(ORDERS).withDefault("relevance"),
} as const;

/** Facets in the order they are shown. */
export const FACETS = ["layer", "health", "freshness", "source", "pipeline", "owner", "pii"] as const;
export type Facet = (typeof FACETS)[number];
export type FacetChoice = Readonly<Record<Facet, readonly string[]>>;

/** The searched words: lower case, each once, at most eight. */
export function searchWords(text: string): string[] {
  return [...new Set(text.toLowerCase().split(/\s+/).filter(Boolean))].slice(0, 8);
}

/** The search on the server, for prefetching. */
export function parseCatalogSearch(search: Readonly<Record<string, string | string[] | undefined>>): {
  words: string[];
} {
  return { words: searchWords(catalogSearchParsers.q.parseServerSide(search["q"])) };
}
