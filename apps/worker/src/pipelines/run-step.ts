import {
  asPlatformError,
  isPlatformError,
  type LogFields,
  type LogLevel,
  PlatformError,
} from "@nova/pipeline-core/kernel";
import {
  type LakeChange,
  settleFailedAttempt,
  type StepProgress,
  type StepTried,
} from "@nova/pipeline-core/orchestration";
import { type OpenAttempt, withinTime } from "./attempt.ts";
import type { PipelineContext } from "./context.ts";
import type { OpenRun } from "./run-under-way.ts";
import { takeTurn } from "./take-turn.ts";

/** A dataset whose step a person cancelled does not start by itself for this long. */
export const CANCELLED_PAUSE = 5 * 60_000;

/** What a step did, and how it moved through its inputs. */
export interface StepChange extends LakeChange {
  readonly progress: StepProgress;
}

/**
 * Runs one step of a run with its attempts: what the error's kind allows is tried again with backoff, everything is
 * recorded. Returns null when the step failed for good, was cancelled, or the worker stops. `timeoutMillis`: in place of
 * the dataset's own limit; null: none.
 */
export async function runStep<Change extends StepChange>(
  context: PipelineContext,
  whole: OpenRun,
  dataset: string,
  work: (attempt: OpenAttempt) => Promise<Change>,
  options: { readonly timeoutMillis?: number | null } = {},
): Promise<Change | null> {
  const { runs, clock, state } = context;
  const { maxAttempts, ...policy } = context.policyOf(dataset);
  const limit = options.timeoutMillis === undefined ? policy.timeoutMillis : options.timeoutMillis;
  const source = context.definitions.sources.find(({ id }) => dataset.startsWith(`staged.${id}__`))?.id ?? null;
  for (let began = false; ; began = true) {
    const attempt = await startAttempt(context, whole, dataset, began);
    if (attempt === null) return null;
    // One step can be interrupted for itself: by whom marks it as failed.
    const interrupt = new AbortController();
    whole.interrupts.set(dataset, interrupt);
    const run: OpenRun = { ...whole, signal: AbortSignal.any([whole.signal, interrupt.signal]) };
    state.runningIn.set(dataset, run.id);
    let tried: StepTried | null = null;
    const tries = (what: StepTried): void => void (tried = what);
    if (attempt === 1) context.teller.stepBegan(run.id, dataset);
    const kind = run.behind ? "backfill" : "refresh";
    const meter = context.engine.openMeter({ kind, dataset, runId: run.id, attempt });
    try {
      const change = await takeTurn(context, run, dataset, () =>
        meter.run(() => withinTime(dataset, limit, run.signal, (signal) => work({ number: attempt, signal, tries }))),
      );
      await runs.succeedStep(run.id, dataset, attempt, {
        rowsIn: change.rowsIn,
        rowsOut: change.rowsOut,
        bytes: change.bytes,
        snapshotBefore: change.snapshotBefore,
        snapshotAfter: change.snapshotAfter ?? change.snapshotBefore,
        progress: change.progress,
        scanned: meter.total(),
      });
      context.teller.stepEnded(run.id, dataset, { state: "COMPLETE", rows: change.rowsOut, bytes: change.bytes });
      await logChange(context, run.id, dataset, change);
      if (!run.behind) state.leftAlone.delete(dataset);
      if (source !== null) context.breakers.worked(source);
      return change;
    } catch (thrown) {
      const error = asPlatformError(thrown, "engine-failed");
      if (error.kind === "stale-writer") throw error;
      if (error.kind === "cancelled") {
        await runs.chargeCancelled(run.id, dataset, attempt, meter.total());
        return await noteEnded(context, run, dataset, true);
      }
      if (source !== null) context.breakers.failed(source, error);
      const decision = settleFailedAttempt({ attempt, maxAttempts }, error.kind, clock.now(), context.jitter());
      const retryAt = decision.next === "retrying" && !context.stopping.aborted ? decision.retryAt : null;
      try {
        const failure = {
          kind: error.kind,
          message: error.message,
          scanned: meter.total(),
          ...(tried === null ? {} : { tried }),
        };
        await runs.failStep(run.id, dataset, attempt, failure, retryAt);
      } catch (refused) {
        if (!isCancelled(refused)) throw refused;
        await runs.chargeCancelled(run.id, dataset, attempt, meter.total());
        return await noteEnded(context, run, dataset, true);
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
        context.teller.stepEnded(run.id, dataset, { state: "FAIL", error: error.message });
        if (!run.behind) leaveAlone(context, run.id, dataset, "failed", context.pace.afterFailure);
        return null;
      }
      await pause(context, retryAt.getTime() - clock.now().getTime(), run.signal);
    } finally {
      if (state.runningIn.get(dataset) === run.id) state.runningIn.delete(dataset);
      whole.interrupts.delete(dataset);
    }
  }
}

async function startAttempt(
  context: PipelineContext,
  run: OpenRun,
  dataset: string,
  began: boolean,
): Promise<number | null> {
  try {
    return await context.runs.startStep(run.id, dataset);
  } catch (error) {
    if (isCancelled(error)) return noteEnded(context, run, dataset, began);
    throw error;
  }
}

/** Skips a step; one that was cancelled or marked as failed stays so. */
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

/** A person ended the step: cancelled the run, or marked the step as failed. `began`: lineage was told of it. */
async function noteEnded(context: PipelineContext, run: OpenRun, dataset: string, began: boolean): Promise<null> {
  const { runs, teller, pace } = context;
  const step = (await runs.find(run.id))?.steps.find((one) => one.dataset === dataset);
  const marked = step?.state === "failed" && step.mark !== null;
  if (marked) teller.stepEnded(run.id, dataset, { state: "FAIL", error: "marked as failed by hand" }, began);
  else teller.stepEnded(run.id, dataset, { state: "ABORT" }, began);
  if (!run.behind)
    if (marked) leaveAlone(context, run.id, dataset, "failed", pace.afterFailure);
    else leaveAlone(context, run.id, dataset, "cancelled", CANCELLED_PAUSE);
  if (!marked) await log(context, run.id, dataset, "warn", "cancelled: nothing was published");
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
