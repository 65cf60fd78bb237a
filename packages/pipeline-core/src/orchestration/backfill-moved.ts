import { type DatasetName, parametersText } from "../catalog/index.ts";
import type { BackfillPlan, PlannedDataset } from "./backfill.ts";
import { rangesText } from "./backfill-days.ts";

/**
 * Why a plan can no longer be executed as it was shown; empty when it can. Newer snapshots of an input are no reason: fresh
 * data comes in at any second, and each partition is computed from what its dataset has read by then. A snapshot that is no
 * longer in its input's history is one: the input was rolled back or rebuilt. `history` lists that of each input.
 */
export function worldMoved(
  plan: BackfillPlan,
  now: BackfillPlan,
  history: ReadonlyMap<DatasetName, readonly string[]>,
): string[] {
  const reasons: string[] = [];
  const names = (one: BackfillPlan): string => one.datasets.map(({ dataset }) => dataset).join(", ");
  if (names(plan) !== names(now)) return [`it concerned ${names(plan)} and would concern ${names(now)} now`];
  plan.datasets.forEach((before, index) => {
    const { dataset } = before;
    const after = now.datasets[index] as PlannedDataset;
    if (before.codeVersion !== after.codeVersion) reasons.push(`the code of ${dataset} changed`);
    if (parametersText(before.parameters ?? {}) !== parametersText(after.parameters ?? {}))
      reasons.push(`the parameters of ${dataset} changed`);
    if (rangesText(before.ranges ?? []) !== rangesText(after.ranges ?? []))
      reasons.push(
        `other partitions of ${dataset} would be done now: ${after.partitions} instead of ${before.partitions}`,
      );
    for (const [input, snapshot] of Object.entries(before.inputs))
      if (snapshot !== null && history.get(input)?.includes(snapshot) !== true)
        reasons.push(`${input} was rolled back or rebuilt, or the plan is older than its snapshots are kept`);
  });
  return reasons;
}
