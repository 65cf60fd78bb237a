import type { DatasetName } from "@nova/pipeline-core/catalog";
import type { PipelineContext } from "./context.ts";

/** Share of the strictest reader's target lag that a staged dataset may use up; the rest is the reader's own. */
const SHARE_OF_READER = 0.5;

/**
 * When a dataset turns late unless new data gets into it, in epoch milliseconds: its data-through time plus the lag it may
 * have. Work that waits is taken in this order, so what nobody reads in a hurry never holds up what somebody does, and
 * yet comes first once it is the latest of all. A dataset without any data yet is the latest there can be.
 */
export function deadlineOf(context: Pick<PipelineContext, "state" | "definitions">, dataset: DatasetName): number {
  const through = context.state.dataThrough.get(dataset) ?? null;
  return through === null ? 0 : through.getTime() + allowedLag(context, dataset);
}

/** Milliseconds. */
function allowedLag(
  { state, definitions }: Pick<PipelineContext, "state" | "definitions">,
  dataset: DatasetName,
): number {
  const own = (state.entries.get(dataset)?.targetLagSeconds ?? 0) * 1000;
  const readers = definitions.models.filter((model) => Object.hasOwn(model.header.inputs, dataset));
  return Math.min(own, ...readers.map((model) => model.header.target_lag * 1000 * SHARE_OF_READER));
}
