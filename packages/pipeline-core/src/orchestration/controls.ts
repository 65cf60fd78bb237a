import type { DatasetName } from "../catalog/index.ts";

/** A pipeline that a person paused: nothing of it starts by itself until it is resumed. */
export interface Pause {
  readonly pipeline: string;
  readonly by: string;
  readonly at: Date;
}

/** A dataset that a person rolled back: it stays at that snapshot until it is released or run again. */
export interface Hold {
  readonly dataset: DatasetName;
  readonly snapshotId: string;
  /** The run whose change was undone. */
  readonly runId: string;
  readonly by: string;
  readonly at: Date;
}
