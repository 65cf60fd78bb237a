import { type DatasetName, PII_TAGS, type PiiTag } from "../catalog/index.ts";
import type { ErrorKind } from "../kernel/index.ts";
import type { StepState } from "./run.ts";

/** Two snapshots of one dataset; null as `before`: the empty dataset that its first snapshot was written into. */
export interface SnapshotPair {
  readonly dataset: DatasetName;
  readonly before: string | null;
  readonly after: string;
  /** Name of the environment whose snapshot `before` is; this one when left out. */
  readonly environment?: string | undefined;
}

/** The dataset here beside the same dataset of another environment, each as its readers see it now. */
export interface EnvironmentPair {
  readonly dataset: DatasetName;
  readonly environment: string;
}

/** Name of another environment, as `NOVA_ENVIRONMENTS` gives it. */
export const ENVIRONMENT_NAME = /^[a-z][a-z0-9_-]{0,39}$/;

/** A column of a snapshot; its field id stays when it is renamed. */
export interface SnapshotColumn {
  readonly id: number;
  readonly name: string;
  readonly type: string;
}

export interface ComparedSnapshot {
  readonly snapshotId: string | null;
  /** `expired`: housekeeping has removed it, its rows can no longer be told; `empty`: before the first snapshot. */
  readonly state: "kept" | "expired" | "empty";
  readonly committedAt: Date | null;
  /** Null when it has expired. */
  readonly rows: number | null;
}

/** A snapshot of a dataset that is still kept. */
export interface KeptSnapshot {
  readonly snapshotId: string;
  readonly committedAt: Date;
  readonly rows: number;
  /** `upkeep`: the same rows in other files. */
  readonly wrote: "rows" | "upkeep";
  /** The one that readers see. */
  readonly current: boolean;
}

/** At most this many are listed, the newest first. */
export const MOST_SNAPSHOTS_LISTED = 500;

/** What two snapshots tell without reading a row. */
export interface TableDiffSummary extends SnapshotPair {
  readonly snapshots: { readonly before: ComparedSnapshot; readonly after: ComparedSnapshot };
  /** Null when either has expired, or there was none before. */
  readonly schema: SchemaDiff | null;
  /** Columns whose values tell rows apart; none for datasets that only grow. */
  readonly key: readonly string[];
  /** Upper bound of the rows in files that only one of the two has; null when they cannot be compared. */
  readonly rowsToRead: number | null;
}

export interface SchemaDiff {
  readonly added: readonly SnapshotColumn[];
  readonly dropped: readonly SnapshotColumn[];
  /** The same column under another name, with another type, or both. */
  readonly changed: readonly ComparedColumnShape[];
  /** A column that was dropped and another one that took its name: their values are not compared. */
  readonly replaced: readonly { readonly name: string; readonly typeBefore: string; readonly type: string }[];
}

/** A column that both snapshots have. */
export interface ComparedColumnShape extends SnapshotColumn {
  readonly nameBefore: string;
  readonly typeBefore: string;
}

/** Columns of both, in the order of `after`. */
export function sharedColumns(
  before: readonly SnapshotColumn[],
  after: readonly SnapshotColumn[],
): ComparedColumnShape[] {
  const known = new Map(before.map((column) => [column.id, column]));
  return after.flatMap((column) => {
    const was = known.get(column.id);
    return was === undefined ? [] : [{ ...column, nameBefore: was.name, typeBefore: was.type }];
  });
}

export function schemaDiff(before: readonly SnapshotColumn[], after: readonly SnapshotColumn[]): SchemaDiff {
  const [idsBefore, idsAfter] = [before, after].map((columns) => new Set(columns.map(({ id }) => id)));
  const gone = before.filter(({ id }) => idsAfter?.has(id) !== true);
  const fresh = after.filter(({ id }) => idsBefore?.has(id) !== true);
  const replaced = gone.flatMap((was) => {
    const by = fresh.find(({ name }) => name === was.name);
    return by === undefined ? [] : [{ name: was.name, typeBefore: was.type, type: by.type }];
  });
  const taken = new Set(replaced.map(({ name }) => name));
  return {
    added: fresh.filter(({ name }) => !taken.has(name)),
    dropped: gone.filter(({ name }) => !taken.has(name)),
    changed: sharedColumns(before, after).filter(
      ({ name, nameBefore, type, typeBefore }) => name !== nameBefore || type !== typeBefore,
    ),
    replaced,
  };
}

/** One line per change of the schema, in plain words; none when it is the same. */
export function schemaDiffWords({ added, dropped, changed, replaced }: SchemaDiff): string[] {
  return [
    ...added.map(({ name, type }) => `${name} was added (${type})`),
    ...dropped.map(({ name, type }) => `${name} was dropped (${type})`),
    ...changed.map(({ name, nameBefore, type, typeBefore }) => {
      const renamed = name === nameBefore ? name : `${nameBefore} is now ${name}`;
      return type === typeBefore
        ? renamed
        : `${renamed}${name === nameBefore ? "" : ","} was ${typeBefore}, is ${type}`;
    }),
    ...replaced.map(({ name, typeBefore, type }) => `${name} was replaced by a new column (${typeBefore} → ${type})`),
  ];
}

/** Rows in files that differ, both snapshots together, above which a comparison is refused. */
export const MOST_ROWS_COMPARED = 10_000_000;
/** Rows shown for each column that differs, and of those that only one snapshot has. */
export const SAMPLE_ROWS = 5;

export interface RowsRequest extends SnapshotPair {
  /** Personal columns for the person who asks, `none` = in the clear; a column that is not named here is masked as direct. */
  readonly tags: Readonly<Record<string, PiiTag>>;
  readonly maskSalt: string;
  readonly signal: AbortSignal;
  readonly onPhase: (phase: DiffPhase) => void;
}

export type DiffPhase = "finding" | "reading" | "comparing" | "sampling";

export const DIFF_PHASE_WORDS: Record<DiffPhase, string> = {
  finding: "finding the files that differ",
  reading: "reading their rows",
  comparing: "comparing them",
  sampling: "choosing samples",
};

/** A row by the values that tell it apart, as text, masked where it must be. */
export type SampledRow = readonly (string | null)[];

export interface ColumnDiff {
  readonly name: string;
  readonly nameBefore: string;
  /** Its values are masked in the samples; the counts are of the true ones. */
  readonly masked: boolean;
  /** Of the rows in both, those with another value. */
  readonly different: number;
  readonly samples: readonly {
    readonly row: SampledRow;
    readonly before: string | null;
    readonly after: string | null;
  }[];
}

export interface RowDiff {
  /** By the key; or, without one (or where it is not unique), whole rows as often as they stand there. */
  readonly by: "key" | "row";
  /** Why rows are compared as a whole although the dataset has a key. */
  readonly note: string | null;
  readonly onlyBefore: number;
  readonly onlyAfter: number;
  readonly both: number;
  /** Of the rows in both, those that are the same in every compared column. */
  readonly equal: number;
  /** Rows that were read to know it. The others stand in files that both snapshots have. */
  readonly rowsRead: number;
  /** Columns of both snapshots, those that differ in most rows first; none where whole rows are compared. */
  readonly columns: readonly ColumnDiff[];
  /** Columns that the sampled rows show. */
  readonly shown: readonly { readonly name: string; readonly masked: boolean }[];
  readonly samplesOnlyBefore: readonly SampledRow[];
  readonly samplesOnlyAfter: readonly SampledRow[];
}

/** Share of the rows in both whose value is the same, 0 to 1; null when there is no such row. */
export function equalShare(different: number, { both }: Pick<RowDiff, "both">): number | null {
  return both === 0 ? null : 1 - different / both;
}

/** "99.98 %"; never 100 where a row differs, never 0 where one is equal. */
export function shareText(share: number | null): string {
  if (share === null) return "–";
  if (share === 1) return "100 %";
  const percent = Math.min(99.99, Math.max(share === 0 ? 0 : 0.01, share * 100));
  return `${percent.toFixed(percent >= 99 || percent < 1 ? 2 : 1)} %`;
}

/** What the two sides are called: in time, or by environment. */
export function sideWords(environment: string | undefined): { readonly before: string; readonly after: string } {
  return environment === undefined
    ? { before: "before", after: "after" }
    : { before: `in ${environment}`, after: "here" };
}

/** The whole of it in one line. */
export function rowDiffWords(
  { onlyBefore, onlyAfter, both, equal }: RowDiff,
  { before, after } = sideWords(undefined),
): string {
  if (onlyBefore + onlyAfter === 0 && equal === both) return "every row is the same";
  const count = (rows: number): string => rows.toLocaleString("en-US");
  const changed = both - equal;
  return [
    ...(changed > 0 ? [`${count(changed)} of ${count(both)} rows in both differ`] : []),
    ...(onlyBefore > 0 ? [`${count(onlyBefore)} only ${before}`] : []),
    ...(onlyAfter > 0 ? [`${count(onlyAfter)} only ${after}`] : []),
  ].join(", ");
}

/** The stricter of what the catalog says of a column under its two names; a name it does not know may hold anything. */
export function tagOfCompared(
  { name, nameBefore }: Pick<ComparedColumnShape, "name" | "nameBefore">,
  tags: Readonly<Record<string, PiiTag>>,
): PiiTag {
  const of = (column: string): PiiTag | undefined => (Object.hasOwn(tags, column) ? tags[column] : undefined);
  const [now, was] = [of(name) ?? "direct", of(nameBefore) ?? "none"];
  return PII_TAGS.indexOf(was) > PII_TAGS.indexOf(now) ? was : now;
}

/** What a step made of its dataset. */
export interface StepSnapshots {
  readonly state: StepState;
  readonly snapshotBefore: string | null;
  readonly snapshotAfter: string | null;
}

/** Beside which rows a step's are put: those after the last good run, or those it found. */
export const DIFF_BASES = ["last-good", "before"] as const;
export type DiffBase = (typeof DIFF_BASES)[number];

/** The snapshots to compare for a step, or why there is nothing to compare. */
export function stepPair(
  dataset: DatasetName,
  now: StepSnapshots,
  lastGood: Pick<StepSnapshots, "snapshotAfter"> | null,
  base: DiffBase,
): { readonly pair: SnapshotPair } | { readonly none: string } {
  if (now.state !== "succeeded") return { none: whyNoRows(now.state) };
  const after = now.snapshotAfter;
  if (after === null) return { none: "The dataset has no rows yet." };
  const good = base === "last-good" ? (lastGood?.snapshotAfter ?? null) : null;
  const before = good ?? now.snapshotBefore;
  return before === after
    ? { none: "Nothing was written since: the rows are the same." }
    : { pair: { dataset, before, after } };
}

function whyNoRows(state: Exclude<StepState, "succeeded">): string {
  switch (state) {
    case "waiting":
    case "running":
    case "retrying":
      return "It has not published its rows yet.";
    case "skipped":
      return "It was skipped and wrote nothing.";
    case "done-by-hand":
      return "A person marked it as done; it wrote nothing.";
    case "failed":
    case "cancelled":
      return "It published nothing: readers still have the rows from before.";
  }
}

/** A comparison of rows while it runs and some minutes after; asking again is how one follows it. */
export interface RowDiffStatus {
  readonly state: "waiting" | "running" | "succeeded" | "failed";
  readonly phase: DiffPhase;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly diff: RowDiff | null;
  readonly error: { readonly kind: ErrorKind; readonly message: string; readonly remedy: string } | null;
}
