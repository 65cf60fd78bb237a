import type { SourceDefinition } from "@nova/novaretail";
import type { DatasetName, ModelFile } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import {
  type Buildable,
  type PlannedRun,
  type PlannedStep,
  planRetry,
  planRun,
  type RetryScope,
} from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import { lateAtGate } from "./judge-models.ts";
import { loadDatasets } from "./load-asked.ts";
import { holdsUp, type OpenRun } from "./run-under-way.ts";
import { isMaterialised, refreshStep, skipThere } from "./refresh-models.ts";
import { skipStep } from "./run-step.ts";

/** Plans "run this dataset now". Throws what a person is told when it cannot be. */
export function planAskedRun(context: PipelineContext, dataset: string, downstream: boolean, by: string): PlannedRun {
  const entry = context.state.entries.get(dataset);
  if (entry === undefined) throw new PlatformError("not-found", `there is no dataset ${dataset}`);
  if (dataset.startsWith("raw."))
    throw new PlatformError(
      "conflict",
      `${dataset} is written by capture as changes come in; run what is made from it`,
    );
  return {
    pipeline: entry.pipeline,
    trigger: "manual",
    requestedBy: by,
    steps: withGates(context, planRun(dataset, buildables(context), { downstream, by })),
  };
}

export async function planAskedRetry(
  context: PipelineContext,
  request: { readonly target: string; readonly scope: RetryScope; readonly datasets: readonly string[] },
  by: string,
): Promise<PlannedRun> {
  const original = await context.runs.find(request.target);
  if (original === null)
    throw new PlatformError("not-found", `there is no run ${request.target}; old runs are removed`);
  if (context.openRuns.has(original.id))
    throw new PlatformError("conflict", `run ${original.id} still runs; cancel it first, or wait for its end`);
  return {
    pipeline: original.pipeline,
    trigger: "manual",
    retryOf: original.id,
    requestedBy: by,
    steps: withGates(context, planRetry(original, request.scope, request.datasets, by)),
  };
}

/** A run that somebody asks for passes gates over, and its steps say what was not complete. */
function withGates(context: PipelineContext, steps: readonly PlannedStep[]): PlannedStep[] {
  const now = context.clock.now();
  return steps.map((step) => {
    const late = lateAtGate(context, step.dataset, now);
    return late === null ? step : { ...step, reason: `${step.reason}; ${late}` };
  });
}

/** Everything that can be run, inputs first: staged datasets, then models in their order. */
export function buildables({ state, definitions }: PipelineContext): Buildable[] {
  const staged = [...state.schemas.keys()].map((name) => ({ name, inputs: state.entries.get(name)?.inputs ?? [] }));
  return [...staged, ...definitions.models.map(({ name, header }) => ({ name, inputs: Object.keys(header.inputs) }))];
}

/**
 * Carries out a run that somebody asked for, step by step; staged datasets of one source that follow each other as one piece.
 * What is there already from the same inputs and code is skipped.
 */
export async function runAsked(context: PipelineContext, run: OpenRun, plan: PlannedRun): Promise<void> {
  const { definitions } = context;
  const models = new Map(definitions.models.map((model) => [model.name, model]));
  const sourceOf = (dataset: DatasetName): SourceDefinition | undefined =>
    definitions.sources.find(({ id }) => dataset.startsWith(`staged.${id}__`));
  const left = [...plan.steps];
  for (let step = left.shift(); step !== undefined; step = left.shift()) {
    if (context.stopping.aborted || run.signal.aborted) return;
    const { dataset } = step;
    if (run.marks.has(dataset)) continue;
    const broken = step.after.find((one) => holdsUp(run, one));
    const model = models.get(dataset);
    const source = sourceOf(dataset);
    if (broken !== undefined) {
      await skipStep(context, run, dataset, `${broken} did not succeed`);
      run.failed.add(dataset);
    } else if (model !== undefined) {
      if (!(await runModel(context, run, model))) run.failed.add(dataset);
    } else if (source !== undefined) {
      const isNext = (next: PlannedStep): boolean => sourceOf(next.dataset) === source && next.after.length === 0;
      const end = left.findIndex((next) => !isNext(next));
      const others = left.splice(0, end === -1 ? left.length : end);
      await loadDatasets(context, run, source, [dataset, ...others.map((other) => other.dataset)]);
    } else await skipStep(context, run, dataset, "nothing makes this dataset any more");
  }
}

async function runModel(context: PipelineContext, run: OpenRun, model: ModelFile): Promise<boolean> {
  const { state } = context;
  if (isMaterialised(context, model)) {
    await skipThere(context, run, model);
    state.leftAlone.delete(model.name);
    return true;
  }
  const missing = Object.keys(model.header.inputs).find(
    (input) => !input.startsWith("staged.") && (state.snapshots.get(input) ?? null) === null,
  );
  if (missing !== undefined) {
    await skipStep(context, run, model.name, `${missing} was never built`);
    return false;
  }
  return refreshStep(context, run, model);
}
