import { PlatformError } from "../kernel/index.ts";
import type { EnvelopeColumns, Scanned, ScanMeter, StatementTag } from "../lakehouse/index.ts";
import { type SourceId, STREAM_STATES, type StreamSchema, type StreamState } from "./model.ts";
import { stagedLayout } from "./staged-layout.ts";

/** A column as both sides of a comparison print it: the same text for the same value, whatever engine computes it. */
export interface ComparedColumn {
  readonly sourceName: string;
  readonly stagedName: string;
  /** Iceberg type of the dataset's column. */
  readonly type: string;
}

/** What is compared of a stream: the key, and every column whose values both sides can print alike. */
export interface Compared {
  readonly stream: string;
  readonly key: readonly ComparedColumn[];
  readonly columns: readonly ComparedColumn[];
  /** Columns that are not compared: floating numbers print differently, and what drift left open is not the source's. */
  readonly leftOut: readonly string[];
  /** Whether both sides sort the key alike, so that it can be cut into ranges. */
  readonly sortable: boolean;
}

/** Keys above `after` up to and including `through`, as texts of the key's columns; null = no bound. */
export interface KeyRange {
  readonly after: readonly string[] | null;
  readonly through: readonly string[] | null;
}

export interface RangeSum {
  readonly rows: number;
  /** Sum of 60-bit hashes of the rows, as decimal text. */
  readonly sum: string;
}

export const DIFFERENCE_KINDS = ["missing", "extra", "different"] as const;
/** `missing` in the dataset, `extra` in it, or there with other values. */
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

export interface KeyDifference {
  /** By the source's column names, as the envelope's key has them. */
  readonly key: RowKey;
  readonly kind: DifferenceKind;
  /** When the dataset's row was last merged; null for a missing one. */
  readonly mergedAt: Date | null;
}

/** The source's side. Sums and hashes are computed by the source's own engine; rows never pass through ours one by one. */
export interface SourceComparison {
  sums(compared: Compared, ranges: readonly KeyRange[], signal: AbortSignal): Promise<RangeSum[]>;
  /** Writes one CSV line per row of the range into `file`: comparable key, key as JSON, hash. */
  writeRows(compared: Compared, range: KeyRange, file: string, signal: AbortSignal): Promise<void>;
  /** Of rows that were told once, as payloads of the envelope: the keys whose row is just that still. */
  unchanged(compared: Compared, payloads: readonly string[], signal: AbortSignal): Promise<RowKey[]>;
}

export type RowKey = Readonly<Record<string, string>>;

/**
 * The side of a source whose own engine computes nothing (Salesforce, Stripe): it hands its rows over as capture stores
 * them, and the lake's engine types and hashes both sides by the rules of loading.
 */
export interface SourceRows {
  /** Whether `rows` of null tells every row of a stream that lives: then what the dataset has beside them is extra. */
  readonly complete: (stream: string) => boolean;
  /**
   * `events`: rows tell several states of one row, of which the last by position counts. A row at no position (the empty text)
   * is one that no event tells of: capture only knows it when an event did before, or a resync read it.
   */
  readonly tells: "rows" | "events";
  /** A row that is gone may live on in the dataset for so long before capture hears of it. */
  readonly deletesWithinMillis: number;
  /** Rows of a stream, in batches; of several of one key the last by position counts. `keys`: as they are now, just these. */
  rows(schema: StreamSchema, keys: readonly RowKey[] | null, signal: AbortSignal): AsyncIterable<EnvelopeColumns>;
}

/** Rows of a source on their way into a comparison, kept as key, hash and position. `close` forgets them. */
export interface SourceCopy {
  add(rows: EnvelopeColumns): Promise<void>;
  compare(how: CopyComparison): Promise<CopyCompared>;
  close(): Promise<void>;
}

export interface CopyComparison {
  /** Which rows of the dataset are judged: all, those the copy tells something of, or just these keys. */
  readonly judged: "all" | "copied" | readonly RowKey[];
  /** As `SourceRows` says of what was copied. */
  readonly tells: SourceRows["tells"];
  /** Rows merged since then may have changed while the copy was made. */
  readonly begunAt: Date;
  readonly rowsPerRange: number;
  /** Keys that are listed at most. */
  readonly most: number;
}

export interface CopyCompared {
  readonly sourceRows: number;
  readonly datasetRows: number;
  /** Rows of the source that no event told of since capture began, and that the dataset therefore never had: not judged. */
  readonly untold: number;
  /** Keys are cut by their hash. */
  readonly ranges: number;
  readonly rangesDifferent: number;
  /** Rows that differ because the rules of loading refuse what the source has: they stand in quarantine. */
  readonly quarantined: number;
  readonly proven: { readonly keys: readonly KeyDifference[]; readonly total: number };
  readonly moved: { readonly keys: readonly KeyDifference[]; readonly total: number };
  readonly leftOut: readonly string[];
}

/** The lake's side. */
export interface DatasetComparison {
  /** Measures what its calls scan, as `LakeEngine.openMeter` does. */
  openMeter(tag: StatementTag): ScanMeter;
  copy(dataset: string, schema: StreamSchema): Promise<SourceCopy>;
  /** Cuts the dataset's keys into ranges of about `rows`; the first has no lower and the last no upper bound. */
  ranges(dataset: string, compared: Compared, rows: number): Promise<KeyRange[]>;
  sums(dataset: string, compared: Compared, ranges: readonly KeyRange[]): Promise<RangeSum[]>;
  /** Keys of the range that differ from those that `writeRows` wrote; at most `most`, and how many there are. */
  differences(
    dataset: string,
    compared: Compared,
    range: KeyRange,
    file: string,
    most: number,
  ): Promise<{ readonly keys: readonly KeyDifference[]; readonly total: number }>;
}

/** Whether values of an Iceberg type sort alike in every engine: texts do not. */
export const sortsAlike = (type: string): boolean => SORTABLE.has(type);

const SORTABLE = new Set(["int", "long", "date", "timestamp", "timestamptz", "uuid"]);
const FLOATING = new Set(["float", "double"]);

/**
 * What can be compared of a stream now; `oneEngine`: the same engine prints both sides, so floating numbers too. Throws
 * `invalid-input` for one without a key that both sides can print.
 */
export function comparedOf(schema: StreamSchema, oneEngine = false): Compared {
  const layout = stagedLayout(schema);
  const present = new Set(schema.columns.map((column) => column.name));
  const fits = layout.columns.filter(
    (column) => present.has(column.sourceName) && (oneEngine || !FLOATING.has(column.type)) && !column.lenient,
  );
  const as = ({ sourceName, name, type }: (typeof fits)[number]): ComparedColumn => ({
    sourceName,
    stagedName: name,
    type,
  });
  const key = layout.key.map((name) => fits.find((column) => column.name === name));
  if (key.some((column) => column === undefined) || layout.keyPaths.length === 0)
    throw new PlatformError("invalid-input", `${schema.stream} has no key to compare its rows by`);
  if (schema.waits === true)
    throw new PlatformError(
      "conflict",
      `${schema.stream}: a change waits for a decision in the drift inbox; settle it first`,
    );
  const compared = fits.map(as);
  return {
    stream: schema.stream,
    key: key.flatMap((column) => (column === undefined ? [] : [as(column)])),
    columns: compared,
    leftOut: schema.columns
      .map((column) => column.name)
      .filter((name) => !fits.some((each) => each.sourceName === name)),
    sortable: key.every((column) => column !== undefined && sortsAlike(column.type)),
  };
}

export const RECONCILIATION_STATES = ["asked", "running", "equal", "different", "repaired", "failed"] as const;
export type ReconciliationState = (typeof RECONCILIATION_STATES)[number];

export interface ReconciliationOutcome {
  readonly state: Extract<ReconciliationState, "equal" | "different" | "repaired" | "failed">;
  readonly sourceRows: number;
  readonly datasetRows: number;
  readonly ranges: number;
  readonly rangesDifferent: number;
  /** Proven differences that are not explained by the quarantine; the list holds at most 500 of them. */
  readonly differences: number;
  readonly keys: readonly Omit<KeyDifference, "mergedAt">[];
  /** Keys that changed during every look: not judged. */
  readonly moving: number;
  /** Rows of the source that loading refused as they are now: they stand in quarantine. Not told by old outcomes. */
  readonly quarantined?: number;
  readonly repaired: number;
  readonly leftOut: readonly string[];
  readonly message: string;
  /** What it scanned of the dataset. */
  readonly scanned?: Scanned;
}

export interface Reconciliation {
  readonly id: string;
  readonly source: SourceId;
  readonly stream: string;
  readonly repair: boolean;
  readonly state: ReconciliationState;
  /** Null: by the schedule. */
  readonly requestedBy: string | null;
  readonly requestedAt: Date;
  readonly endedAt: Date | null;
  readonly outcome: ReconciliationOutcome | null;
}

/** Every stream of a source, asked for at once. */
export interface AskedForAll {
  /** In the streams' order; with those that were asked for or under way before. */
  readonly asked: readonly Reconciliation[];
  /** Streams that cannot be compared now: without a key, or in a state in which they do not stream. */
  readonly left: readonly { readonly stream: string; readonly why: LeftWhy }[];
}

export const LEFT_WHY = ["no-key", ...STREAM_STATES] as const;
export type LeftWhy = (typeof LEFT_WHY)[number];

/** Why a stream is left when all of its source are compared; null: it is compared. */
export function whyLeft(stream: { readonly state: StreamState; readonly key: readonly string[] }): LeftWhy | null {
  if (stream.state !== "streaming") return stream.state;
  return stream.key.length === 0 ? "no-key" : null;
}

/** Comparisons that are asked for, under way and done. Success means durable; asking writes the audit entry with it. */
export interface ReconciliationStore {
  /** Throws `not-found` for an unknown stream and `conflict` while one of it is open. */
  ask(request: {
    readonly source: SourceId;
    readonly stream: string;
    readonly repair: boolean;
    readonly requestedBy: string | null;
  }): Promise<Reconciliation>;
  /** Asks for every stream of the source that can be compared; its audit entry is one. */
  askAll(request: {
    readonly source: SourceId;
    readonly repair: boolean;
    readonly requestedBy: string | null;
  }): Promise<AskedForAll>;
  /** The oldest that is asked, now running; null when none is. What was left running by a worker before is asked again. */
  take(source: SourceId): Promise<Reconciliation | null>;
  /** Idempotent: the first outcome stands. */
  finish(id: string, outcome: ReconciliationOutcome): Promise<void>;
  find(id: string): Promise<Reconciliation | null>;
  /** Newest first; at most 100. */
  list(source: SourceId, stream: string | null): Promise<Reconciliation[]>;
  /** Asks for everything of the source again that is said to run, but for what is `underWay`: nobody is at it any more. */
  reopen(source: SourceId, underWay: readonly string[]): Promise<void>;
  /** The streaming stream that was compared longest ago, if that is before `before`; null when all are younger. */
  mostDue(source: SourceId, before: Date): Promise<string | null>;
}
