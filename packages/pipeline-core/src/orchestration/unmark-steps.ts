import type { DatasetName } from "../catalog/index.ts";
import { PlatformError } from "../kernel/index.ts";
import { isOpenRun, STEP_TRANSITIONS } from "./run-states.ts";
import type { StepState, StoredRun } from "./run.ts";

/** Which marks of a run a person takes back. */
export interface UnmarkRequest {
  /** Empty: every one. */
  readonly datasets: readonly DatasetName[];
}

/** What went on from the marks of a run, as far as the store knows. */
export interface SinceMarked {
  /** The run that does again, or goes on with, what stands in this one; null without any. */
  readonly followedBy: string | null;
  /** Runs by dataset that began the dataset again since its step was marked. */
  readonly begunAgain: ReadonlyMap<DatasetName, string>;
}

/** What a step that was marked as done was before; null for one that was not. */
export function beforeMark(step: { readonly state: StepState; readonly skipReason: string | null }): StepState | null {
  return STEP_TRANSITIONS[step.state][step.skipReason === null ? "unmark-failed" : "unmark-skipped"];
}

/**
 * The steps whose mark is taken back. Throws `not-found` for a dataset that is no step of the run, `conflict` where there is no
 * mark as done, the run has not ended, or something went on from the mark.
 */
export function chooseUnmarked(
  run: Pick<StoredRun, "id" | "state" | "steps">,
  { datasets }: UnmarkRequest,
  { followedBy, begunAgain }: SinceMarked,
): DatasetName[] {
  const steps = new Map(run.steps.map((step) => [step.dataset, step]));
  const unknown = datasets.filter((dataset) => !steps.has(dataset));
  if (unknown.length > 0) throw new PlatformError("not-found", `run ${run.id} has no step ${unknown.join(", ")}`);
  if (isOpenRun(run.state))
    throw new PlatformError(
      "conflict",
      `run ${run.id} has not ended: its other steps go by the mark; take it back when it has`,
    );
  const asked = datasets.length === 0 ? run.steps.filter((step) => beforeMark(step) !== null) : [];
  const chosen = datasets.length === 0 ? asked : run.steps.filter(({ dataset }) => datasets.includes(dataset));
  if (chosen.length === 0) throw new PlatformError("conflict", `no step of run ${run.id} is marked as done`);
  for (const step of chosen) {
    if (beforeMark(step) !== null) continue;
    throw new PlatformError(
      "conflict",
      step.mark === null
        ? `${step.dataset} is not marked as done`
        : `${step.dataset} was marked as failed, which ended it for good; retry it instead`,
    );
  }
  if (followedBy !== null)
    throw new PlatformError(
      "conflict",
      `run ${followedBy} went on from it already: the mark stands, retry what it was of`,
    );
  for (const { dataset } of chosen) {
    const again = begunAgain.get(dataset);
    if (again !== undefined)
      throw new PlatformError("conflict", `run ${again} has done ${dataset} again since: the mark stands`);
  }
  return chosen.map(({ dataset }) => dataset);
}
