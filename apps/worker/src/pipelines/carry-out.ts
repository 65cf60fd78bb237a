import { isPlatformError, PlatformError } from "@nova/pipeline-core/kernel";
import type { Command, CommandOutcome, PlannedRun } from "@nova/pipeline-core/orchestration";
import { planAskedRetry, planAskedRun, runAsked } from "./asked-run.ts";
import { carryOutBackfill, isBackfillRequest } from "./carry-out-backfill.ts";
import type { PipelineContext } from "./context.ts";
import { finishing, type OpenRun, openRun } from "./open-run.ts";
import { rollBackDataset } from "./roll-back.ts";
import { CANCELLED_PAUSE, isFatal, leaveAlone, log } from "./run-step.ts";

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
      return begin(context, command, plan, background);
    }
    case "retry-run":
      return begin(context, command, await planAskedRetry(context, request, by), background);
    case "cancel-run":
      return cancel(context, command, request.target);
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
  }
}

/** Puts the run on record and settles the command; the run itself goes on in the background. */
async function begin(
  context: PipelineContext,
  command: Command,
  plan: PlannedRun,
  background: (work: Promise<void>) => void,
): Promise<void> {
  const wanted = plan.steps.map((step) => step.dataset).join();
  const same = [...context.askedRuns].find(([, steps]) => steps === wanted);
  if (same !== undefined) throw new PlatformError("conflict", `run ${same[0]} is doing exactly that already`);
  await releaseAll(context, plan);
  const run = await openRun(context, plan);
  context.askedRuns.set(run.id, wanted);
  background(carryOn(context, run, plan));
  const what = plan.retryOf === undefined ? "" : `, a retry of ${plan.retryOf.slice(0, 8)}`;
  await context.commands.settle(command.id, context.epoch, {
    state: "done",
    message: `run ${run.id} began with ${plan.steps.length} ${plan.steps.length === 1 ? "step" : "steps"}${what}`,
    runId: run.id,
  });
}

/** A run that was asked for goes over rollbacks of its datasets. */
async function releaseAll({ controls, epoch, state }: PipelineContext, plan: PlannedRun): Promise<void> {
  for (const { dataset } of plan.steps) {
    if (!state.holds.has(dataset)) continue;
    await controls.within((tx) => controls.release(tx, epoch, dataset));
    state.holds.delete(dataset);
  }
}

async function carryOn(context: PipelineContext, run: OpenRun, plan: PlannedRun): Promise<void> {
  try {
    await finishing(context, run, async () => {
      await log(context, run.id, null, "info", `asked by ${plan.requestedBy ?? "nobody"}: ${plan.steps.length} steps`);
      await runAsked(context, run, plan);
    });
  } finally {
    context.askedRuns.delete(run.id);
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
