import type { DatasetColumn, DatasetName, ModelFile, ParameterValues } from "../catalog/index.ts";
import type { DatasetComparison, SourceId, StreamSchema } from "../connectors/index.ts";
import type { Transaction } from "../kernel/index.ts";
import type { RawStore, Scanned, ScanMeter, StatementTag } from "../lakehouse/index.ts";
import type { Day, DayRange } from "./backfill-days.ts";
import type { DaysLetThrough, GateAnswer } from "./gate-check.ts";
import type {
  EnvironmentPair,
  KeptSnapshot,
  RowDiff,
  RowsRequest,
  SnapshotPair,
  TableDiffSummary,
} from "./table-diff.ts";

/** An input's consumed snapshot moves from `from` to `to` with a commit (or without one, when nothing had to be written). */
export interface InputMove {
  readonly input: string;
  readonly from: string | null;
  readonly to: string;
}

/** What one load or refresh did; `snapshotAfter` null: there was nothing to write and no commit was made. */
export interface LakeChange {
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly bytes: number;
  readonly snapshotBefore: string | null;
  readonly snapshotAfter: string | null;
  /** How the rows were found: first load, fast merge, slow merge, affected keys, full difference … */
  readonly mode: string;
  readonly phases: readonly { readonly name: string; readonly ms: number }[];
  /** What a person should know, without values of rows. */
  readonly notes: readonly string[];
}

/** Changes of one source since a snapshot of its raw dataset, held in the engine until `close`. */
export interface SourceDelta {
  readonly source: SourceId;
  readonly from: string | null;
  /** The raw snapshot that the changes lead to. */
  readonly to: string;
  readonly rows: number;
  /** Only streams that changed. */
  readonly streams: readonly { readonly stream: string; readonly rows: number }[];
  /** True when `to` is older than the newest raw snapshot: the rest is for the next cycle. */
  readonly more: boolean;
  close(): Promise<void>;
}

export interface RefusedRow {
  readonly detail: string;
  readonly payload: string;
}

export interface StagedLoad {
  readonly delta: SourceDelta;
  readonly dataset: DatasetName;
  readonly schema: StreamSchema;
  /** `append`: every event is a row (logs); `merge`: the current row per key. */
  readonly kind: "append" | "merge";
  /**
   * For `merge`, with a delta of everything that raw has: rows are computed from it alone, whatever is stored, and what
   * differs is written. Stored rows that raw knows nothing of stay.
   */
  readonly rebuild?: true;
  /** Gets the rows whose values do not fit their column's type, before the commit; `total` may exceed the rows handed over. */
  readonly onRefused: (rows: readonly RefusedRow[], total: number) => Promise<void>;
  /** Runs in the transaction that publishes the rows; throwing undoes the load. */
  readonly within: (tx: Transaction) => Promise<void>;
  /** Aborting interrupts the work; it throws `cancelled` and has published nothing. */
  readonly signal?: AbortSignal;
}

export interface ModelRefresh {
  readonly model: ModelFile;
  /** Consumed snapshot by input; null = nothing consumed yet. */
  readonly consumed: ReadonlyMap<string, string | null>;
  /** Runs in the transaction that publishes the rows; `days` as in `ModelChange`. */
  readonly within: (tx: Transaction, moves: readonly InputMove[], days: ComputedDays) => Promise<void>;
  /**
   * Computes these days only. While changes concern others too, they are named as `heldBack` and what the model has consumed does
   * not move, so that the next refresh finds them again. A build of the whole model takes every day.
   */
  readonly letThrough?: DaysLetThrough;
  readonly signal?: AbortSignal;
}

/** Days whose rows were computed, whether they differ or not; null: not looked up, as the model has no parameters. */
export type ComputedDays = "all" | readonly DayRange[] | null;

/** Computes a model's rows of some days again, or all of them. */
export interface ModelRecompute extends ModelRefresh {
  /** The model's partitions: its column that holds the day, and the UTC days; null: all rows. */
  readonly days: { readonly column: string; readonly ranges: readonly DayRange[] } | null;
  /** In place of the defaults of its parameters, checked and canonical. Throws `conflict` for a model that this code did not build. */
  readonly parameters?: ParameterValues;
}

export interface ModelChange extends LakeChange {
  readonly computed: ComputedDays;
  /** For the caller to record by `CatalogStore.skipInputs` when no commit was made. */
  readonly moves: readonly InputMove[];
  /** Days that changes concern and that were not let through; absent or empty: none. */
  readonly heldBack?: readonly Day[];
}

export interface TableStats {
  readonly snapshotId: string | null;
  readonly rowCount: number;
  readonly bytes: number;
  readonly fileCount: number;
}

export interface ProbeResult {
  readonly rowCount: number;
  /** Keys that more than one row has. */
  readonly duplicateKeys: number;
  /** Share of nulls by column, of the columns asked for; null when the dataset has no row. */
  readonly nullRates: ReadonlyMap<string, number | null>;
  /** Result of each custom query by check name. */
  readonly custom: ReadonlyMap<string, number>;
  /** What each query scanned: the one pass for row count and null rates, the one for keys (null: not asked for), and custom ones by check name. */
  readonly scanned: {
    readonly pass: Scanned;
    readonly keys: Scanned | null;
    readonly custom: ReadonlyMap<string, Scanned>;
  };
}

/** Small files that became fewer large ones. */
export interface JoinedFiles {
  readonly joined: number;
  readonly into: number;
}

/**
 * The lake as pipelines use it; locally DuckDB over Iceberg. Loads and refreshes are not idempotent by themselves: the
 * caller's `within` moves the consumed snapshots by compare-and-swap, which makes them so. Calls for one dataset must not
 * overlap; calls for different datasets may.
 */
export interface LakeEngine {
  readonly rawStore: RawStore;
  /** Current snapshot by dataset; null for a dataset without a table or rows. */
  snapshots(datasets: readonly DatasetName[]): Promise<Map<DatasetName, string | null>>;
  /** Null when nothing was appended since `from`. Reads at most about `maxRows` rows (whole snapshots). */
  openDelta(request: {
    source: SourceId;
    from: string | null;
    only: readonly string[] | null;
    except: readonly string[];
    maxRows: number;
  }): Promise<SourceDelta | null>;
  loadStaged(load: StagedLoad): Promise<LakeChange>;
  refreshModel(refresh: ModelRefresh): Promise<ModelChange>;
  /**
   * Replaces the rows of these days by what the model makes of its inputs, and writes only what differs: doing it again
   * changes nothing. Inputs are read as they are now and what the model has consumed of them does not move, so nothing is
   * lost for its next refresh; a model that only adds rows is computed from what it has consumed. One that was never built,
   * or by other code, is refreshed as a whole.
   */
  recomputeModel(recompute: ModelRecompute): Promise<ModelChange>;
  /** Asks the check of the model's gate of its inputs as they are now. Throws `model-invalid` without one, `engine-failed` where it cannot be asked. */
  askGate(model: ModelFile): Promise<readonly GateAnswer[]>;
  /** Rows by UTC day of a column, days in order; null without a table or rows. */
  daysOf(dataset: DatasetName, column: string): Promise<readonly { readonly day: Day; readonly rows: number }[] | null>;
  /** The first UTC day of a column; null without a table or values. */
  firstDayOf(dataset: DatasetName, column: string): Promise<Day | null>;
  /** Snapshots that the current one comes from, and itself, oldest first: what can be rolled back to or read changes from. */
  history(dataset: DatasetName): Promise<readonly string[]>;
  /**
   * Makes an older snapshot of the dataset's history the current one; `within` runs in the same transaction. Throws
   * `not-found` when that snapshot is not (or no longer) in the history.
   */
  rollBack(request: { dataset: DatasetName; to: string; within: (tx: Transaction) => Promise<void> }): Promise<void>;
  /** Version of the code that the dataset's rows come from; null before the first build. */
  codeVersion(dataset: DatasetName): Promise<string | null>;
  /**
   * Measures what the calls made within it scan, and tags their statements. Locally an upper bound by the plan: every
   * column that a call may read, of every file that the table's plan leaves, once; row groups that are skipped count. An
   * adapter to Athena adds up `DataScannedInBytes` of its statements, which is what is billed, and sends the tag with each.
   */
  openMeter(tag: StatementTag): ScanMeter;
  /** Compressed bytes of each column in the files of the current snapshot; under "" those of its delete files. Costs no scan. */
  columnBytes(dataset: DatasetName): Promise<ReadonlyMap<string, number>>;
  /** A parenthesised SELECT over the dataset's current snapshot that any connection of the same engine can embed. */
  scanSql(dataset: DatasetName): Promise<string>;
  tableStats(dataset: DatasetName): Promise<TableStats>;
  columns(dataset: DatasetName): Promise<DatasetColumn[]>;
  /** One pass over the dataset for all its checks. */
  probe(request: {
    dataset: DatasetName;
    key: readonly string[];
    nullRateOf: readonly string[];
    /** Look at rows after this time only (append-only datasets). */ recent: { column: string; after: Date } | null;
    custom: readonly { name: string; sql: string }[];
  }): Promise<ProbeResult>;
  /** Null rate of every column. */
  profile(dataset: DatasetName): Promise<{ name: string; nullRate: number | null }[]>;
  /** Joins small files and rewrites those that rows were deleted from, in pieces: called again it does more. Rows may be appended beside it. */
  joinFiles(dataset: DatasetName): Promise<JoinedFiles>;
  /** Drops snapshots that are an hour old and that nobody needs; answers how many. `keep`: snapshots still to be read from. */
  expireSnapshots(request: { dataset: DatasetName; keep: readonly string[] }): Promise<number>;
  /** Snapshots that are still kept, newest first, at most `MOST_SNAPSHOTS_LISTED`; none without a table. From metadata alone. */
  keptSnapshots(dataset: DatasetName): Promise<KeptSnapshot[]>;
  /** Two snapshots side by side by what their metadata tells: costs no scan. One that has expired is said to be so. */
  diffSummary(pair: SnapshotPair): Promise<TableDiffSummary>;
  /** Other environments whose datasets can be read. */
  readonly environments: readonly string[];
  /**
   * The dataset as it is here beside the one of another environment, by name of column: field ids and files are each one's
   * own. `invalid-input` for an environment that is not configured, `not-found` where either has no rows yet.
   */
  diffEnvironments(pair: EnvironmentPair): Promise<TableDiffSummary>;
  /**
   * Compares their rows; files that both have are not read. `not-found` when a snapshot has expired, `query-limit` when too many
   * rows stand in files that differ, `cancelled` once the signal is aborted. What comes back is masked as `tags` say.
   */
  diffRows(request: RowsRequest): Promise<RowDiff>;
  /** For comparing datasets with their sources. */
  readonly comparison: DatasetComparison;
  close(): Promise<void>;
}
