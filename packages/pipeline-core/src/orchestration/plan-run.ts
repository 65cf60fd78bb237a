import type { DatasetName } from "../catalog/index.ts";
import { PlatformError } from "../kernel/index.ts";
import type { RetryScope } from "./command.ts";
import type { PlannedStep, StoredRun, StoredStep } from "./run.ts";

/** A dataset that can be computed, with what it reads. */
export interface Buildable {
  readonly name: DatasetName;
  readonly inputs: readonly DatasetName[];
}

/** Everything made from `dataset`, near and far, in the order of `known` (inputs first). */
export function downstreamOf(dataset: DatasetName, known: readonly Buildable[]): DatasetName[] {
  const reached = new Set([dataset]);
  for (const one of known) if (one.inputs.some((input) => reached.has(input))) reached.add(one.name);
  reached.delete(dataset);
  return known.filter(({ name }) => reached.has(name)).map(({ name }) => name);
}

/** Steps of a run that a person asked for: the dataset and, if wanted, everything made from it. */
export function planRun(
  dataset: DatasetName,
  known: readonly Buildable[],
  { downstream, by }: { readonly downstream: boolean; readonly by: string },
): PlannedStep[] {
  const names = [dataset, ...(downstream ? downstreamOf(dataset, known) : [])];
  const inputs = new Map(known.map((one) => [one.name, one.inputs]));
  return names.map((name) => {
    const after = name === dataset ? [] : (inputs.get(name) ?? []).filter((input) => names.includes(input));
    return {
      dataset: name,
      reason: after.length === 0 ? `asked by ${by}` : `after ${after.join(", ")}, asked by ${by}`,
      after,
    };
  });
}

/**
 * Steps of a run that does part of another one again. Throws `conflict` when there is nothing to do again, `not-found` for a
 * dataset that is no step of that run.
 */
export function planRetry(
  original: StoredRun,
  scope: RetryScope,
  datasets: readonly DatasetName[],
  by: string,
): PlannedStep[] {
  const names = new Set(original.steps.map((step) => step.dataset));
  const unknown = datasets.filter((dataset) => !names.has(dataset));
  if (unknown.length > 0) throw new PlatformError("not-found", `run ${original.id} has no step ${unknown.join(", ")}`);
  const chosen = new Set(chooseSteps(original.steps, scope, datasets).map((step) => step.dataset));
  if (chosen.size === 0)
    throw new PlatformError(
      "conflict",
      `run ${original.id} has no step to do again: none failed, was cancelled or waited for one that did`,
    );
  return original.steps
    .filter((step) => chosen.has(step.dataset))
    .map((step) => ({
      dataset: step.dataset,
      reason: `${WHAT_BECAME[step.state]} in run ${original.id.slice(0, 8)}, retry asked by ${by}`,
      after: step.after.filter((one) => chosen.has(one)),
    }));
}

const WHAT_BECAME: Record<StoredStep["state"], string> = {
  waiting: "did not start",
  running: "was running",
  retrying: "was retrying",
  succeeded: "succeeded",
  failed: "failed",
  skipped: "was skipped",
  cancelled: "was cancelled",
  "done-by-hand": "was marked as done by hand",
};

function chooseSteps(steps: readonly StoredStep[], scope: RetryScope, datasets: readonly DatasetName[]): StoredStep[] {
  switch (scope) {
    case "all":
      return [...steps];
    case "selected":
      return steps.filter((step) => datasets.includes(step.dataset));
    case "from":
      return withAfter(steps, (step) => datasets.includes(step.dataset));
    case "failed":
      return withAfter(steps, (step) => step.state === "failed" || step.state === "cancelled").filter(
        (step) => step.state !== "succeeded",
      );
  }
}

/** The steps that match and all that come after one of them in the plan. */
function withAfter(steps: readonly StoredStep[], matches: (step: StoredStep) => boolean): StoredStep[] {
  const chosen = new Set<DatasetName>();
  for (const step of steps) if (matches(step) || step.after.some((one) => chosen.has(one))) chosen.add(step.dataset);
  return steps.filter((step) => chosen.has(step.dataset));
}
