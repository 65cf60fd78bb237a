import { PlatformError } from "@nova/pipeline-core/kernel";
import type { Command, PlannedRun } from "@nova/pipeline-core/orchestration";
import { runAsked } from "./asked-run.ts";
import type { PipelineContext } from "./context.ts";
import { otherParametersText } from "./other-parameters.ts";
import { finishing, openRun } from "./open-run.ts";
import type { OpenRun } from "./run-under-way.ts";
import { log } from "./run-step.ts";

/**
 * Puts the run on record and settles the command; the run itself goes on in the background. `said`: what the command did
 * before. Throws `conflict` when a run is doing exactly that.
 */
export async function beginRun(
  context: PipelineContext,
  command: Command,
  plan: PlannedRun,
  background: (work: Promise<void>) => void,
  said = "",
): Promise<void> {
  const wanted = plan.steps.map((step) => step.dataset).join();
  const same = [...context.askedRuns].find(([, steps]) => steps === wanted);
  if (same !== undefined) throw new PlatformError("conflict", `run ${same[0]} is doing exactly that already`);
  const otherwise = await Promise.all(plan.steps.map(({ dataset }) => otherParametersText(context, dataset)));
  const notes = otherwise.flatMap((text) => (text === null ? [] : [`; ${text}`])).join("");
  await releaseAll(context, plan);
  const run = await openRun(context, plan);
  context.askedRuns.set(run.id, wanted);
  background(carryOn(context, run, plan));
  const what = plan.retryOf === undefined ? "" : `, a retry of ${plan.retryOf.slice(0, 8)}`;
  await context.commands.settle(command.id, context.epoch, {
    state: "done",
    message: `${said}run ${run.id} began with ${plan.steps.length} ${plan.steps.length === 1 ? "step" : "steps"}${what}${notes}`,
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
