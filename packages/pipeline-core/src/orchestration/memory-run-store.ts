import { type Clock, type IdSource, PlatformError } from "../kernel/index.ts";
import type { DatasetName } from "../catalog/index.ts";
import type { RunLogLine, RunStore } from "./ports.ts";
import type { PlannedRun, RunState, StepFailure, StepOutcome, StepState } from "./run.ts";

export interface MemoryStep {
  dataset: DatasetName;
  state: StepState;
  attempt: number;
  outcome: StepOutcome | null;
  failure: StepFailure | null;
  retryAt: Date | null;
  skipReason: string | null;
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

const OPEN_STEPS: readonly StepState[] = ["waiting", "running", "retrying"];

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
  const attemptOf = (runId: string, dataset: DatasetName, attempt: number): MemoryStep => {
    const step = stepOf(runId, dataset);
    if (step.state !== "running" || step.attempt !== attempt)
      throw new PlatformError("stale-writer", `attempt ${attempt} of ${dataset} is not the running one`);
    return step;
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
      }));
      runs.set(id, { id, plan, state: "queued", createdAt: clock.now(), steps });
      return id;
    },
    async startRun(runId) {
      runOf(runId).state = "running";
    },
    async finishRun(runId) {
      const run = runOf(runId);
      for (const step of run.steps) if (OPEN_STEPS.includes(step.state)) step.state = "cancelled";
      const has = (state: StepState) => run.steps.some((step) => step.state === state);
      run.state = has("failed") ? "failed" : has("cancelled") ? "cancelled" : "succeeded";
    },
    async startStep(runId, dataset) {
      const step = stepOf(runId, dataset);
      if (step.state !== "waiting" && step.state !== "retrying")
        throw new PlatformError("conflict", `step ${dataset} is ${step.state}`);
      Object.assign(step, { state: "running", attempt: step.attempt + 1, retryAt: null });
      return step.attempt;
    },
    async succeedStep(runId, dataset, attempt, outcome) {
      Object.assign(attemptOf(runId, dataset, attempt), { state: "succeeded", outcome, failure: null });
    },
    async skipStep(runId, dataset, skipReason) {
      Object.assign(stepOf(runId, dataset), { state: "skipped", skipReason });
    },
    async failStep(runId, dataset, attempt, failure, retryAt) {
      Object.assign(attemptOf(runId, dataset, attempt), {
        state: retryAt === null ? "failed" : "retrying",
        failure,
        retryAt,
      });
    },
    async log(more) {
      lines.push(...more);
    },
    async closeAbandoned() {
      const open = [...runs.values()].filter((run) => run.state === "queued" || run.state === "running");
      const failure: StepFailure = { kind: "stale-writer", message: "the worker ended before this step did" };
      for (const run of open) {
        run.state = "failed";
        for (const step of run.steps)
          if (OPEN_STEPS.includes(step.state)) Object.assign(step, { state: "failed", failure, retryAt: null });
      }
      return open.length;
    },
    async prune({ succeededAfter, failedAfter }) {
      const old = [...runs.values()].filter((run) => {
        if (run.state === "queued" || run.state === "running") return false;
        return run.createdAt < (run.state === "succeeded" ? succeededAfter : failedAfter);
      });
      for (const run of old) runs.delete(run.id);
      return old.length;
    },
  };
}
