import { parametersText, type ParameterValues } from "@nova/pipeline-core/catalog";
import { rawDatasetName, type StreamRequest } from "@nova/pipeline-core/connectors";
import { asPlatformError, DAY, PlatformError } from "@nova/pipeline-core/kernel";
import {
  type BackfillKind,
  type DayRange,
  type ModelChange,
  type ModelRefresh,
  partitionGrain,
  type PartsOutcome,
  rangesText,
} from "@nova/pipeline-core/orchestration";
import type { OpenAttempt } from "./attempt.ts";
import type { PipelineContext } from "./context.ts";
import { loadStream } from "./load-stream.ts";
import type { OpenRun } from "./run-under-way.ts";
import { applyModel } from "./refresh-models.ts";
import { log, pause, runStep, type StepChange } from "./run-step.ts";

/** How often it is looked whether capture has read a table again. */
const LOOK_MILLIS = 1_000;

/** A rebuild reads a whole source; how long a source takes to be read again is not ours to limit. */
const TIME_LIMITS: Record<BackfillKind, { readonly timeoutMillis?: number | null }> = {
  recompute: {},
  rebuild: { timeoutMillis: DAY },
  reread: { timeoutMillis: null },
};

export interface BackfillStep {
  readonly dataset: string;
  readonly kind: BackfillKind;
  /** Null: whole. */
  readonly ranges: readonly DayRange[] | null;
  /** In place of the model's defaults. */
  readonly parameters?: ParameterValues;
  readonly requestedBy: string;
  /** When the backfill was submitted. */
  readonly since: Date;
}

/** One dataset of one run of a backfill. Null when the worker stops: the parts are done again by the next one. */
export async function runBackfillStep(
  context: PipelineContext,
  run: OpenRun,
  step: BackfillStep,
): Promise<PartsOutcome | null> {
  const { dataset } = step;
  let failure: PlatformError | null = null;
  const noting = async (work: () => Promise<StepChange>): Promise<StepChange> => {
    failure = null;
    try {
      return await work();
    } catch (error) {
      failure = asPlatformError(error, "engine-failed");
      throw error;
    }
  };
  if (step.ranges !== null) await log(context, run.id, dataset, "info", `days ${rangesText(step.ranges)}`);
  if (step.parameters !== undefined)
    await log(context, run.id, dataset, "info", `with ${parametersText(step.parameters)}`);
  const done = await runStep(
    context,
    run,
    dataset,
    (attempt) => noting(() => make(context, run, step, attempt)),
    TIME_LIMITS[step.kind],
  );
  if (done !== null) {
    const stats = await context.engine.tableStats(dataset);
    await context.catalog.recordCommits([{ dataset, committedAt: context.clock.now(), ...stats }]);
    return { state: "succeeded" };
  }
  if (context.stopping.aborted) return null;
  return outcomeOf(failure);
}

function outcomeOf(failure: PlatformError | null): PartsOutcome {
  return failure === null || failure.kind === "cancelled"
    ? { state: "cancelled" }
    : { state: "failed", failure: { kind: failure.kind, message: failure.message } };
}

function make(context: PipelineContext, run: OpenRun, step: BackfillStep, attempt: OpenAttempt): Promise<StepChange> {
  switch (step.kind) {
    case "recompute":
      return recompute(context, run, step, attempt);
    case "rebuild":
      return rebuild(context, run, step, attempt);
    case "reread":
      return reread(context, run, step, attempt);
  }
}

async function recompute(
  context: PipelineContext,
  run: OpenRun,
  { dataset, ranges, parameters }: BackfillStep,
  attempt: OpenAttempt,
): Promise<StepChange> {
  const { engine, definitions } = context;
  const model = definitions.models.find(({ name }) => name === dataset);
  if (model === undefined) throw new PlatformError("conflict", `nothing makes ${dataset} any more`);
  const grain = partitionGrain(model.header);
  if (ranges !== null && grain.per === "whole")
    throw new PlatformError("conflict", `${dataset} is no longer partitioned by day; plan the backfill again`);
  const days = ranges === null || grain.per === "whole" ? null : { column: grain.column, ranges };
  // What only adds rows is computed from what it has consumed: it takes in first what it has not.
  if (model.header.kind === "append")
    await applyModel(context, model, run, attempt, (request) => engine.refreshModel(request));
  const given = parameters === undefined ? {} : { parameters };
  const recomputed = (request: ModelRefresh): Promise<ModelChange> =>
    engine.recomputeModel({ ...request, days, ...given });
  return applyModel(context, model, run, attempt, recomputed, parameters);
}

/** Computes a staged table from everything that raw has. How far it has read raw stays: the next load goes on from there. */
async function rebuild(
  context: PipelineContext,
  run: OpenRun,
  { dataset }: BackfillStep,
  attempt: OpenAttempt,
): Promise<StepChange> {
  const { engine, definitions, state } = context;
  const source = definitions.sources.find(({ id }) => dataset.startsWith(`staged.${id}__`));
  const schema = state.schemas.get(dataset);
  if (source === undefined || schema === undefined)
    throw new PlatformError("conflict", `the source no longer has the stream of ${dataset}`);
  const delta = await engine.openDelta({
    source: source.id,
    from: null,
    only: [schema.stream],
    except: [],
    maxRows: Number.MAX_SAFE_INTEGER,
  });
  if (delta === null) throw new PlatformError("conflict", `${rawDatasetName(source.id)} has no rows to rebuild from`);
  try {
    return await loadStream(context, source, delta, { dataset, schema }, run, attempt, "rebuild");
  } finally {
    await delta.close();
  }
}

/** Asks capture to read the table again, waits until it has, and ends as that ended. */
async function reread(
  context: PipelineContext,
  run: OpenRun,
  { dataset, requestedBy, since }: BackfillStep,
  { signal }: OpenAttempt,
): Promise<StepChange> {
  const { definitions, state, streamRequests, clock } = context;
  const source = definitions.sources.find(({ id }) => dataset.startsWith(`staged.${id}__`));
  const schema = state.schemas.get(dataset);
  if (source === undefined || schema === undefined)
    throw new PlatformError("conflict", `the source no longer has the stream of ${dataset}`);
  const began = clock.now().getTime();
  const wanted = { source: source.id, stream: schema.stream, action: "resync" } as const;
  // A worker before this one may have seen to it and died before it could say so.
  let outcome = await streamRequests.lastDone(wanted, since);
  const request = outcome === null ? await askOrJoin(context, { ...wanted, requestedBy }) : "";
  while (outcome === null) {
    outcome = await streamRequests.outcome(request);
    if (outcome !== null) break;
    await pause(context, LOOK_MILLIS, signal);
    if (signal.aborted || context.stopping.aborted)
      throw new PlatformError("cancelled", `${schema.stream} goes on being read again; see its source`);
  }
  if (outcome.state === "failed")
    throw new PlatformError("conflict", `${schema.stream} was not read again: ${outcome.message}`);
  return {
    rowsIn: 0,
    rowsOut: 0,
    bytes: 0,
    snapshotBefore: null,
    snapshotAfter: null,
    mode: "read again from the source",
    phases: [{ name: "read again", ms: clock.now().getTime() - began }],
    notes: [`${outcome.message}; the next load brings it to ${dataset}`],
    progress: { inputsBefore: {}, inputsAfter: {}, throughBefore: null, key: "" },
  };
}

/** Asks for it, or joins who asked for the whole stream before: another person, or the worker that this one took over from. */
async function askOrJoin(
  { streamRequests }: PipelineContext,
  wanted: Pick<StreamRequest, "source" | "stream" | "action" | "requestedBy">,
): Promise<string> {
  const open = await streamRequests.open(wanted.source);
  const same = open.find(
    (one) => one.stream === wanted.stream && one.action === wanted.action && one.range === undefined,
  );
  return (same ?? (await streamRequests.ask(wanted))).id;
}
