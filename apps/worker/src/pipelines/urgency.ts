import type { DatasetName } from "@nova/pipeline-core/catalog";
import type { PipelineContext } from "./context.ts";
import { readersOf } from "./lanes.ts";

/** Share of the strictest reader's target lag that a staged dataset may use up; the rest is the reader's own. */
const SHARE_OF_READER = 0.4;

/**
 * How urgent new data for a dataset is: its age as a share of the age it may have, 1 = late from now on. Work that waits is
 * taken in this order. What nobody reads in a hurry never holds up what somebody does, yet comes first once it is the
 * latest in proportion; when there is more to do than the machine can, all datasets fall behind by the same factor. A
 * dataset without any data is the latest there can be.
 */
export function urgencyOf(
  context: Pick<PipelineContext, "state" | "definitions" | "clock">,
  dataset: DatasetName,
): number {
  const { state, clock } = context;
  const through = state.dataThrough.get(dataset) ?? null;
  if (through === null) return Number.POSITIVE_INFINITY;
  const own = (state.entries.get(dataset)?.targetLagSeconds ?? 0) * 1000;
  const readers = readersOf(context, dataset);
  const allowed = Math.min(own, ...readers.map((model) => model.header.target_lag * 1000 * SHARE_OF_READER));
  return (clock.now().getTime() - through.getTime()) / Math.max(1, allowed);
}
