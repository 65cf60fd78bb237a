import { parseAsArrayOf, parseAsString, parseAsStringLiteral } from "nuqs/server";

/** What the address says of the graph in view. */
export const pipelinesSearchParsers = {
  by: parseAsStringLiteral(["pipeline", "layer"]).withDefault("pipeline"),
  /** Groups that are open. */
  open: parseAsArrayOf(parseAsString).withDefault([]),
  find: parseAsString.withDefault(""),
  /** The selected dataset; its drawer is open. */
  node: parseAsString.withDefault(""),
  view: parseAsStringLiteral(["graph", "table"]).withDefault("graph"),
  /** Order of the table. */
  sort: parseAsString.withDefault(""),
} as const;
