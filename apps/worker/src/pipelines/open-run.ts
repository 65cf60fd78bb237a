import type { PlannedRun } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";

/** A run under way. */
export interface OpenRun {
  readonly id: string;
  /** Aborted when a person cancels the run. */
  readonly signal: AbortSignal;
  /** Somebody waits for it: its steps go before those that are not late yet. */
  readonly asked: boolean;
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
  await context.runs.startRun(id);
  return { id, signal: controller.signal, asked: plan.requestedBy !== undefined };
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
    await context.runs.finishRun(run.id);
    context.wake();
  }
}
