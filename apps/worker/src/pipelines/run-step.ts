import {
  asPlatformError,
  isPlatformError,
  type LogFields,
  type LogLevel,
  PlatformError,
} from "@nova/pipeline-core/kernel";
import { type LakeChange, settleFailedAttempt, type StepProgress } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import type { OpenRun } from "./open-run.ts";
import { urgencyOf } from "./urgency.ts";

/** Tries of a step before its run fails; the next plan picks the work up again. */
const MAX_ATTEMPTS = 3;
/** A dataset whose step failed for good is left alone this long. */
const FAILED_PAUSE = 30_000;
/** A dataset whose step a person cancelled does not start by itself for this long. */
export const CANCELLED_PAUSE = 5 * 60_000;

/** Less than anything live ever is: the urgency of what is due is 0 and more. */
const BEHIND = -1;

/** What a step did, and how it moved through its inputs. */
export interface StepChange extends LakeChange {
  readonly progress: StepProgress;
}

/**
 * Runs one step of a run with its attempts: what the error's kind allows is tried again with backoff, everything is
 * recorded. `work` gets the attempt's number, which its commit has to show (`publishStep`). Returns null when the step
 * failed for good, was cancelled, or the worker stops.
 */
export async function runStep<Change extends StepChange>(
  context: PipelineContext,
  run: OpenRun,
  dataset: string,
  work: (attempt: number) => Promise<Change>,
): Promise<Change | null> {
  const { runs, clock, state } = context;
  // What a person asked for is late from the start.
  const urgency = (): number => (run.behind ? BEHIND : Math.max(run.asked ? 1 : 0, urgencyOf(context, dataset)));
  const inSlot = (attempt: number): Promise<Change> =>
    context.slots.run(urgency, () => context.exclusively(dataset, () => work(attempt)), {
      name: dataset,
      signal: run.signal,
    });
  for (;;) {
    const attempt = await startAttempt(context, run, dataset);
    if (attempt === null) return null;
    state.runningIn.set(dataset, run.id);
    try {
      const change = run.behind
        ? await context.behindSlots.run(
            () => 0,
            () => inSlot(attempt),
            { name: dataset, signal: run.signal },
          )
        : await inSlot(attempt);
      await runs.succeedStep(run.id, dataset, attempt, {
        rowsIn: change.rowsIn,
        rowsOut: change.rowsOut,
        bytes: change.bytes,
        snapshotBefore: change.snapshotBefore,
        snapshotAfter: change.snapshotAfter ?? change.snapshotBefore,
        progress: change.progress,
      });
      await logChange(context, run.id, dataset, change);
      if (!run.behind) state.leftAlone.delete(dataset);
      return change;
    } catch (thrown) {
      const error = asPlatformError(thrown, "engine-failed");
      if (error.kind === "stale-writer") throw error;
      if (error.kind === "cancelled") return await noteCancelled(context, run, dataset);
      const decision = settleFailedAttempt(
        { attempt, maxAttempts: MAX_ATTEMPTS },
        error.kind,
        clock.now(),
        context.jitter(),
      );
      const retryAt = decision.next === "retrying" && !context.stopping.aborted ? decision.retryAt : null;
      try {
        await runs.failStep(run.id, dataset, attempt, { kind: error.kind, message: error.message }, retryAt);
      } catch (refused) {
        if (isCancelled(refused)) return await noteCancelled(context, run, dataset);
        throw refused;
      }
      const level: LogLevel = retryAt === null ? "error" : "warn";
      await log(context, run.id, dataset, level, error.message, {
        kind: error.kind,
        attempt,
        ...(retryAt === null ? { remedy: error.policy.remedy } : { retryAt: retryAt.toISOString() }),
      });
      context.logger[level]("a step failed", {
        dataset,
        runId: run.id,
        attempt,
        kind: error.kind,
        reason: error.message,
      });
      if (retryAt === null) {
        if (!run.behind) leaveAlone(context, run.id, dataset, "failed", FAILED_PAUSE);
        return null;
      }
      await pause(context, retryAt.getTime() - clock.now().getTime(), run.signal);
    } finally {
      if (state.runningIn.get(dataset) === run.id) state.runningIn.delete(dataset);
    }
  }
}

async function startAttempt(context: PipelineContext, run: OpenRun, dataset: string): Promise<number | null> {
  try {
    return await context.runs.startStep(run.id, dataset);
  } catch (error) {
    if (isCancelled(error)) return noteCancelled(context, run, dataset);
    throw error;
  }
}

/** Skips a step; one that was cancelled stays cancelled. */
export async function skipStep(
  context: PipelineContext,
  run: OpenRun,
  dataset: string,
  reason: string,
  key?: string,
): Promise<void> {
  try {
    await context.runs.skipStep(run.id, dataset, reason, key);
  } catch (error) {
    if (!isCancelled(error)) throw error;
  }
}

async function noteCancelled(context: PipelineContext, run: OpenRun, dataset: string): Promise<null> {
  if (!run.behind) leaveAlone(context, run.id, dataset, "cancelled", CANCELLED_PAUSE);
  await log(context, run.id, dataset, "warn", "cancelled: nothing was published");
  return null;
}

export function leaveAlone(
  { state, clock }: PipelineContext,
  runId: string,
  dataset: string,
  because: "failed" | "cancelled",
  millis: number,
): void {
  state.leftAlone.set(dataset, { until: new Date(clock.now().getTime() + millis), because, runId });
}

export async function log(
  context: PipelineContext,
  runId: string,
  dataset: string | null,
  level: LogLevel,
  message: string,
  fields: LogFields = {},
): Promise<void> {
  await context.runs.log([{ runId, dataset, at: context.clock.now(), level, message, fields }]);
}

async function logChange(context: PipelineContext, runId: string, dataset: string, change: StepChange): Promise<void> {
  const at = context.clock.now();
  const millis = Object.fromEntries(change.phases.map(({ name, ms }) => [`${name} ms`, ms]));
  await context.runs.log([
    ...change.notes.map((note) => ({ runId, dataset, at, level: "info" as const, message: note, fields: {} })),
    {
      runId,
      dataset,
      at,
      level: "info",
      message: `${change.mode}: ${change.rowsIn} rows in, ${change.rowsOut} rows written`,
      fields: {
        mode: change.mode,
        rowsIn: change.rowsIn,
        rowsOut: change.rowsOut,
        bytes: change.bytes,
        snapshotBefore: change.snapshotBefore,
        snapshotAfter: change.snapshotAfter,
        key: change.progress.key,
        ...millis,
      },
    },
  ]);
}

/** Waits, or ends early when the worker stops or `signal` is aborted. */
export async function pause(
  { stopping }: Pick<PipelineContext, "stopping">,
  millis: number,
  signal?: AbortSignal,
): Promise<void> {
  const ends = signal === undefined ? stopping : AbortSignal.any([stopping, signal]);
  if (ends.aborted || millis <= 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, millis);
    function done(): void {
      clearTimeout(timer);
      ends.removeEventListener("abort", done);
      resolve();
    }
    ends.addEventListener("abort", done);
  });
}

export function isFatal(error: unknown): boolean {
  return error instanceof PlatformError && error.kind === "stale-writer";
}

function isCancelled(error: unknown): boolean {
  return isPlatformError(error) && error.kind === "cancelled";
}
