import type { ModelFile, ParameterValues } from "@nova/pipeline-core/catalog";
import { PlatformError, type Transaction } from "@nova/pipeline-core/kernel";
import type {
  ComputedDays,
  Day,
  DaysLetThrough,
  HeldBack,
  InputMove,
  ModelChange,
  ModelRefresh,
} from "@nova/pipeline-core/orchestration";
import type { OpenAttempt } from "./attempt.ts";
import { liveInputs, setThrough } from "./carry-freshness.ts";
import type { PipelineContext } from "./context.ts";
import { settleTick } from "./follow-schedules.ts";
import type { DueModel } from "./judge-models.ts";
import { consumedInputs, consumedOf, countCommit, isCaughtUp, throughOfInputs } from "./lake-state.ts";
import { keyNow } from "./materialisation.ts";
import { otherParametersText } from "./other-parameters.ts";
import { withRun } from "./open-run.ts";
import { holdsUp, type OpenRun } from "./run-under-way.ts";
import { log, runStep, skipStep, type StepChange } from "./run-step.ts";

/** Refreshes the due models of a pipeline in one run, inputs first. */
export async function refreshModels(
  context: PipelineContext,
  pipeline: string,
  due: readonly DueModel[],
): Promise<void> {
  const names = new Set(due.map(({ model }) => model.name));
  const scheduled = due.map(({ model }) => model.name).filter((name) => context.state.schedules.has(name));
  const beganAt = context.clock.now();
  const plan = {
    pipeline,
    trigger: scheduled.length > 0 ? ("schedule" as const) : ("target-lag" as const),
    steps: due.map(({ model, reason }) => ({
      dataset: model.name,
      reason,
      after: Object.keys(model.header.inputs).filter((input) => names.has(input)),
    })),
  };
  await withRun(context, plan, async (run) => {
    if (scheduled.length > 0) await context.schedules.begin(context.epoch, scheduled, run.id);
    const { failed, marks } = run;
    for (const { model, letThrough } of due) {
      if (context.stopping.aborted || run.signal.aborted) break;
      if (marks.has(model.name)) continue;
      const broken = Object.keys(model.header.inputs).find((input) => holdsUp(run, input));
      if (broken !== undefined) {
        await skipStep(context, run, model.name, `${broken} did not succeed`);
        failed.add(model.name);
      } else if (!(await refreshDue(context, run, model, beganAt, letThrough))) failed.add(model.name);
    }
    if (failed.size > 0)
      await log(context, run.id, null, "error", `${failed.size} of ${due.length} steps did not succeed`, {
        failed: [...failed],
      });
  });
}

/** A due model. One with a schedule runs at each tick, also when nothing is new: then its step says that it is there already. */
async function refreshDue(
  context: PipelineContext,
  run: OpenRun,
  model: ModelFile,
  beganAt: Date,
  letThrough: DaysLetThrough | undefined,
): Promise<boolean> {
  if (!context.state.schedules.has(model.name)) return refreshStep(context, run, model, letThrough);
  const there = isMaterialised(context, model);
  if (there) await skipThere(context, run, model);
  const succeeded = there || (await refreshStep(context, run, model, letThrough));
  const alone = context.state.leftAlone.get(model.name);
  const cancelled = alone?.because === "cancelled" && alone.runId === run.id;
  // What failed stays due: it runs again once it was left alone for a while.
  if (succeeded || cancelled) await settleTick(context, model.name, beganAt);
  return succeeded;
}

/** Skips the step of a model that is there already from the same inputs and code. */
export async function skipThere(context: PipelineContext, run: OpenRun, { name }: ModelFile): Promise<void> {
  const key = keyNow(context.state, name);
  const otherwise = await otherParametersText(context, name);
  const note = otherwise === null ? "" : `; ${otherwise}`;
  await skipStep(context, run, name, `it is there already from the same inputs and code (key ${key})${note}`, key);
}

/** One model as a step of a run, of all days unless only some are let through. Returns false when it failed or was cancelled. */
export async function refreshStep(
  context: PipelineContext,
  run: OpenRun,
  model: ModelFile,
  letThrough?: DaysLetThrough,
): Promise<boolean> {
  const { times, clock, catalog, engine } = context;
  times.running.add(model.name);
  times.startedAt.set(model.name, clock.now().getTime());
  const through = throughOfInputs(context.state, liveInputs(context, model));
  try {
    const change = await runStep(context, run, model.name, (attempt) =>
      refresh(context, model, run, attempt, letThrough),
    );
    if (change === null) return false;
    await catalog.recordCommits([
      { dataset: model.name, committedAt: clock.now(), ...(await engine.tableStats(model.name)) },
    ]);
    // Days that wait are not in it yet.
    if (through !== null && !context.state.heldBack.has(model.name)) await setThrough(context, [model.name], through);
    return true;
  } finally {
    times.running.delete(model.name);
  }
}

/** True when the model has nothing to do: it stands on the inputs and the code of now. */
export function isMaterialised({ state }: PipelineContext, model: ModelFile): boolean {
  const version = state.codeVersions.get(model.name);
  return (
    (state.snapshots.get(model.name) ?? null) !== null &&
    isCaughtUp(state, model.name) &&
    (version === undefined || version === model.codeVersion)
  );
}

async function refresh(
  context: PipelineContext,
  model: ModelFile,
  run: OpenRun,
  attempt: OpenAttempt,
  letThrough: DaysLetThrough | undefined,
): Promise<StepChange> {
  const { state, engine } = context;
  const only = letThrough === undefined ? {} : { letThrough };
  let heldBack: readonly Day[] = [];
  const inputs = Object.fromEntries(
    Object.keys(model.header.inputs).map((one) => [one, state.snapshots.get(one) ?? null]),
  );
  const change = await applyModel(context, model, run, attempt, async (request) => {
    const made = await engine.refreshModel({ ...request, ...only });
    heldBack = made.heldBack ?? [];
    return made;
  });
  await holdBack(
    context,
    model.name,
    letThrough === undefined || heldBack.length === 0 ? null : { days: heldBack, inputs, letThrough },
  );
  return change;
}

/** Notes which days were left out and with which values of the check; the next worker knows them too. */
async function holdBack(
  { state, partitions, epoch }: PipelineContext,
  dataset: string,
  left: (Omit<HeldBack, "days"> & { readonly days: readonly Day[] }) | null,
): Promise<void> {
  if (left === null) {
    if (state.heldBack.delete(dataset)) await partitions.holdBack(epoch, dataset, null);
    return;
  }
  const values = new Map(state.gateLooks.get(dataset)?.answers.map(({ day, value }) => [day, value]));
  const held = { ...left, days: left.days.map((day) => ({ day, value: values.get(day) ?? null })) };
  state.heldBack.set(dataset, held);
  await partitions.holdBack(epoch, dataset, held);
}

/** Lets the engine change a model's rows, and what it has read of its inputs with them; `parameters` as it was told. */
export async function applyModel(
  context: PipelineContext,
  model: ModelFile,
  run: OpenRun,
  attempt: OpenAttempt,
  change: (request: ModelRefresh) => Promise<ModelChange>,
  parameters?: ParameterValues,
): Promise<StepChange> {
  const { state, catalog, epoch, clock } = context;
  if (state.holds.has(model.name)) throw new PlatformError("cancelled", `${model.name} was rolled back meanwhile`);
  const inputsBefore = consumedInputs(state, model.name);
  const throughBefore = state.dataThrough.get(model.name) ?? null;
  const throughAfter = throughOfInputs(state, liveInputs(context, model)) ?? throughBefore;
  const { codeVersion } = model;
  const inputs = Object.fromEntries(
    Object.keys(model.header.inputs).map((input) => [input, state.snapshots.get(input) ?? null]),
  );
  attempt.tries({ inputsBefore, inputs, throughBefore, codeVersion });
  const stamped = (moves: readonly InputMove[]) =>
    moves.map((move) => ({ ...move, dataset: model.name, at: clock.now() }));
  /** Only days stand by parameters, and by the defaults again once they are computed by them. */
  const mark = async (days: ComputedDays, tx?: Transaction): Promise<void> => {
    if (days === null || days.length === 0) return;
    const stand = { dataset: model.name, days, parameters: parameters ?? null, runId: run.id, at: clock.now() };
    await context.partitions.markParameters(epoch, stand, tx);
  };
  const changed = await change({
    model,
    consumed: consumedOf(state, model.name),
    signal: attempt.signal,
    async within(tx, moves, days) {
      await context.runs.publishStep(tx, run.id, model.name, attempt.number);
      await catalog.advanceInputs(tx, epoch, stamped(moves));
      await mark(days, tx);
    },
  });
  if (changed.snapshotAfter === null && changed.moves.length > 0)
    await catalog.skipInputs(epoch, stamped(changed.moves));
  if (changed.snapshotAfter === null) await mark(changed.computed);
  state.codeVersions.set(model.name, codeVersion);
  for (const move of changed.moves) consumedOf(state, model.name).set(move.input, move.to);
  if (changed.snapshotAfter !== null) countCommit(state, model.name, changed.snapshotAfter);
  const progress = {
    inputsBefore,
    inputsAfter: consumedInputs(state, model.name),
    throughBefore,
    throughAfter,
    codeVersion,
    key: keyNow(state, model.name, parameters),
  };
  return { ...changed, progress };
}
