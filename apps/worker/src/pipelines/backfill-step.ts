import { rawDatasetName, type SourceId } from "@nova/pipeline-core/connectors";
import { asPlatformError, PlatformError } from "@nova/pipeline-core/kernel";
import {
  type BackfillKind,
  type DayRange,
  partitionGrain,
  type PartsOutcome,
  rangesText,
} from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import { loadStream } from "./load-stream.ts";
import type { OpenRun } from "./open-run.ts";
import { applyModel } from "./refresh-models.ts";
import { log, pause, runStep, type StepChange } from "./run-step.ts";

/** How often it is looked whether capture has read a table again. */
const LOOK_MILLIS = 1_000;

export interface BackfillStep {
  readonly dataset: string;
  readonly kind: BackfillKind;
  /** Null: whole. */
  readonly ranges: readonly DayRange[] | null;
  readonly requestedBy: string;
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
  const done = await runStep(context, run, dataset, (attempt) => noting(() => make(context, run, step, attempt)));
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

function make(context: PipelineContext, run: OpenRun, step: BackfillStep, attempt: number): Promise<StepChange> {
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
  { dataset, ranges }: BackfillStep,
  attempt: number,
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
  return applyModel(context, model, run, attempt, (request) => engine.recomputeModel({ ...request, days }));
}

/** Computes a staged table from everything that raw has. How far it has read raw stays: the next load goes on from there. */
async function rebuild(
  context: PipelineContext,
  run: OpenRun,
  { dataset }: BackfillStep,
  attempt: number,
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

/** Asks capture to read the table again and waits until it has. */
async function reread(
  context: PipelineContext,
  run: OpenRun,
  { dataset, requestedBy }: BackfillStep,
  _attempt: number,
): Promise<StepChange> {
  const { definitions, state, streamRequests, clock } = context;
  const source = definitions.sources.find(({ id }) => dataset.startsWith(`staged.${id}__`));
  const schema = state.schemas.get(dataset);
  if (source === undefined || schema === undefined)
    throw new PlatformError("conflict", `the source no longer has the stream of ${dataset}`);
  const began = clock.now().getTime();
  const asked = await streamRequests.ask({ source: source.id, stream: schema.stream, action: "resync", requestedBy });
  while (await isOpen(context, source.id, asked.id)) {
    await pause(context, LOOK_MILLIS, run.signal);
    if (run.signal.aborted || context.stopping.aborted)
      throw new PlatformError("cancelled", `${schema.stream} goes on being read again; see its source`);
  }
  return {
    rowsIn: 0,
    rowsOut: 0,
    bytes: 0,
    snapshotBefore: null,
    snapshotAfter: null,
    mode: "read again from the source; the source's page says with which result",
    phases: [{ name: "read again", ms: clock.now().getTime() - began }],
    notes: [],
    progress: { inputsBefore: {}, inputsAfter: {}, throughBefore: null, key: "" },
  };
}

async function isOpen({ streamRequests }: PipelineContext, source: SourceId, id: string): Promise<boolean> {
  return (await streamRequests.open(source)).some((request) => request.id === id);
}
