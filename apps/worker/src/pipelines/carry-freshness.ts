import type { ModelFile } from "@nova/pipeline-core/catalog";
import type { PipelineContext } from "./context.ts";
import { isCaughtUp, throughOfInputs } from "./lake-state.ts";

/** Datasets are through `at`, unless they stand further already or were rolled back. */
export async function setThrough(context: PipelineContext, datasets: readonly string[], at: Date): Promise<void> {
  const { state, catalog, definitions } = context;
  const later = datasets.filter((dataset) => {
    const before = state.dataThrough.get(dataset) ?? null;
    if (state.holds.has(dataset)) return false;
    return before === null || before < at;
  });
  if (later.length === 0) return;
  await catalog.setDataThrough(later.map((dataset) => ({ dataset, at })));
  for (const dataset of later) state.dataThrough.set(dataset, at);
  // A gate may open by it, though no row came.
  const gated = definitions.models.filter(({ header }) => header.gate !== undefined);
  if (gated.some(({ header }) => later.some((dataset) => Object.hasOwn(header.inputs, dataset)))) context.wake();
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
export function liveInputs({ configured, state }: PipelineContext, model: ModelFile): string[] {
  return Object.keys(model.header.inputs).filter(
    (input) =>
      !input.startsWith("staged.") ||
      (state.entries.has(input) && [...configured].some((source) => input.startsWith(`staged.${source}__`))),
  );
}
