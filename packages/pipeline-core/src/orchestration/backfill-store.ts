import type { DatasetName, ParameterValues } from "../catalog/index.ts";
import type { Transaction } from "../kernel/index.ts";
import type { BackfillPlan, PartFailure, PartState, StoredBackfill } from "./backfill.ts";
import type { Day, DayRange } from "./backfill-days.ts";
import type { HeldBack } from "./gate-check.ts";

/** The parts that one run of a backfill does, taken by the worker that holds the lease. */
export interface ClaimedRun {
  readonly number: number;
  /** Parts of earlier waves that did not succeed. */
  readonly broken: number;
  /** Datasets in their order; `ranges` null: done whole. */
  readonly steps: readonly { readonly dataset: DatasetName; readonly ranges: readonly DayRange[] | null }[];
}

/** What became of the parts of one dataset in one run. */
export interface PartsOutcome {
  readonly state: Exclude<PartState, "queued" | "running">;
  readonly failure?: PartFailure;
}

/** What backfills before found out about the days of a dataset: the newest try of each counts. */
export interface TriedDays {
  readonly succeeded: readonly DayRange[];
  readonly failed: readonly DayRange[];
}

/**
 * Backfills with their parts, durable. One method is one transaction, or part of the one it is given; success means durable
 * and announced. What takes an `epoch` throws `stale-writer` when that is not the lease. Changes that the state does not
 * allow (`BACKFILL_TRANSITIONS`) throw `conflict` and change nothing; unknown ids throw `not-found`.
 */
export interface BackfillStore {
  /** Puts a plan on record as `planned`; nothing runs. Plans that nobody submitted go after a while (`forgetPlans`). */
  plan(plan: BackfillPlan, by: string): Promise<StoredBackfill>;
  /** Null when there is none (any more). */
  find(id: string): Promise<StoredBackfill | null>;
  /** Running and paused ones, oldest first. */
  open(): Promise<StoredBackfill[]>;
  /** Queues every part of the plan, each once. */
  submit(tx: Transaction, epoch: bigint, id: string): Promise<void>;
  pause(tx: Transaction, epoch: bigint, id: string): Promise<void>;
  resume(tx: Transaction, epoch: bigint, id: string): Promise<void>;
  setParallelism(tx: Transaction, epoch: bigint, id: string, parallelism: number): Promise<void>;
  /** Queued parts are cancelled; those that run end by themselves. Returns the runs that are still at it. */
  cancel(tx: Transaction, epoch: bigint, id: string): Promise<readonly string[]>;
  /** Queues the parts that failed, were skipped or cancelled; returns how many. `conflict` when there are none. */
  retry(tx: Transaction, epoch: bigint, id: string): Promise<number>;
  /**
   * Takes the next run of a running backfill: the lowest number with queued parts whose earlier waves have ended. Null when
   * there is none to take now. No part is taken twice unless it is queued again.
   */
  claim(epoch: bigint, id: string): Promise<ClaimedRun | null>;
  /** Tells which run does the parts taken. False: the backfill was cancelled meanwhile, the run is not to begin. */
  attach(epoch: bigint, id: string, number: number, runId: string): Promise<boolean>;
  /** Ends the running parts of one dataset in one run. Idempotent: ended parts stay as they are. */
  settle(epoch: bigint, id: string, number: number, dataset: DatasetName, outcome: PartsOutcome): Promise<void>;
  /** Ends a running or paused backfill that has no part left to do, by how its parts ended. Returns the backfill. */
  finishIfDone(epoch: bigint, id: string): Promise<StoredBackfill>;
  /**
   * What a worker of an older lease took and did not end: succeeded where its rows were published, for that and the step's mark
   * are one commit; queued again otherwise. A dataset that only adds rows is always done again. Returns how many parts.
   */
  reclaim(epoch: bigint): Promise<number>;
  tried(dataset: DatasetName): Promise<TriedDays>;
  /** How many parts are in each state. */
  counts(id: string): Promise<Readonly<Record<PartState, number>>>;
  /** Removes plans older than that which nobody submitted. */
  forgetPlans(before: Date): Promise<number>;
}

/** Partitions of a dataset as they were last looked at. */
export interface PartitionSurvey {
  readonly dataset: DatasetName;
  readonly first: Day | null;
  readonly snapshotId: string | null;
  readonly at: Date;
  readonly days: readonly { readonly day: Day; readonly rows: number }[];
}

/** By which parameters the rows of some days stand since a run computed them. */
export interface ParameterMark {
  readonly dataset: DatasetName;
  readonly days: "all" | readonly DayRange[];
  /** Null: by the defaults. */
  readonly parameters: ParameterValues | null;
  readonly runId: string;
  readonly at: Date;
}

/** Days next to each other that stand by the same values, other than the defaults, since the same run. */
export interface MarkedDays extends DayRange {
  readonly parameters: ParameterValues;
  readonly runId: string;
  readonly at: Date;
}

/** Days that a dataset's refresh left out, for the worker that comes after. */
export interface HeldDays extends HeldBack {
  readonly dataset: DatasetName;
}

/** What is known of partitions, for screens; the lake holds the truth. */
export interface PartitionStore {
  /** Replaces what was known of the dataset; writes only what differs. */
  saveSurvey(survey: PartitionSurvey): Promise<void>;
  /**
   * Notes by which parameters days stand, as part of `tx`, else by itself; by the defaults only where it was otherwise. Throws
   * `stale-writer` when `epoch` is not the lease.
   */
  markParameters(epoch: bigint, mark: ParameterMark, tx?: Transaction): Promise<void>;
  /** Takes back what was noted from a moment on: the dataset is rolled back to before it. */
  unmarkSince(tx: Transaction, dataset: DatasetName, since: Date): Promise<void>;
  /** In order of days; those by the defaults left out. */
  marked(dataset: DatasetName): Promise<readonly MarkedDays[]>;
  /** Notes which days the last refresh left out; null: none. Throws `stale-writer` when `epoch` is not the lease. */
  holdBack(epoch: bigint, dataset: DatasetName, held: HeldBack | null): Promise<void>;
  /** Of every dataset. */
  heldBack(): Promise<readonly HeldDays[]>;
  /** Null before the first survey. */
  survey(dataset: DatasetName): Promise<PartitionSurvey | null>;
  /** Seconds that a step of each dataset took of late, waiting included; backfills' steps if there were any. */
  secondsOf(datasets: readonly DatasetName[]): Promise<ReadonlyMap<DatasetName, number>>;
}
