import type { ModelFile } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import {
  type Buildable,
  type PlannedRun,
  planRetry,
  planRun,
  type RetryScope,
} from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import { loadDataset } from "./load-source.ts";
import { keyNow } from "./materialisation.ts";
import type { OpenRun } from "./open-run.ts";
import { isMaterialised, refreshStep } from "./refresh-models.ts";
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
    steps: planRun(dataset, buildables(context), { downstream, by }),
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
    steps: planRetry(original, request.scope, request.datasets, by),
  };
}

/** Everything that can be run, inputs first: staged datasets, then models in their order. */
export function buildables({ state, definitions }: PipelineContext): Buildable[] {
  const staged = [...state.schemas.keys()].map((name) => ({ name, inputs: state.entries.get(name)?.inputs ?? [] }));
  return [...staged, ...definitions.models.map(({ name, header }) => ({ name, inputs: Object.keys(header.inputs) }))];
}

/** Carries out a run that somebody asked for, step by step; what is there already from the same inputs and code is skipped. */
export async function runAsked(context: PipelineContext, run: OpenRun, plan: PlannedRun): Promise<void> {
  const { definitions } = context;
  const models = new Map(definitions.models.map((model) => [model.name, model]));
  const failed = new Set<string>();
  for (const { dataset, after } of plan.steps) {
    if (context.stopping.aborted || run.signal.aborted) return;
    const broken = after.find((one) => failed.has(one));
    const model = models.get(dataset);
    const source = definitions.sources.find(({ id }) => dataset.startsWith(`staged.${id}__`));
    let succeeded = true;
    if (broken !== undefined) {
      await skipStep(context, run, dataset, `${broken} did not succeed`);
      succeeded = false;
    } else if (model !== undefined) succeeded = await runModel(context, run, model);
    else if (source !== undefined) succeeded = await loadDataset(context, run, source, dataset);
    else await skipStep(context, run, dataset, "nothing makes this dataset any more");
    if (!succeeded) failed.add(dataset);
  }
}

async function runModel(context: PipelineContext, run: OpenRun, model: ModelFile): Promise<boolean> {
  const { state } = context;
  if (isMaterialised(context, model)) {
    const key = keyNow(state, model.name);
    await skipStep(context, run, model.name, `it is there already from the same inputs and code (key ${key})`, key);
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
