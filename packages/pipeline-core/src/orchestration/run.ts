import type { DatasetName, ParameterValues } from "../catalog/index.ts";
import type { ErrorKind } from "../kernel/index.ts";
import type { Scanned } from "../lakehouse/index.ts";

export const RUN_STATES = ["queued", "running", "succeeded", "failed", "cancelled"] as const;
export type RunState = (typeof RUN_STATES)[number];
/**
 * `skipped`: nothing changed upstream since the last time, or an upstream step failed; the reason is on the step.
 * `done-by-hand`: it failed, or waited for one that did, and a person lets what comes after it go on; it wrote nothing.
 */
export const STEP_STATES = [
  "waiting",
  "running",
  "retrying",
  "succeeded",
  "failed",
  "skipped",
  "cancelled",
  "done-by-hand",
] as const;
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
  /** Of the model, in place of its defaults. */
  readonly parameters?: ParameterValues;
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
  /** What the attempt scanned; kept with the step and charged to its dataset. */
  readonly scanned?: Scanned;
}

/** Consumed snapshot by input. */
export type ConsumedInputs = Readonly<Record<string, string | null>>;

export interface StepProgress {
  readonly inputsBefore: ConsumedInputs;
  readonly inputsAfter: ConsumedInputs;
  readonly throughBefore: Date | null;
  /** How far the dataset's data reaches with what the step published; left out where the step cannot tell. */
  readonly throughAfter?: Date | null;
  /** Of the model as the step ran it; left out where no model is run. */
  readonly codeVersion?: string;
  /** The same inputs and code give the same key: what has it is not computed twice. */
  readonly key: string;
}

/** What a person said of a step in place of what became of it. */
export interface StepMark {
  readonly by: string;
  readonly at: Date;
  readonly reason: string;
}

/** A step as the store has it. */
export interface StoredStep extends PlannedStep {
  readonly state: StepState;
  readonly attempt: number;
  readonly startedAt: Date | null;
  readonly skipReason: string | null;
  /** Its rows are there for readers, whatever becomes of it. */
  readonly published: boolean;
  readonly mark: StepMark | null;
  readonly snapshotBefore: string | null;
  readonly snapshotAfter: string | null;
  /** Null for steps recorded before progress was. */
  readonly progress: StepProgress | null;
  /** Of one that failed: what its last attempt worked with. */
  readonly tried: StepTried | null;
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

/** What an attempt worked with, whatever became of it. */
export interface StepTried {
  readonly inputsBefore: ConsumedInputs;
  /** Snapshots that it read its inputs up to, as known when it began. */
  readonly inputs: ConsumedInputs;
  readonly throughBefore: Date | null;
  /** Left out where no code of ours makes the rows. */
  readonly codeVersion?: string;
}

export interface StepFailure {
  readonly kind: ErrorKind;
  readonly message: string;
  /** Absent when it failed before that was known. */
  readonly tried?: StepTried;
  /** What the attempt scanned by then: it is charged too. */
  readonly scanned?: Scanned;
}
