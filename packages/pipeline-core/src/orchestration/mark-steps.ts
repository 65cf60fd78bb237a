import type { DatasetName } from "../catalog/index.ts";
import { PlatformError } from "../kernel/index.ts";
import { STEP_TRANSITIONS } from "./run-states.ts";
import type { PlannedStep, StepMark, StepState, StoredRun } from "./run.ts";

export const MARKS = ["done", "failed"] as const;
export type MarkAs = (typeof MARKS)[number];

/** What a person says of steps of a run. It changes no rows. */
export interface MarkRequest {
  readonly as: MarkAs;
  /** Empty: `done`: every step that failed; `failed`: every step that has not ended. */
  readonly datasets: readonly DatasetName[];
  readonly by: string;
  readonly reason: string;
}

interface Step {
  readonly dataset: DatasetName;
  readonly state: StepState;
  readonly after: readonly DatasetName[];
  readonly published?: boolean;
  readonly mark?: StepMark | null;
}

/** Steps that did not succeed: failed, cancelled, or skipped because one before them did not. Steps come in the order of the plan. */
export function brokenSteps(steps: readonly Step[]): ReadonlySet<DatasetName> {
  const broken = new Set<DatasetName>();
  for (const { dataset, state, after } of steps) {
    const itself = state === "failed" || state === "cancelled";
    if (itself || (state === "skipped" && after.some((one) => broken.has(one)))) broken.add(dataset);
  }
  return broken;
}

/** Steps of a run that can be marked so. */
export function marksOf(steps: readonly Step[], as: MarkAs): DatasetName[] {
  const broken = brokenSteps(steps);
  return steps
    .filter(({ dataset, state, published = false }) => {
      if (STEP_TRANSITIONS[state][`mark-${as}`] === null) return false;
      return as === "done" ? broken.has(dataset) : !published;
    })
    .map(({ dataset }) => dataset);
}

/**
 * The steps that a request marks. Asked again in the same words by the same person it is the same mark. Throws `not-found`
 * for a dataset that is no step of the run, `conflict` where nothing, or one that is named, can be marked so.
 */
export function chooseMarked(run: Pick<StoredRun, "id" | "steps">, request: MarkRequest): DatasetName[] {
  const { as, datasets, by, reason } = request;
  const steps = new Map(run.steps.map((step) => [step.dataset, step]));
  const unknown = datasets.filter((dataset) => !steps.has(dataset));
  if (unknown.length > 0) throw new PlatformError("not-found", `run ${run.id} has no step ${unknown.join(", ")}`);
  const marked = as === "done" ? "done-by-hand" : "failed";
  const again = run.steps.filter(({ state, mark }) => state === marked && mark?.by === by && mark.reason === reason);
  const fit = new Set([...marksOf(run.steps, as), ...again.map(({ dataset }) => dataset)]);
  if (datasets.length === 0) {
    const all = run.steps.filter(({ dataset, state }) => fit.has(dataset) && state !== "skipped");
    if (all.length === 0)
      throw new PlatformError(
        "conflict",
        as === "done" ? `run ${run.id} has no step that failed` : `every step of run ${run.id} has published or ended`,
      );
    return all.map(({ dataset }) => dataset);
  }
  for (const step of run.steps)
    if (datasets.includes(step.dataset) && !fit.has(step.dataset))
      throw new PlatformError("conflict", `${step.dataset} cannot be marked as ${as}: ${whyNot(step, as)}`);
  return run.steps.filter(({ dataset }) => datasets.includes(dataset)).map(({ dataset }) => dataset);
}

function whyNot({ state, published }: Pick<StoredRun["steps"][number], "state" | "published">, as: MarkAs): string {
  switch (state) {
    case "waiting":
    case "running":
    case "retrying":
      return as === "failed" && published ? "it has published its rows" : "it has not ended; mark it as failed first";
    case "succeeded":
      return "it succeeded";
    case "failed":
      return "it has failed already";
    case "skipped":
      return as === "done" ? "it was skipped for a reason of its own" : "it has ended";
    case "cancelled":
      return "a person cancelled it; retry it instead";
    case "done-by-hand":
      return "it was marked as done by hand already";
  }
}

/** Steps that were skipped only because they waited for what is marked as done now: they go on as a run of their own. */
export function planAfterMark(
  run: Pick<StoredRun, "id" | "steps">,
  marked: readonly DatasetName[],
  by: string,
): PlannedStep[] {
  const before = brokenSteps(
    run.steps.map((step) => (marked.includes(step.dataset) ? { ...step, state: "failed" as const } : step)),
  );
  const now = brokenSteps(run.steps);
  const freed = run.steps.filter(
    ({ dataset, state }) => state === "skipped" && before.has(dataset) && !now.has(dataset),
  );
  const names = new Set(freed.map(({ dataset }) => dataset));
  return freed.map(({ dataset, after }) => ({
    dataset,
    reason: `waited in run ${run.id.slice(0, 8)} for ${marked.join(", ")}, marked as done by ${by}`,
    after: after.filter((one) => names.has(one)),
  }));
}
