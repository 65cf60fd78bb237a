import { isPlatformError, MINUTE, PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import type { StepTried } from "@nova/pipeline-core/orchestration";

/** One attempt of a step under way. */
export interface OpenAttempt {
  /** Its fencing token: what it commits has to show it (`publishStep`). */
  readonly number: number;
  /** Aborted when a person cancels the run, and when the attempt has taken longer than it may. */
  readonly signal: AbortSignal;
  /** Says what it works with, so that a failure can be compared with a success. The last word counts. */
  readonly tries: (what: StepTried) => void;
}

/**
 * Does the work, interrupted by `cancelled` or after `limitMillis`; null: no limit. Ends when the work has ended, so nothing
 * of it goes on behind its back. Throws `timed-out` when the limit was what ended it; what was done by then all the same
 * counts.
 */
export async function withinTime<Result>(
  dataset: string,
  limitMillis: number | null,
  cancelled: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (limitMillis === null) return work(cancelled);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), limitMillis);
  try {
    return await work(AbortSignal.any([cancelled, over.signal]));
  } catch (error) {
    const interrupted = isPlatformError(error) && error.kind === "cancelled";
    if (!interrupted || !over.signal.aborted || cancelled.aborted) throw error;
    const message = `${dataset} took longer than ${span(limitMillis)}, its time limit, and was interrupted; nothing was published`;
    throw new PlatformError("timed-out", message, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function span(millis: number): string {
  return millis < 2 * MINUTE ? `${Math.round(millis / SECOND)} s` : `${Math.round(millis / MINUTE)} min`;
}
