import { createLoader, parseAsBoolean, parseAsStringLiteral } from "nuqs/server";
import { SOURCE_IDS } from "@nova/pipeline-core/connectors";

/** What the address of the inbox says: one source or all, settled ones too or not. */
export const driftSearchParsers = {
  source: parseAsStringLiteral(SOURCE_IDS),
  settled: parseAsBoolean.withDefault(false),
} as const;

export const loadDriftSearch = createLoader(driftSearchParsers);
