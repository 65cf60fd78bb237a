import type { DatasetName } from "../catalog/index.ts";
import type { ErrorKind } from "../kernel/index.ts";

export const RUN_STATES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type RunState = (typeof RUN_STATES)[number];
/** `skipped`: nothing changed upstream since the last time, or an upstream step failed; the reason is on the step. */
export const STEP_STATES = ["waiting", "running", "retrying", "succeeded", "failed", "skipped", "cancelled"] as const;
export type StepState = (typeof STEP_STATES)[number];
/** What made the run start. */
export const TRIGGERS = ["target-lag", "manual", "schedule", "backfill", "maintenance"] as const;
export type Trigger = (typeof TRIGGERS)[number];

export interface PlannedStep {
  readonly dataset: DatasetName;
  /** Why this step is in the plan, in plain words. */
  readonly reason: string;
  /** Steps of this plan that must end first. */
  readonly after: readonly DatasetName[];
}

export interface PlannedRun {
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly steps: readonly PlannedStep[];
}

export interface StepOutcome {
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly bytes: number;
  readonly snapshotBefore: string | null;
  readonly snapshotAfter: string | null;
}

export interface StepFailure {
  readonly kind: ErrorKind;
  readonly message: string;
}
