/** What costs are summed by: whoever is charged. */
export const COST_GROUPS = ["dataset", "pipeline", "owner", "kind"] as const;
export type CostGroup = (typeof COST_GROUPS)[number];
