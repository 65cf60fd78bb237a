import { PlatformError } from "@nova/pipeline-core/kernel";
import type { PipelineContext } from "./context.ts";
import type { OpenRun } from "./run-under-way.ts";
import { urgencyOf } from "./urgency.ts";

/**
 * Does the work of a step when its turn comes: behind others that fill in, for a place in its pool, for a slot, and for
 * whoever writes the dataset now. Throws `cancelled` when the run is cancelled on the way.
 */
export async function takeTurn<Result>(
  context: PipelineContext,
  run: OpenRun,
  dataset: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const { slots, behindSlots, behindShare } = context;
  const { pool } = context.policyOf(dataset);
  const options = { name: dataset, runId: run.id, signal: run.signal };
  // What a person asked for is late from the start.
  const urgency = (): number =>
    run.behind ? behindShare.urgency() : Math.max(run.asked ? 1 : 0, urgencyOf(context, dataset));
  // Who has a place that somebody urgent waits for is as urgent: else a backfill in the pool would hold up what is live.
  const urgencyForAll = (): number => Math.max(urgency(), pool?.slots.pressure() ?? Number.NEGATIVE_INFINITY);
  const begin = async (): Promise<Result> => {
    // Cancelled on the way from one queue to the next.
    if (run.signal.aborted) throw new PlatformError("cancelled", `${dataset} was cancelled before it began`);
    return work();
  };
  const alone = (): Promise<Result> => context.exclusively(dataset, begin);
  const inSlot = (): Promise<Result> =>
    slots.run(urgencyForAll, () => (run.behind ? behindShare.run(alone) : alone()), options);
  // The pool first: who waits for it takes no slot from others.
  const inPool = (): Promise<Result> => (pool === null ? inSlot() : pool.slots.run(urgency, inSlot, options));
  return run.behind ? behindSlots.run(() => 0, inPool, options) : inPool();
}
