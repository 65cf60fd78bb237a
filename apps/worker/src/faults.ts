import type { Clock } from "@nova/pipeline-core/kernel";

/** What a chaos test puts in the place of the machine's own. */
export interface Faults {
  readonly clock?: Clock;
  /** Told the steps of every table commit, and `committed` before its source hears of it. */
  readonly failpoint?: (name: string) => void;
}
