import type { PlannedRun } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import type { OpenRun } from "./run-under-way.ts";

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
  const behind = plan.trigger === "backfill";
  const run: OpenRun = {
    id,
    signal: controller.signal,
    asked: plan.requestedBy !== undefined && !behind,
    behind,
    failed: new Set(),
    marks: new Map(),
    interrupts: new Map(),
    abort: () => controller.abort(),
  };
  context.openRuns.set(id, run);
  if (behind) context.behindRuns.add(id);
  await context.runs.startRun(id);
  context.teller.runBegan(id, plan.pipeline);
  return run;
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
    context.teller.runEnded(run.id);
    context.wake();
  }
}
