import type { DatasetName } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { Command } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";

/** Says which models have a schedule now, and reads how far each was followed. */
export async function declareSchedules({
  definitions,
  schedules,
  state,
  epoch,
  clock,
}: Pick<PipelineContext, "definitions" | "schedules" | "state" | "epoch" | "clock">): Promise<void> {
  const declared = definitions.models.flatMap(({ name, header: { schedule } }) =>
    schedule === undefined ? [] : [{ dataset: name, ...schedule }],
  );
  state.schedules.clear();
  for (const stored of await schedules.declare(epoch, declared, clock.now()))
    state.schedules.set(stored.dataset, stored);
}

/** Ticks of the dataset's schedule up to `through` are done with. */
export async function settleTick(
  { schedules, state, epoch }: PipelineContext,
  dataset: DatasetName,
  through: Date,
): Promise<void> {
  await schedules.settle(epoch, dataset, through);
  const stored = state.schedules.get(dataset);
  if (stored !== undefined) state.schedules.set(dataset, { ...stored, handledThrough: through });
}

/** Stops a schedule, or lets it go on with its next tick. */
export async function steerSchedule(
  context: PipelineContext,
  command: Command,
  { kind, target }: { readonly kind: "pause-schedule" | "resume-schedule"; readonly target: DatasetName },
): Promise<void> {
  const { schedules, controls, commands, state, epoch, clock } = context;
  const stored = state.schedules.get(target);
  if (stored === undefined)
    throw new PlatformError("conflict", `${target} has no schedule; see npm run nova -- schedules for what has one`);
  const at = clock.now();
  const pausing = kind === "pause-schedule";
  if (!pausing && stored.pause === null) throw new PlatformError("conflict", `the schedule of ${target} is not paused`);
  const pause = stored.pause ?? { by: command.requestedBy, at };
  await controls.within(async (tx) => {
    if (pausing) await schedules.pause(tx, epoch, target, pause);
    else await schedules.resume(tx, epoch, target, at);
    await commands.settleWithin(tx, command.id, epoch, {
      state: "done",
      message: pausing
        ? `the schedule of ${target} is paused; it is still run when somebody asks for it`
        : `the schedule of ${target} goes on with its next tick; what passed meanwhile is not made up for`,
      runId: null,
    });
  });
  const handledThrough = pausing || stored.handledThrough === null ? stored.handledThrough : at;
  state.schedules.set(target, { ...stored, handledThrough, pause: pausing ? pause : null });
  context.wake();
}
