import type { ModelFile } from "@nova/pipeline-core/catalog";
import type { InputMove, LakeChange } from "@nova/pipeline-core/orchestration";
import type { Pace, PipelineContext } from "./context.ts";
import { consumedOf, countCommit, isCaughtUp, throughOfInputs } from "./lake-state.ts";
import { setThrough } from "./load-source.ts";
import { log, runStep } from "./run-step.ts";

/** A model that has new input and may run now, with the reason a person reads on its step. */
export interface DueModel {
  readonly model: ModelFile;
  readonly reason: string;
}

export interface ModelTimes {
  /** When each model's last refresh began. */
  readonly startedAt: Map<string, number>;
  readonly running: Set<string>;
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
  const due = new Map<string, DueModel>();
  for (const model of context.definitions.models) {
    if (times.running.has(model.name) || !isDueByTime(context, times, model)) continue;
    const inputs = Object.keys(model.header.inputs);
    const inRun = inputs.filter((input) => due.get(input)?.model.header.pipeline === model.header.pipeline);
    const elsewhere = inputs.some((input) => times.running.has(input) || (due.has(input) && !inRun.includes(input)));
    if (elsewhere || !inputs.every((input) => inRun.includes(input) || isReadable(context, input))) continue;
    const reason = reasonToRun(context, model) ?? (inRun.length > 0 ? `after ${inRun.join(", ")}` : null);
    if (reason !== null) due.set(model.name, { model, reason });
  }
  return [...due.values()].filter(({ model }) => model.header.pipeline === pipeline);
}

function isDueByTime({ clock, state, pace }: PipelineContext, times: ModelTimes, model: ModelFile): boolean {
  const now = clock.now();
  const notBefore = state.notBefore.get(model.name);
  if (notBefore !== undefined && notBefore > now) return false;
  return now.getTime() - (times.startedAt.get(model.name) ?? 0) >= refreshInterval(model, pace);
}

/** A model over models waits until they were built once; staged inputs without a table read as empty. */
function isReadable({ state }: PipelineContext, input: string): boolean {
  return input.startsWith("staged.") || (state.snapshots.get(input) ?? null) !== null;
}

function reasonToRun({ state }: PipelineContext, model: ModelFile): string | null {
  const consumed = consumedOf(state, model.name);
  const news = Object.keys(model.header.inputs).filter(
    (input) => (state.snapshots.get(input) ?? null) !== (consumed.get(input) ?? null),
  );
  if (news.length > 0) return `new data in ${news.join(", ")}`;
  const version = state.codeVersions.get(model.name);
  return version !== undefined && version !== model.codeVersion ? "the model's code changed" : null;
}

/** Refreshes the due models of a pipeline in one run, inputs first. */
export async function refreshModels(
  context: PipelineContext,
  times: ModelTimes,
  pipeline: string,
  due: readonly DueModel[],
): Promise<void> {
  const { runs, catalog, engine, clock } = context;
  const names = new Set(due.map(({ model }) => model.name));
  const runId = await runs.createRun({
    pipeline,
    trigger: "target-lag",
    steps: due.map(({ model, reason }) => ({
      dataset: model.name,
      reason,
      after: Object.keys(model.header.inputs).filter((input) => names.has(input)),
    })),
  });
  await runs.startRun(runId);
  const failed = new Set<string>();
  try {
    for (const { model } of due) {
      if (context.stopping.aborted) break;
      const broken = Object.keys(model.header.inputs).find((input) => failed.has(input));
      if (broken !== undefined) {
        await runs.skipStep(runId, model.name, `${broken} failed`);
        failed.add(model.name);
        continue;
      }
      times.running.add(model.name);
      times.startedAt.set(model.name, clock.now().getTime());
      const through = throughOfInputs(context.state, liveInputs(context, model));
      try {
        const change = await runStep(context, runId, model.name, () => refresh(context, model));
        if (change === null) {
          failed.add(model.name);
          continue;
        }
        context.state.codeVersions.set(model.name, model.codeVersion);
        for (const move of change.moves) consumedOf(context.state, model.name).set(move.input, move.to);
        if (change.snapshotAfter !== null) countCommit(context.state, model.name, change.snapshotAfter);
        await catalog.recordCommits([
          { dataset: model.name, committedAt: clock.now(), ...(await engine.tableStats(model.name)) },
        ]);
        if (through !== null) await setThrough(context, [model.name], through);
      } finally {
        times.running.delete(model.name);
      }
    }
    if (failed.size > 0)
      await log(context, runId, null, "error", `${failed.size} of ${due.length} steps did not succeed`, {
        failed: [...failed],
      });
  } finally {
    await runs.finishRun(runId);
    context.wake();
  }
}

async function refresh(
  context: PipelineContext,
  model: ModelFile,
): Promise<LakeChange & { moves: readonly InputMove[] }> {
  const { engine, state, catalog, epoch, clock } = context;
  const stamped = (moves: readonly InputMove[]) =>
    moves.map((move) => ({ ...move, dataset: model.name, at: clock.now() }));
  const change = await engine.refreshModel({
    model,
    consumed: consumedOf(state, model.name),
    within: (tx, moves) => catalog.advanceInputs(tx, epoch, stamped(moves)),
  });
  if (change.snapshotAfter === null && change.moves.length > 0) await catalog.skipInputs(epoch, stamped(change.moves));
  return change;
}

/** Moves "data through" of models that have read all there is: nothing changed upstream, so they are as fresh as it is. */
export async function carryFreshness(context: PipelineContext): Promise<void> {
  const { state, definitions } = context;
  for (const model of definitions.models) {
    if ((state.snapshots.get(model.name) ?? null) === null || !isCaughtUp(state, model.name)) continue;
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
