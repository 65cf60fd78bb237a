import { PART_STATES } from "@nova/pipeline-core/orchestration";
import { parseAsInteger, parseAsStringLiteral } from "nuqs/server";

export const PART_FILTERS = ["any", ...PART_STATES] as const;

/** What the address of a backfill page says: the state of parts shown, and from which on. */
export const backfillSearchParsers = {
  part: parseAsStringLiteral(PART_FILTERS).withDefault("any"),
  from: parseAsInteger.withDefault(0),
} as const;
