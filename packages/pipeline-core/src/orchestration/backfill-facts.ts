import type { BackfillOptions, DatasetName } from "../catalog/index.ts";
import type { BackfillKind, PartitionGrain } from "./backfill.ts";
import type { Day, DayRange } from "./backfill-days.ts";

/** What is known of one dataset when a backfill is planned. */
export interface BackfillDataset {
  readonly name: DatasetName;
  readonly kind: BackfillKind;
  readonly owner: string;
  readonly inputs: readonly DatasetName[];
  readonly grain: PartitionGrain;
  readonly codeVersion: string;
  readonly targetLagSeconds: number;
  readonly rows: number;
  readonly bytes: number;
  /** What its model says of backfills. */
  readonly options?: BackfillOptions;
  /** Inputs that every run reads as a whole, whatever its days. */
  readonly wholeInputs?: readonly DatasetName[];
}

/** What the partitions of a dataset look like. Datasets that are done whole have none. */
export interface PartitionFacts {
  /** First day that its inputs or it have rows for; null: none yet. */
  readonly first: Day | null;
  /** Days with rows, with their number. */
  readonly days: readonly { readonly day: Day; readonly rows: number }[];
  /** Days that a backfill computed and found no rows for. */
  readonly empty: readonly DayRange[];
  /** Days whose last try failed. */
  readonly failed: readonly DayRange[];
}

export interface BackfillFacts {
  readonly now: Date;
  /** Everything that can be done again, inputs first. */
  readonly datasets: readonly BackfillDataset[];
  /** Current snapshot of each input. */
  readonly snapshots: ReadonlyMap<DatasetName, string | null>;
  readonly partitions: ReadonlyMap<DatasetName, PartitionFacts>;
  /** Seconds that a run took of each dataset, by earlier ones. */
  readonly seconds: ReadonlyMap<DatasetName, number>;
  /** Bytes of datasets that are only read. */
  readonly inputBytes: ReadonlyMap<DatasetName, number>;
  /** Of datasets whose gate would wait for late inputs: what is late. */
  readonly gated: ReadonlyMap<DatasetName, string>;
  /** Datasets that an unfinished backfill works on, with its id. */
  readonly open: ReadonlyMap<DatasetName, string>;
}
