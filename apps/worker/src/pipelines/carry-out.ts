import { isPlatformError, PlatformError } from "@nova/pipeline-core/kernel";
import type { Command, CommandOutcome } from "@nova/pipeline-core/orchestration";
import { planAskedRetry, planAskedRun } from "./asked-run.ts";
import { beginRun } from "./begin-run.ts";
import { carryOutBackfill, isBackfillRequest } from "./carry-out-backfill.ts";
import type { PipelineContext } from "./context.ts";
import { steerSchedule } from "./follow-schedules.ts";
import { markRun, unmarkRun } from "./mark-run.ts";
import { rollBackDataset } from "./roll-back.ts";
import { sizePool } from "./size-pools.ts";
import { CANCELLED_PAUSE, isFatal, leaveAlone } from "./run-step.ts";

/**
 * Carries a command out and settles it. A run that it begins goes on after the command is done: it is handed to
 * `background`. What cannot be done is refused with the reason; nothing is half-done then.
 */
export async function carryOut(
  context: PipelineContext,
  command: Command,
  background: (work: Promise<void>) => void,
): Promise<void> {
  try {
    await act(context, command, background);
  } catch (error) {
    if (isFatal(error)) throw error;
    const message = isPlatformError(error) ? error.message : "something went wrong in the worker; its log says what";
    if (!isPlatformError(error)) context.logger.error("a command failed", { command: command.id, error });
    await context.commands.settle(command.id, context.epoch, { state: "refused", message, runId: null });
  }
}

async function act(
  context: PipelineContext,
  command: Command,
  background: (work: Promise<void>) => void,
): Promise<void> {
  const { request, requestedBy: by } = command;
  if (isBackfillRequest(request)) return carryOutBackfill(context, command, request);
  const { state, controls, epoch, clock } = context;
  switch (request.kind) {
    case "run-dataset": {
      const plan = planAskedRun(context, request.target, request.downstream, by);
      return beginRun(context, command, plan, background);
    }
    case "retry-run":
      return beginRun(context, command, await planAskedRetry(context, request, by), background);
    case "cancel-run":
      return cancel(context, command, request.target);
    case "mark-run":
      return markRun(context, command, request, background);
    case "unmark-run":
      return unmarkRun(context, command, request);
    case "rollback-dataset":
      return rollBackDataset(context, command, request.target, request.runId);
    case "release-dataset":
      return release(context, command, request.target);
    case "pause-pipeline": {
      assertPipeline(context, request.target);
      const pause = { pipeline: request.target, by, at: clock.now() };
      const message = `${request.target} is paused: nothing of it starts by itself; what runs now runs to its end`;
      await controls.within(async (tx) => {
        await controls.pause(tx, epoch, pause);
        await context.commands.settleWithin(tx, command.id, epoch, done(message));
      });
      if (!state.pauses.has(request.target)) state.pauses.set(request.target, pause);
      return undefined;
    }
    case "resume-pipeline": {
      assertPipeline(context, request.target);
      if (!state.pauses.has(request.target)) throw new PlatformError("conflict", `${request.target} is not paused`);
      await controls.within(async (tx) => {
        await controls.resume(tx, epoch, request.target);
        await context.commands.settleWithin(tx, command.id, epoch, done(`${request.target} goes on`));
      });
      state.pauses.delete(request.target);
      return context.wake();
    }
    case "pause-schedule":
    case "resume-schedule":
      return steerSchedule(context, command, request);
    case "set-pool":
    case "reset-pool":
      return sizePool(context, command, request);
  }
}

async function cancel(context: PipelineContext, command: Command, runId: string): Promise<void> {
  const { runs, openRuns, commands, epoch, requestedBy } = { ...context, ...command };
  const behind = context.behindRuns.has(runId);
  const datasets = await runs.cancelRun(runId, requestedBy);
  // On record first: what is interrupted now finds its step cancelled, and what slips through cannot publish.
  openRuns.get(runId)?.abort();
  if (!behind) for (const dataset of datasets) leaveAlone(context, runId, dataset, "cancelled", CANCELLED_PAUSE);
  await commands.settle(command.id, epoch, {
    state: "done",
    runId,
    message:
      datasets.length === 0
        ? `nothing was left to cancel in run ${runId}: every step had published or ended`
        : `cancelled ${datasets.length} ${datasets.length === 1 ? "step" : "steps"}; nothing of them is published`,
  });
}

async function release(context: PipelineContext, command: Command, dataset: string): Promise<void> {
  const { controls, commands, epoch, state } = context;
  if (!state.holds.has(dataset))
    throw new PlatformError("conflict", `${dataset} is not rolled back; there is nothing to release`);
  await controls.within(async (tx) => {
    await controls.release(tx, epoch, dataset);
    const message = `${dataset} is released; it catches up with its next refresh`;
    await commands.settleWithin(tx, command.id, epoch, done(message));
  });
  state.holds.delete(dataset);
  context.wake();
}

function done(message: string): CommandOutcome {
  return { state: "done", message, runId: null };
}

function assertPipeline({ state }: PipelineContext, name: string): void {
  const known = new Set([...state.entries.values()].map((entry) => entry.pipeline));
  if (!known.has(name))
    throw new PlatformError("not-found", `there is no pipeline ${name}; there are ${[...known].toSorted().join(", ")}`);
}
