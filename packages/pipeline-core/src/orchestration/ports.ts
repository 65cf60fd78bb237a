import type { DatasetName } from "../catalog/index.ts";
import type { LogFields, LogLevel } from "../kernel/index.ts";
import type { PlannedRun, StepFailure, StepOutcome } from "./run.ts";

/**
 * The record of runs. One method is one transaction; success means durable and announced to the portal.
 * Steps are addressed by (runId, dataset); attempts count from 1 and are the fencing token of a step.
 */
export interface RunStore {
  /** Stores the plan as a queued run with its steps; returns the run's id. */
  createRun(plan: PlannedRun): Promise<string>;
  startRun(runId: string): Promise<void>;
  finishRun(runId: string): Promise<void>;
  /** Starts the next attempt and returns its number. */
  startStep(runId: string, dataset: DatasetName): Promise<number>;
  succeedStep(runId: string, dataset: DatasetName, attempt: number, outcome: StepOutcome): Promise<void>;
  skipStep(runId: string, dataset: DatasetName, reason: string): Promise<void>;
  /** `retryAt` null: the step has failed for good. */
  failStep(
    runId: string,
    dataset: DatasetName,
    attempt: number,
    failure: StepFailure,
    retryAt: Date | null,
  ): Promise<void>;
  log(lines: readonly RunLogLine[]): Promise<void>;
  /** Marks what a dead worker left running as failed (kind `stale-writer`), so that the next plan picks it up. */
  closeAbandoned(): Promise<number>;
  /** Removes runs older than the retention, keeping failed ones longer; returns how many went. */
  prune(keep: { succeededAfter: Date; failedAfter: Date }): Promise<number>;
}

export interface RunLogLine {
  readonly runId: string;
  readonly dataset: DatasetName | null;
  readonly at: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}
