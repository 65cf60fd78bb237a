import { parseAsArrayOf, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs/server";

export const MOST_DEPTH = 8;

/** What the address says of the lineage in view. */
export const lineageSearchParsers = {
  /** The column whose path is shown; empty = the table graph. */
  column: parseAsString.withDefault(""),
  /** How many steps are shown upstream and downstream of the dataset in focus. */
  up: parseAsInteger.withDefault(1),
  down: parseAsInteger.withDefault(1),
  /** Nodes opened one by one: `<name` shows its inputs, `>name` those who read it. */
  open: parseAsArrayOf(parseAsString).withDefault([]),
  /** The selected node; its drawer is open. */
  node: parseAsString.withDefault(""),
  view: parseAsStringLiteral(["graph", "table"]).withDefault("graph"),
  /** Order of the table. */
  sort: parseAsString.withDefault(""),
  /** Whether columns that only filter, join or group are shown. */
  indirect: parseAsStringLiteral(["show", "hide"]).withDefault("show"),
} as const;

export interface Extent {
  readonly up: number;
  readonly down: number;
  readonly open: readonly string[];
}

export function boundedExtent({ up, down, open }: Extent): { up: number; down: number; open: string[] } {
  const bound = (depth: number): number => Math.min(MOST_DEPTH, Math.max(0, Math.trunc(depth)));
  return { up: bound(up), down: bound(down), open: open.slice(0, 100) };
}

/** The same on the server, for prefetching. */
export function parseLineageSearch(
  search: Readonly<Record<string, string | string[] | undefined>>,
): ReturnType<typeof boundedExtent> & { readonly column: string } {
  const { up, down, open, column } = lineageSearchParsers;
  return {
    ...boundedExtent({
      up: up.parseServerSide(search["up"]),
      down: down.parseServerSide(search["down"]),
      open: open.parseServerSide(search["open"]),
    }),
    column: column.parseServerSide(search["column"]),
  };
}
