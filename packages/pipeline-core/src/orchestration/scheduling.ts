import { type DatasetName, lastTick, nextTick, type Schedule } from "../catalog/index.ts";
import type { Transaction } from "../kernel/index.ts";

/** Who stopped a schedule; its dataset is still run when somebody asks for it. */
export interface SchedulePause {
  readonly by: string;
  readonly at: Date;
}

/** A dataset's schedule and how far it was followed. */
export interface StoredSchedule extends Schedule {
  readonly dataset: DatasetName;
  /** Ticks up to here were run or given up; null: it has not run by its schedule yet. */
  readonly handledThrough: Date | null;
  readonly pause: SchedulePause | null;
}

/**
 * Since when the dataset is due by its schedule; null: not before the next tick. However many ticks passed meanwhile, they
 * are one. A dataset that never ran by its schedule is due at once.
 */
export function dueSince(stored: StoredSchedule, now: Date): Date | null {
  return stored.handledThrough === null ? now : lastTick(stored, stored.handledThrough, now);
}

/** What the scheduler and "why" know of a dataset's schedule at one moment. */
export interface ScheduleFacts extends Schedule {
  readonly dueSince: Date | null;
  readonly next: Date | null;
  readonly pause: SchedulePause | null;
}

export function scheduleFacts(stored: StoredSchedule, now: Date): ScheduleFacts {
  const { cron, zone, pause } = stored;
  return { cron, zone, pause, dueSince: dueSince(stored, now), next: nextTick(stored, now) };
}

/** The record of schedules. One method is one transaction; every write throws `stale-writer` when `epoch` is not the lease. */
export interface ScheduleStore {
  /**
   * Says which datasets have which schedule now, and returns them. What is declared no longer is not followed, and keeps its
   * pause for when it comes back. Where expression or zone changed, ticks up to `at` are given up.
   */
  declare(
    epoch: bigint,
    declared: readonly (Schedule & { readonly dataset: DatasetName })[],
    at: Date,
  ): Promise<StoredSchedule[]>;
  /** Datasets begin to run by their schedules, in this run. */
  begin(epoch: bigint, datasets: readonly DatasetName[], runId: string): Promise<void>;
  /** Ticks up to `through` are done with. Never moves back. */
  settle(epoch: bigint, dataset: DatasetName, through: Date): Promise<void>;
  /** Idempotent: the first pause stands. */
  pause(tx: Transaction, epoch: bigint, dataset: DatasetName, pause: SchedulePause): Promise<void>;
  /** Ticks that passed during the pause are given up: it goes on with the next one after `at`. */
  resume(tx: Transaction, epoch: bigint, dataset: DatasetName, at: Date): Promise<void>;
}
