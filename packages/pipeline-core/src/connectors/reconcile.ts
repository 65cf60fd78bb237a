import { PlatformError } from "../kernel/index.ts";
import type { SourceId, StreamSchema } from "./model.ts";
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
  readonly key: Readonly<Record<string, string>>;
  readonly kind: DifferenceKind;
  /** When the dataset's row was last merged; null for a missing one. */
  readonly mergedAt: Date | null;
}

/** The source's side. Sums and hashes are computed by the source's own engine; rows never pass through ours one by one. */
export interface SourceComparison {
  sums(compared: Compared, ranges: readonly KeyRange[], signal: AbortSignal): Promise<RangeSum[]>;
  /** Writes one CSV line per row of the range into `file`: comparable key, key as JSON, hash. */
  writeRows(compared: Compared, range: KeyRange, file: string, signal: AbortSignal): Promise<void>;
}

/** The lake's side. */
export interface DatasetComparison {
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

const SORTABLE = new Set(["int", "long", "date", "timestamp", "timestamptz", "uuid"]);
const FLOATING = new Set(["float", "double"]);

/** What can be compared of a stream now. Throws `invalid-input` for one without a key that both sides can print. */
export function comparedOf(schema: StreamSchema): Compared {
  const layout = stagedLayout(schema);
  const present = new Set(schema.columns.map((column) => column.name));
  const fits = layout.columns.filter(
    (column) => present.has(column.sourceName) && !FLOATING.has(column.type) && !column.lenient,
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
    sortable: key.every((column) => column !== undefined && SORTABLE.has(column.type)),
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
  /** Proven differences; the list holds at most 500 of them. */
  readonly differences: number;
  readonly keys: readonly Omit<KeyDifference, "mergedAt">[];
  /** Keys that changed during every look: not judged. */
  readonly moving: number;
  readonly repaired: number;
  readonly leftOut: readonly string[];
  readonly message: string;
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

/** Comparisons that are asked for, under way and done. Success means durable; asking writes the audit entry with it. */
export interface ReconciliationStore {
  /** Throws `not-found` for an unknown stream and `conflict` while one of it is open. */
  ask(request: {
    readonly source: SourceId;
    readonly stream: string;
    readonly repair: boolean;
    readonly requestedBy: string | null;
  }): Promise<Reconciliation>;
  /** The oldest that is asked, now running; null when none is. What was left running by a worker before is asked again. */
  take(source: SourceId): Promise<Reconciliation | null>;
  /** Idempotent: the first outcome stands. */
  finish(id: string, outcome: ReconciliationOutcome): Promise<void>;
  find(id: string): Promise<Reconciliation | null>;
  /** Newest first; at most 100. */
  list(source: SourceId, stream: string | null): Promise<Reconciliation[]>;
  /** Forgets that a worker before this one was at it. */
  reopen(): Promise<void>;
  /** The streaming stream that was compared longest ago, if that is before `before`; null when all are younger. */
  mostDue(source: SourceId, before: Date): Promise<string | null>;
}
