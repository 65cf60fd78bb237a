import { asPlatformError, type LogFields, type LogLevel, PlatformError } from "@nova/pipeline-core/kernel";
import { type LakeChange, settleFailedAttempt } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import { deadlineOf } from "./deadline.ts";

/** Tries of a step before its run fails; the next plan picks the work up again. */
const MAX_ATTEMPTS = 3;
/** A dataset whose step failed for good is left alone this long. */
const FAILED_PAUSE = 30_000;

/**
 * Runs one step of a run with its attempts: what the error's kind allows is tried again with backoff, everything is
 * recorded. Returns null when the step failed for good or the worker stops.
 */
export async function runStep<Change extends LakeChange>(
  context: PipelineContext,
  runId: string,
  dataset: string,
  work: () => Promise<Change>,
): Promise<Change | null> {
  const { runs, clock, state } = context;
  for (;;) {
    const attempt = await runs.startStep(runId, dataset);
    try {
      const change = await context.slots.run(deadlineOf(context, dataset), () => context.exclusively(dataset, work));
      await runs.succeedStep(runId, dataset, attempt, {
        rowsIn: change.rowsIn,
        rowsOut: change.rowsOut,
        bytes: change.bytes,
        snapshotBefore: change.snapshotBefore,
        snapshotAfter: change.snapshotAfter ?? change.snapshotBefore,
      });
      await logChange(context, runId, dataset, change);
      state.notBefore.delete(dataset);
      return change;
    } catch (thrown) {
      const error = asPlatformError(thrown, "engine-failed");
      if (error.kind === "stale-writer") throw error;
      const decision = settleFailedAttempt(
        { attempt, maxAttempts: MAX_ATTEMPTS },
        error.kind,
        clock.now(),
        context.jitter(),
      );
      const retryAt = decision.next === "retrying" && !context.stopping.aborted ? decision.retryAt : null;
      await runs.failStep(runId, dataset, attempt, { kind: error.kind, message: error.message }, retryAt);
      const level: LogLevel = retryAt === null ? "error" : "warn";
      await log(context, runId, dataset, level, error.message, {
        kind: error.kind,
        attempt,
        ...(retryAt === null ? { remedy: error.policy.remedy } : { retryAt: retryAt.toISOString() }),
      });
      context.logger[level]("a step failed", { dataset, runId, attempt, kind: error.kind, reason: error.message });
      if (retryAt === null) {
        state.notBefore.set(dataset, new Date(clock.now().getTime() + FAILED_PAUSE));
        return null;
      }
      await pause(context, retryAt.getTime() - clock.now().getTime());
    }
  }
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

async function logChange(context: PipelineContext, runId: string, dataset: string, change: LakeChange): Promise<void> {
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
        ...millis,
      },
    },
  ]);
}

/** Waits, or ends early when the worker stops. */
export async function pause({ stopping }: Pick<PipelineContext, "stopping">, millis: number): Promise<void> {
  if (stopping.aborted || millis <= 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, millis);
    function done(): void {
      clearTimeout(timer);
      stopping.removeEventListener("abort", done);
      resolve();
    }
    stopping.addEventListener("abort", done);
  });
}

export function isFatal(error: unknown): boolean {
  return error instanceof PlatformError && error.kind === "stale-writer";
}
