import { createLoader, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { COST_GROUPS } from "@nova/pipeline-core/cost";
import { SCAN_KINDS } from "@nova/pipeline-core/lakehouse";
import { COST_RANGES } from "./cost-range.ts";

/** What the address of the cost page says. */
export const costSearchParsers = {
  by: parseAsStringLiteral(COST_GROUPS).withDefault("dataset"),
  range: parseAsStringLiteral(COST_RANGES).withDefault("month"),
  kind: parseAsStringLiteral(SCAN_KINDS),
  dataset: parseAsString,
  pipeline: parseAsString,
  owner: parseAsString,
  sort: parseAsString.withDefault("-dollars"),
} as const;

export const loadCostSearch = createLoader(costSearchParsers);
export type CostSearch = Awaited<ReturnType<typeof loadCostSearch>>;

/** The report as the procedure takes it; the order is the browser's own. */
export function costReportInput({ by, range, kind, dataset, pipeline, owner }: CostSearch) {
  return { by, range, kind, dataset, pipeline, owner };
}

export const NO_COST_FILTER = { kind: null, dataset: null, pipeline: null, owner: null } as const;

export function isNarrowed({ kind, dataset, pipeline, owner }: CostSearch): boolean {
  return [kind, dataset, pipeline, owner].some((value) => value !== null);
}
