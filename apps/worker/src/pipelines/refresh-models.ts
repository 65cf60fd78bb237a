import type { ModelFile } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import {
  type DatasetFacts,
  type InputMove,
  judgeConditions,
  mayRun,
  type ModelChange,
  type ModelRefresh,
  newInputs,
} from "@nova/pipeline-core/orchestration";
import type { Pace, PipelineContext } from "./context.ts";
import { consumedInputs, consumedOf, countCommit, isCaughtUp, type ModelTimes, throughOfInputs } from "./lake-state.ts";
import { setThrough } from "./load-source.ts";
import { keyNow } from "./materialisation.ts";
import { type OpenRun, withRun } from "./open-run.ts";
import { log, runStep, skipStep, type StepChange } from "./run-step.ts";

/** A model that has new input and may run now, with the reason a person reads on its step. */
export interface DueModel {
  readonly model: ModelFile;
  readonly reason: string;
}

/** How long to wait between two refreshes of a model, in milliseconds. */
export function refreshInterval(model: ModelFile, pace: Pick<Pace, "model" | "lagShare">): number {
  return Math.max(pace.model, model.header.target_lag * 1000 * pace.lagShare);
}

/**
 * Models of one pipeline to refresh now. A model waits for upstream models that run or are about to, so that it is not
 * refreshed twice for one change; those of the same pipeline come in the same run.
 */
export function dueModels(context: PipelineContext, times: ModelTimes, pipeline: string): DueModel[] {
  return judgeModels(context, times)
    .filter(({ model, due }) => due && model.header.pipeline === pipeline)
    .map(({ model, facts }) => ({ model, reason: reasonToRun(facts) }));
}

/** Every model with the facts the scheduler decides by, and whether it is due; inputs come before those who read them. */
export function judgeModels(
  context: PipelineContext,
  times: ModelTimes,
): { readonly model: ModelFile; readonly facts: DatasetFacts; readonly due: boolean }[] {
  const due = new Map<string, ModelFile>();
  return context.definitions.models.map((model) => {
    const facts = modelFacts(context, times, model, due);
    const runs = mayRun(judgeConditions(facts));
    if (runs) due.set(model.name, model);
    return { model, facts, due: runs };
  });
}

function modelFacts(
  context: PipelineContext,
  times: ModelTimes,
  model: ModelFile,
  due: ReadonlyMap<string, ModelFile>,
): DatasetFacts {
  const { state, clock, pace } = context;
  const startedAt = times.startedAt.get(model.name);
  const version = state.codeVersions.get(model.name);
  return {
    dataset: model.name,
    now: clock.now(),
    pipeline: model.header.pipeline,
    runningIn: times.running.has(model.name) ? (state.runningIn.get(model.name) ?? "about to start") : null,
    queuedBehind: null,
    pause: state.pauses.get(model.header.pipeline) ?? null,
    hold: state.holds.get(model.name) ?? null,
    leftAlone: state.leftAlone.get(model.name) ?? null,
    lastStartedAt: startedAt === undefined ? null : new Date(startedAt),
    intervalMillis: refreshInterval(model, pace),
    inputs: Object.keys(model.header.inputs).map((input) => ({
      input,
      consumed: consumedOf(state, model.name).get(input) ?? null,
      current: state.snapshots.get(input) ?? null,
      // A model over models waits until they were built once; staged inputs without a table read as empty.
      readable: input.startsWith("staged.") || (state.snapshots.get(input) ?? null) !== null,
      running: times.running.has(input),
      due: due.has(input),
      inRun: due.get(input)?.header.pipeline === model.header.pipeline,
      dataThrough: state.dataThrough.get(input) ?? null,
      targetLagSeconds: state.entries.get(input)?.targetLagSeconds ?? Number.POSITIVE_INFINITY,
    })),
    codeChanged: version !== undefined && version !== model.codeVersion,
  };
}

function reasonToRun(facts: DatasetFacts): string {
  const news = newInputs(facts);
  if (news.length > 0) return `new data in ${news.join(", ")}`;
  if (facts.codeChanged) return "the model's code changed";
  const inRun = facts.inputs.filter((one) => one.inRun).map(({ input }) => input);
  return `after ${inRun.join(", ")}`;
}

/** Refreshes the due models of a pipeline in one run, inputs first. */
export async function refreshModels(
  context: PipelineContext,
  pipeline: string,
  due: readonly DueModel[],
): Promise<void> {
  const names = new Set(due.map(({ model }) => model.name));
  const plan = {
    pipeline,
    trigger: "target-lag" as const,
    steps: due.map(({ model, reason }) => ({
      dataset: model.name,
      reason,
      after: Object.keys(model.header.inputs).filter((input) => names.has(input)),
    })),
  };
  await withRun(context, plan, async (run) => {
    const failed = new Set<string>();
    for (const { model } of due) {
      if (context.stopping.aborted || run.signal.aborted) break;
      const broken = Object.keys(model.header.inputs).find((input) => failed.has(input));
      if (broken !== undefined) {
        await skipStep(context, run, model.name, `${broken} did not succeed`);
        failed.add(model.name);
      } else if (!(await refreshStep(context, run, model))) failed.add(model.name);
    }
    if (failed.size > 0)
      await log(context, run.id, null, "error", `${failed.size} of ${due.length} steps did not succeed`, {
        failed: [...failed],
      });
  });
}

/** One model as a step of a run. Returns false when it failed or was cancelled. */
export async function refreshStep(context: PipelineContext, run: OpenRun, model: ModelFile): Promise<boolean> {
  const { times, clock, catalog, engine } = context;
  times.running.add(model.name);
  times.startedAt.set(model.name, clock.now().getTime());
  const through = throughOfInputs(context.state, liveInputs(context, model));
  try {
    const change = await runStep(context, run, model.name, (attempt) => refresh(context, model, run, attempt));
    if (change === null) return false;
    await catalog.recordCommits([
      { dataset: model.name, committedAt: clock.now(), ...(await engine.tableStats(model.name)) },
    ]);
    if (through !== null) await setThrough(context, [model.name], through);
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

function refresh(context: PipelineContext, model: ModelFile, run: OpenRun, attempt: number): Promise<StepChange> {
  return applyModel(context, model, run, attempt, (request) => context.engine.refreshModel(request));
}

/** Lets the engine change a model's rows, and what it has read of its inputs with them. */
export async function applyModel(
  context: PipelineContext,
  model: ModelFile,
  run: OpenRun,
  attempt: number,
  change: (request: ModelRefresh) => Promise<ModelChange>,
): Promise<StepChange> {
  const { state, catalog, epoch, clock } = context;
  if (state.holds.has(model.name)) throw new PlatformError("cancelled", `${model.name} was rolled back meanwhile`);
  const inputsBefore = consumedInputs(state, model.name);
  const throughBefore = state.dataThrough.get(model.name) ?? null;
  const stamped = (moves: readonly InputMove[]) =>
    moves.map((move) => ({ ...move, dataset: model.name, at: clock.now() }));
  const changed = await change({
    model,
    consumed: consumedOf(state, model.name),
    signal: run.signal,
    async within(tx, moves) {
      await context.runs.publishStep(tx, run.id, model.name, attempt);
      await catalog.advanceInputs(tx, epoch, stamped(moves));
    },
  });
  if (changed.snapshotAfter === null && changed.moves.length > 0)
    await catalog.skipInputs(epoch, stamped(changed.moves));
  state.codeVersions.set(model.name, model.codeVersion);
  for (const move of changed.moves) consumedOf(state, model.name).set(move.input, move.to);
  if (changed.snapshotAfter !== null) countCommit(state, model.name, changed.snapshotAfter);
  const progress = {
    inputsBefore,
    inputsAfter: consumedInputs(state, model.name),
    throughBefore,
    key: keyNow(state, model.name),
  };
  return { ...changed, progress };
}

/** Moves "data through" of models that have read all there is: nothing changed upstream, so they are as fresh as it is. */
export async function carryFreshness(context: PipelineContext): Promise<void> {
  const { state, definitions } = context;
  for (const model of definitions.models) {
    if ((state.snapshots.get(model.name) ?? null) === null || !isCaughtUp(state, model.name)) continue;
    if (state.holds.has(model.name)) continue;
    const through = throughOfInputs(state, liveInputs(context, model));
    if (through !== null) await setThrough(context, [model.name], through);
  }
}

/** Inputs that count for freshness: sources that are not connected and tables that a source does not have never will. */
function liveInputs({ configured, state }: PipelineContext, model: ModelFile): string[] {
  return Object.keys(model.header.inputs).filter(
    (input) =>
      !input.startsWith("staged.") ||
      (state.entries.has(input) && [...configured].some((source) => input.startsWith(`staged.${source}__`))),
  );
}
