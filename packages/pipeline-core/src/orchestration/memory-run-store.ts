import { type Clock, type IdSource, PlatformError } from "../kernel/index.ts";
import type { DatasetName } from "../catalog/index.ts";
import type { RunLogLine, RunStore } from "./ports.ts";
import { chooseMarked } from "./mark-steps.ts";
import { beforeMark, chooseUnmarked, type SinceMarked } from "./unmark-steps.ts";
import type { PlannedRun, RunState, StepFailure, StepMark, StepOutcome, StepState, StoredRun } from "./run.ts";
import { isOpenRun, isOpenStep, runOutcome } from "./run-states.ts";

export interface MemoryStep {
  dataset: DatasetName;
  state: StepState;
  attempt: number;
  outcome: StepOutcome | null;
  failure: StepFailure | null;
  retryAt: Date | null;
  skipReason: string | null;
  published: boolean;
  startedAt: Date | null;
  mark: StepMark | null;
}

export interface MemoryRun {
  id: string;
  plan: PlannedRun;
  state: RunState;
  createdAt: Date;
  steps: MemoryStep[];
}

export interface MemoryRunStore extends RunStore {
  readonly runs: ReadonlyMap<string, Readonly<MemoryRun>>;
  readonly lines: readonly RunLogLine[];
}

export function memoryRunStore({ clock, ids }: { clock: Clock; ids: IdSource }): MemoryRunStore {
  const runs = new Map<string, MemoryRun>();
  const lines: RunLogLine[] = [];
  const runOf = (id: string): MemoryRun => {
    const run = runs.get(id);
    if (run === undefined) throw new PlatformError("not-found", `run ${id} is not known`);
    return run;
  };
  const stepOf = (runId: string, dataset: DatasetName): MemoryStep => {
    const step = runOf(runId).steps.find((one) => one.dataset === dataset);
    if (step === undefined) throw new PlatformError("not-found", `run ${runId} has no step ${dataset}`);
    return step;
  };
  const openStepOf = (runId: string, dataset: DatasetName): MemoryStep => {
    const step = stepOf(runId, dataset);
    if (step.state === "cancelled") throw new PlatformError("cancelled", `step ${dataset} was cancelled`);
    if (step.state === "failed" && step.mark !== null)
      throw new PlatformError("cancelled", `step ${dataset} was marked as failed`);
    return step;
  };
  const attemptOf = (runId: string, dataset: DatasetName, attempt: number): MemoryStep => {
    const step = openStepOf(runId, dataset);
    if (step.state !== "running" || step.attempt !== attempt)
      throw new PlatformError("stale-writer", `attempt ${attempt} of ${dataset} is not the running one`);
    return step;
  };
  const find = (runId: string): StoredRun | null => {
    const run = runs.get(runId);
    if (run === undefined) return null;
    const { pipeline, trigger, retryOf, requestedBy } = run.plan;
    return {
      id: runId,
      pipeline,
      trigger,
      state: run.state,
      createdAt: run.createdAt,
      retryOf: retryOf ?? null,
      requestedBy: requestedBy ?? null,
      steps: run.plan.steps.map((planned, index) => {
        const step = run.steps[index] ?? stepOf(runId, planned.dataset);
        return {
          ...planned,
          state: step.state,
          attempt: step.attempt,
          startedAt: step.startedAt,
          skipReason: step.skipReason,
          published: step.published,
          mark: step.mark,
          snapshotBefore: step.outcome?.snapshotBefore ?? null,
          snapshotAfter: step.outcome?.snapshotAfter ?? null,
          progress: step.outcome?.progress ?? null,
          tried: step.outcome === null ? (step.failure?.tried ?? null) : null,
        };
      }),
    };
  };
  return {
    runs,
    lines,
    async createRun(plan) {
      const id = ids.next();
      const steps = plan.steps.map(({ dataset }): MemoryStep => ({
        dataset,
        state: "waiting",
        attempt: 0,
        outcome: null,
        failure: null,
        retryAt: null,
        skipReason: null,
        published: false,
        startedAt: null,
        mark: null,
      }));
      runs.set(id, { id, plan, state: "queued", createdAt: clock.now(), steps });
      return id;
    },
    find: async (runId) => find(runId),
    async markSteps(runId, request) {
      const run = runOf(runId);
      const stored = find(runId);
      const chosen = stored === null ? [] : chooseMarked(stored, request);
      const { as, by, reason } = request;
      for (const dataset of chosen) {
        const failure: StepFailure = { kind: "failed-by-hand", message: `marked as failed by ${by}: ${reason}` };
        Object.assign(stepOf(runId, dataset), {
          mark: { by, at: clock.now(), reason },
          ...(as === "done" ? { state: "done-by-hand" } : { state: "failed", retryAt: null, failure }),
        });
      }
      if (!isOpenRun(run.state)) run.state = runOutcome(run.steps.map((step) => step.state));
      return chosen;
    },
    async unmarkSteps(runId, request) {
      const run = runOf(runId);
      const stored = find(runId);
      const others = [...runs.values()].filter(({ id }) => id !== runId);
      const markedAt = (dataset: DatasetName): Date | undefined => stepOf(runId, dataset).mark?.at;
      const since: SinceMarked = {
        followedBy:
          others.find(
            ({ plan, createdAt }) =>
              plan.retryOf === runId && run.steps.some(({ mark }) => mark !== null && mark.at <= createdAt),
          )?.id ?? null,
        begunAgain: new Map(
          others.flatMap(({ id, steps }) =>
            steps.flatMap(({ dataset, startedAt }): [DatasetName, string][] => {
              const at = run.steps.some((one) => one.dataset === dataset) ? markedAt(dataset) : undefined;
              return at !== undefined && startedAt !== null && startedAt >= at ? [[dataset, id]] : [];
            }),
          ),
        ),
      };
      const chosen = stored === null ? [] : chooseUnmarked(stored, request, since);
      for (const dataset of chosen) {
        const step = stepOf(runId, dataset);
        Object.assign(step, { state: beforeMark(step) ?? step.state, mark: null });
      }
      run.state = runOutcome(run.steps.map((step) => step.state));
      return chosen;
    },
    async cancelRun(runId, by) {
      const run = runOf(runId);
      if (!isOpenRun(run.state)) throw new PlatformError("conflict", `run ${runId} has ${run.state}`);
      const cancelled = run.steps.filter((step) => isOpenStep(step.state) && !step.published);
      for (const step of cancelled) Object.assign(step, { state: "cancelled", skipReason: `cancelled by ${by}` });
      return cancelled.map((step) => step.dataset);
    },
    async publishStep(_tx, runId, dataset, attempt) {
      attemptOf(runId, dataset, attempt).published = true;
    },
    async startRun(runId) {
      runOf(runId).state = "running";
    },
    async finishRun(runId) {
      const run = runOf(runId);
      for (const step of run.steps) if (isOpenStep(step.state)) step.state = "cancelled";
      run.state = runOutcome(run.steps.map((step) => step.state));
    },
    async startStep(runId, dataset) {
      const step = openStepOf(runId, dataset);
      if (step.state !== "waiting" && step.state !== "retrying")
        throw new PlatformError("conflict", `step ${dataset} is ${step.state}`);
      Object.assign(step, {
        state: "running",
        attempt: step.attempt + 1,
        retryAt: null,
        published: false,
        startedAt: step.startedAt ?? clock.now(),
      });
      return step.attempt;
    },
    async succeedStep(runId, dataset, attempt, outcome) {
      Object.assign(attemptOf(runId, dataset, attempt), { state: "succeeded", outcome, failure: null });
    },
    async skipStep(runId, dataset, skipReason) {
      Object.assign(openStepOf(runId, dataset), { state: "skipped", skipReason });
    },
    async failStep(runId, dataset, attempt, failure, retryAt) {
      Object.assign(attemptOf(runId, dataset, attempt), {
        state: retryAt === null ? "failed" : "retrying",
        failure,
        retryAt,
      });
    },
    // Runs in memory are not charged to anybody.
    async chargeCancelled() {},
    async log(more) {
      lines.push(...more);
    },
    async closeAbandoned() {
      const open = [...runs.values()].filter((run) => isOpenRun(run.state));
      const failure: StepFailure = { kind: "stale-writer", message: "the worker ended before this step did" };
      for (const run of open) {
        run.state = "failed";
        for (const step of run.steps)
          if (isOpenStep(step.state)) Object.assign(step, { state: "failed", failure, retryAt: null });
      }
      return open.length;
    },
    async prune({ succeededAfter, failedAfter }) {
      const old = [...runs.values()].filter((run) => {
        if (isOpenRun(run.state)) return false;
        const asSucceeded = run.state === "succeeded" && run.steps.every((step) => step.mark === null);
        return run.createdAt < (asSucceeded ? succeededAfter : failedAfter);
      });
      for (const run of old) runs.delete(run.id);
      return old.length;
    },
  };
}
