import type { Transaction } from "../kernel/index.ts";
import type { DatasetName } from "./dataset-name.ts";
import type { DatasetColumn, DatasetDefinition } from "./model.ts";
import type { FreshnessState } from "./freshness.ts";
import type { BackfillRuns } from "./model-header.ts";
import type { ParameterDefinitions } from "./parameters.ts";

/** A dataset as the catalog stores it: its definition and where its SQL comes from. */
export interface CatalogEntry extends DatasetDefinition {
  readonly pipeline: string;
  /** Empty for raw and staged datasets, which are loaded, not modelled. */
  readonly sql: string;
  readonly path: string;
  readonly codeVersion: string;
  /** What a backfill of it may choose; left out for what is no model. */
  readonly backfill?: BackfillOptions;
}

/** What a model's header says of backfills. */
export interface BackfillOptions {
  readonly runs: BackfillRuns;
  readonly parameters: ParameterDefinitions;
  /** Why its days cannot be computed with other values than the defaults; null: they can. */
  readonly noParameters: string | null;
}

export interface DatasetState {
  readonly name: DatasetName;
  readonly snapshotId: string | null;
  readonly dataThrough: Date | null;
  readonly committedAt: Date | null;
}

/** What a dataset has read of an input; `consumedSnapshot` null = nothing yet. */
export interface InputProgress {
  readonly dataset: DatasetName;
  readonly input: string;
  readonly consumedSnapshot: string | null;
}

export interface DatasetCommit {
  readonly dataset: DatasetName;
  readonly snapshotId: string | null;
  readonly rowCount: number;
  readonly bytes: number;
  readonly fileCount: number;
  readonly committedAt: Date;
}

/** What the platform knows of its datasets. Idempotent; concurrent calls for different datasets are safe. */
export interface CatalogStore {
  /** Inserts or updates entries with their columns, inputs and search text; never forgets progress or state. */
  saveEntries(entries: readonly CatalogEntry[]): Promise<void>;
  saveColumns(dataset: DatasetName, columns: readonly DatasetColumn[]): Promise<void>;
  states(): Promise<DatasetState[]>;
  inputs(): Promise<InputProgress[]>;
  /**
   * Moves consumed snapshots inside the table commit that carries their changes. Throws `stale-writer` when a stored value is
   * not `from` or `epoch` is no longer the worker's lease.
   */
  advanceInputs(
    tx: Transaction,
    epoch: bigint,
    moves: readonly { dataset: DatasetName; input: string; from: string | null; to: string; at: Date }[],
  ): Promise<void>;
  /** The same for datasets that the input's changes did not concern: no table commit is needed, one statement for all. */
  skipInputs(
    epoch: bigint,
    moves: readonly { dataset: DatasetName; input: string; from: string | null; to: string; at: Date }[],
  ): Promise<void>;
  recordCommits(commits: readonly DatasetCommit[]): Promise<void>;
  /** Everything upstream up to this time is in the dataset. */
  setDataThrough(through: readonly { dataset: DatasetName; at: Date }[]): Promise<void>;
  recordFreshness(
    samples: readonly {
      dataset: DatasetName;
      at: Date;
      dataThrough: Date | null;
      ageSeconds: number | null;
      state: FreshnessState;
    }[],
  ): Promise<void>;
  saveProfile(
    dataset: DatasetName,
    at: Date,
    columns: readonly { name: string; nullRate: number | null }[],
  ): Promise<void>;
}
