import type { DatasetName } from "../catalog/index.ts";
import type { LogFields, LogLevel, Transaction } from "../kernel/index.ts";
import type { Scanned } from "../lakehouse/index.ts";
import type { Command, CommandOutcome, CommandRequest } from "./command.ts";
import type { Hold, Pause } from "./controls.ts";
import type { MarkRequest } from "./mark-steps.ts";
import type { UnmarkRequest } from "./unmark-steps.ts";
import type { PoolChange } from "./pools.ts";
import type { ConsumedInputs, PlannedRun, StepFailure, StepOutcome, StoredRun } from "./run.ts";

/**
 * The record of runs. One method is one transaction; success means durable and announced to the portal.
 * Steps are addressed by (runId, dataset); attempts count from 1 and are the fencing token of a step. What is asked of a
 * cancelled step, or of one that was marked as failed, throws `cancelled`.
 */
export interface RunStore {
  /** Stores the plan as a queued run with its steps; returns the run's id. */
  createRun(plan: PlannedRun): Promise<string>;
  /** Null when there is no such run (any more). */
  find(runId: string): Promise<StoredRun | null>;
  /**
   * Cancels every step that has not published yet, waiting or running; a running one can never publish from then on
   * (`publishStep` refuses). Steps that have published end by themselves, and so does the run (`finishRun`). Returns the
   * datasets of the cancelled steps. Throws `not-found`, and `conflict` when the run has ended.
   */
  cancelRun(runId: string, by: string): Promise<readonly DatasetName[]>;
  /**
   * Marks steps by hand, as `chooseMarked` says and throws, and judges a run that has ended again by them. What is marked as
   * failed can never publish from then on; whoever runs it is told `cancelled`. Returns the datasets. Changes no rows.
   */
  markSteps(runId: string, request: MarkRequest): Promise<readonly DatasetName[]>;
  /**
   * Takes marks as done back, as `chooseUnmarked` says and throws: the steps have failed, or were skipped, as before, and the
   * run is judged again. Returns the datasets.
   */
  unmarkSteps(runId: string, request: UnmarkRequest): Promise<readonly DatasetName[]>;
  /**
   * Inside the transaction that publishes the step's rows: marks it as published. Throws `cancelled` when the step was
   * cancelled and `stale-writer` when the attempt is not the running one, which undoes the commit.
   */
  publishStep(tx: Transaction, runId: string, dataset: DatasetName, attempt: number): Promise<void>;
  startRun(runId: string): Promise<void>;
  finishRun(runId: string): Promise<void>;
  /** Starts the next attempt and returns its number. */
  startStep(runId: string, dataset: DatasetName): Promise<number>;
  succeedStep(runId: string, dataset: DatasetName, attempt: number, outcome: StepOutcome): Promise<void>;
  /** `key`: the idempotency key under which the rows are there already. */
  skipStep(runId: string, dataset: DatasetName, reason: string, key?: string): Promise<void>;
  /** `retryAt` null: the step has failed for good. */
  failStep(
    runId: string,
    dataset: DatasetName,
    attempt: number,
    failure: StepFailure,
    retryAt: Date | null,
  ): Promise<void>;
  /** What an attempt had scanned when its step was cancelled, or marked as failed by hand. Ends of other kinds bring it along; call it once. */
  chargeCancelled(runId: string, dataset: DatasetName, attempt: number, scanned: Scanned): Promise<void>;
  log(lines: readonly RunLogLine[]): Promise<void>;
  /** Marks what a dead worker left running as failed (kind `stale-writer`), so that the next plan picks it up. */
  closeAbandoned(): Promise<number>;
  /** Removes runs older than the retention, keeping failed ones longer and the last by a schedule always; returns how many went. */
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

/**
 * Commands by people, durable. One method is one transaction; success means durable, audited and announced. A command is
 * carried out by the worker that holds the lease and by no other.
 */
export interface CommandStore {
  /**
   * Puts a command on record together with its audit entry, and tells the worker. Pressing twice is one command: with a key
   * that is known, or while the same thing is already asked and not yet carried out, the command on record is returned and
   * nothing is written. Throws `conflict` when the key belongs to a command that asks for something else.
   */
  request(
    request: CommandRequest,
    by: { readonly actor: string; readonly key: string },
  ): Promise<{ readonly command: Command; readonly created: boolean }>;
  /**
   * Takes the oldest command that waits, or that a worker of an older lease took and never settled; null when there is
   * none. Throws `stale-writer` when `epoch` is not the lease.
   */
  take(epoch: bigint): Promise<Command | null>;
  /** Throws `stale-writer` when the command was not taken under `epoch` or the lease is another's by now. */
  settle(id: string, epoch: bigint, outcome: CommandOutcome): Promise<void>;
  /** The same inside a transaction that carries what the command did. */
  settleWithin(tx: Transaction, id: string, epoch: bigint, outcome: CommandOutcome): Promise<void>;
  find(id: string): Promise<Command | null>;
}

/** Where a dataset stands after a rollback. */
export interface RolledBack extends Hold {
  /** What it had consumed of its inputs at that snapshot. */
  readonly consumed: ConsumedInputs;
  readonly dataThrough: Date | null;
  /** Datasets made from it, near and far: their data is through no later than its own. */
  readonly downstream: readonly DatasetName[];
}

/** What people have paused, rolled back or resized. Writes belong into a transaction with the command that asked for them. */
export interface ControlStore {
  pauses(): Promise<Pause[]>;
  holds(): Promise<Hold[]>;
  /** Pools whose places a person chose; also ones that the code no longer has. */
  poolChanges(): Promise<PoolChange[]>;
  /** Runs `work` in one transaction. */
  within(work: (tx: Transaction) => Promise<void>): Promise<void>;
  /** Idempotent; throws `stale-writer` when `epoch` is not the lease. So do the others. */
  pause(tx: Transaction, epoch: bigint, pause: Pause): Promise<void>;
  resume(tx: Transaction, epoch: bigint, pipeline: string): Promise<void>;
  /** Inside the table's own rollback. */
  rollBack(tx: Transaction, epoch: bigint, to: RolledBack): Promise<void>;
  release(tx: Transaction, epoch: bigint, dataset: DatasetName): Promise<void>;
  /** The latest choice stands. */
  setPool(tx: Transaction, epoch: bigint, change: PoolChange): Promise<void>;
  resetPool(tx: Transaction, epoch: bigint, pool: string): Promise<void>;
}
