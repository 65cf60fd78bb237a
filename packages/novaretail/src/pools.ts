import type { PoolDefinition } from "@nova/pipeline-core/catalog";

/** What models may name as their `pool`. The platform runs two heavy steps at once, whatever pools they are in. */
export const POOLS: readonly PoolDefinition[] = [
  {
    name: "heavy",
    size: 1,
    description:
      "Models that compute across sources: one at a time, so that a place is left for what is fresh by the minute.",
  },
];
