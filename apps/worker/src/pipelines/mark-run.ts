import { isPlatformError, PlatformError } from "@nova/pipeline-core/kernel";
import {
  type Command,
  type CommandRequest,
  planAfterMark,
  type PlannedRun,
  type StoredRun,
} from "@nova/pipeline-core/orchestration";
import { beginRun } from "./begin-run.ts";
import type { PipelineContext } from "./context.ts";
import { settleTick } from "./follow-schedules.ts";

type MarkRunRequest = Extract<CommandRequest, { kind: "mark-run" }>;
type UnmarkRunRequest = Extract<CommandRequest, { kind: "unmark-run" }>;

/**
 * Marks steps of a run by hand. It changes no rows and no freshness. As failed: what runs is interrupted, what comes after
 * is skipped. As done: what waits goes on, and what was skipped already goes on as a run of its own.
 */
export async function markRun(
  context: PipelineContext,
  command: Command,
  { target, as, datasets, reason }: MarkRunRequest,
  background: (work: Promise<void>) => void,
): Promise<void> {
  const { runs, commands, epoch, openRuns } = context;
  const by = command.requestedBy;
  const known = await find(context, target);
  if (known.trigger === "backfill")
    throw new PlatformError("conflict", `run ${target} is part of a backfill: retry or cancel its partitions there`);
  const marked = await runs.markSteps(target, { as, datasets, by, reason });
  // On record first: what is interrupted now finds its step marked, and what slips through cannot publish.
  const open = openRuns.get(target);
  for (const dataset of marked) {
    open?.marks.set(dataset, as);
    if (as === "failed") open?.interrupts.get(dataset)?.abort();
  }
  await runs.log(
    marked.map((dataset) => ({
      runId: target,
      dataset,
      at: context.clock.now(),
      level: "warn",
      message: `marked as ${as} by hand, no rows were changed: ${reason}`,
      fields: { by },
    })),
  );
  const steps = `${marked.length} ${marked.length === 1 ? "step" : "steps"}`;
  const said = `marked ${steps} of run ${target.slice(0, 8)} as ${as} by hand; no rows were changed`;
  const plan = as === "done" ? await planWhatWaited(context, target, marked, by) : null;
  if (plan !== null)
    try {
      return await beginRun(context, command, plan, background, `${said}; what waited goes on: `);
    } catch (error) {
      // Somebody has it done already.
      if (!isPlatformError(error) || error.kind !== "conflict") throw error;
    }
  await commands.settle(command.id, epoch, { state: "done", message: said, runId: target });
}

/**
 * Takes marks as done back: the steps have failed, or were skipped, as before. A tick of a schedule that the mark closed stays
 * closed, for it may have passed long ago.
 */
export async function unmarkRun(
  { runs, commands, epoch, clock }: PipelineContext,
  command: Command,
  { target, datasets }: UnmarkRunRequest,
): Promise<void> {
  const taken = await runs.unmarkSteps(target, { datasets });
  const message = "the mark as done was taken back: it stands as before";
  const fields = { by: command.requestedBy };
  await runs.log(taken.map((dataset) => ({ runId: target, dataset, at: clock.now(), level: "warn", message, fields })));
  const marks = taken.length === 1 ? "the mark" : `${taken.length} marks`;
  const said = `took back ${marks} of ${taken.join(", ")} in run ${target.slice(0, 8)}; no rows were changed`;
  await commands.settle(command.id, epoch, { state: "done", message: said, runId: target });
}

/** The run of what was skipped because it waited for what is done by hand now; null when nothing was. Closes ticks of schedules. */
async function planWhatWaited(
  context: PipelineContext,
  runId: string,
  marked: readonly string[],
  by: string,
): Promise<PlannedRun | null> {
  const run = await find(context, runId);
  // What failed by its schedule would stay due: a person said that it counts as done.
  if (run.trigger === "schedule")
    for (const dataset of marked)
      if (context.state.schedules.has(dataset)) await settleTick(context, dataset, run.createdAt);
  const steps = planAfterMark(run, marked, by);
  context.wake();
  return steps.length === 0
    ? null
    : { pipeline: run.pipeline, trigger: "manual", retryOf: run.id, requestedBy: by, steps };
}

async function find({ runs }: PipelineContext, runId: string): Promise<StoredRun> {
  const run = await runs.find(runId);
  if (run === null) throw new PlatformError("not-found", `there is no run ${runId}; old runs are removed`);
  return run;
}
