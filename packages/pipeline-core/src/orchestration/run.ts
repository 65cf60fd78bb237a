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
  /** The run this one retries. */
  readonly retryOf?: string;
  /** E-mail of the person who asked for it; absent when the scheduler decided. */
  readonly requestedBy?: string;
}

export interface StepOutcome {
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly bytes: number;
  readonly snapshotBefore: string | null;
  readonly snapshotAfter: string | null;
  /** How the step moved through its inputs; what a rollback goes back by. */
  readonly progress?: StepProgress;
}

/** Consumed snapshot by input. */
export type ConsumedInputs = Readonly<Record<string, string | null>>;

export interface StepProgress {
  readonly inputsBefore: ConsumedInputs;
  readonly inputsAfter: ConsumedInputs;
  readonly throughBefore: Date | null;
  /** The same inputs and code give the same key: what has it is not computed twice. */
  readonly key: string;
}

/** A step as the store has it. */
export interface StoredStep extends PlannedStep {
  readonly state: StepState;
  readonly attempt: number;
  readonly startedAt: Date | null;
  readonly skipReason: string | null;
  readonly snapshotBefore: string | null;
  readonly snapshotAfter: string | null;
  /** Null for steps recorded before progress was. */
  readonly progress: StepProgress | null;
}

export interface StoredRun {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly state: RunState;
  readonly createdAt: Date;
  readonly retryOf: string | null;
  readonly requestedBy: string | null;
  /** In the order of the plan. */
  readonly steps: readonly StoredStep[];
}

export interface StepFailure {
  readonly kind: ErrorKind;
  readonly message: string;
}
