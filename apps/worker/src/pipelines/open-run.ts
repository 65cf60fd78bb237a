import type { PlannedRun } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";

/** A run under way. */
export interface OpenRun {
  readonly id: string;
  /** Aborted when a person cancels the run. */
  readonly signal: AbortSignal;
  /** Somebody waits for it: its steps go before those that are not late yet. */
  readonly asked: boolean;
  /** It fills in: its steps go behind everything live, and what becomes of them holds nothing live back. */
  readonly behind: boolean;
}

/** Puts the plan on record as a run, does the work, and ends the run whatever became of it. */
export async function withRun<Result>(
  context: PipelineContext,
  plan: PlannedRun,
  work: (run: OpenRun) => Promise<Result>,
): Promise<Result> {
  const run = await openRun(context, plan);
  return await finishing(context, run, () => work(run));
}

export async function openRun(context: PipelineContext, plan: PlannedRun): Promise<OpenRun> {
  const id = await context.runs.createRun(plan);
  const controller = new AbortController();
  context.openRuns.set(id, controller);
  const behind = plan.trigger === "backfill";
  if (behind) context.behindRuns.add(id);
  await context.runs.startRun(id);
  return { id, signal: controller.signal, asked: plan.requestedBy !== undefined && !behind, behind };
}

export async function finishing<Result>(
  context: PipelineContext,
  run: OpenRun,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } finally {
    context.openRuns.delete(run.id);
    context.behindRuns.delete(run.id);
    await context.runs.finishRun(run.id);
    context.wake();
  }
}
