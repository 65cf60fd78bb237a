import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Compared,
  comparedOf,
  type DatasetComparison,
  type KeyDifference,
  type KeyRange,
  type SourceComparison,
  type StreamSchema,
} from "@nova/pipeline-core/connectors";
import { type Clock, MINUTE, PlatformError, SECOND } from "@nova/pipeline-core/kernel";

export interface CompareDeps<Source = SourceComparison> {
  readonly source: Source;
  readonly lake: DatasetComparison;
  /** Everything the source did up to this time is in the dataset; null before its first load. */
  readonly dataThrough: (dataset: string) => Promise<Date | null>;
  /** Payloads of the stream's rows that stand in quarantine because a value does not fit its column; at most so many. */
  readonly refused: (stream: string, most: number) => Promise<readonly string[]>;
  readonly clock: Clock;
  /** 20,000 by default. */
  readonly rowsPerRange?: number;
}

export interface Found {
  readonly sourceRows: number;
  readonly datasetRows: number;
  readonly ranges: number;
  readonly rangesDifferent: number;
  /** Proven: the row did not change between the look at the source and the look at the dataset. */
  readonly keys: readonly KeyDifference[];
  /** Differences there are; `keys` holds at most `MOST_KEYS` of them. */
  readonly differences: number;
  readonly moving: number;
  /** Rows that the rules of loading refuse as the source has them: explained, so no difference. */
  readonly quarantined: number;
  /** As `CopyCompared` has it. */
  readonly untold: number;
  readonly leftOut: readonly string[];
}

export const ROWS_PER_RANGE = 20_000;
/** A whole range is listed when at most this many of its keys differ. */
export const MOST_KEYS = 2_000;
/** Ranges that are judged beside each other: each look waits until the dataset has caught up, all for the same load. */
const RANGES_AT_ONCE = 16;
/** Looks at a range whose rows keep changing while they are compared. */
export const LOOKS = 3;
/** Waiting costs nothing, and tables that no model reads are loaded last when the machine is busy. */
const CATCH_UP_MILLIS = 30 * MINUTE;
const CATCH_UP_LOOK = SECOND / 2;

/**
 * Compares a stream with its dataset, range of keys by range of keys. Under live traffic both sides move, so no sum is
 * believed alone: the dataset is looked at when everything the source had done by the end of its own look is loaded, and a
 * key only counts as different when its row was not merged since that look began. Others are looked at again.
 */
export async function compareStream(
  deps: CompareDeps,
  dataset: string,
  schema: StreamSchema,
  signal: AbortSignal,
): Promise<Found> {
  const compared = comparedOf(schema);
  const ranges = await deps.lake.ranges(dataset, compared, deps.rowsPerRange ?? ROWS_PER_RANGE);
  const theirs = await deps.source.sums(compared, ranges, signal);
  await caughtUp(deps, dataset, deps.clock.now(), signal);
  const ours = await deps.lake.sums(dataset, compared, ranges);
  const suspects = ranges.filter(
    (_, index) => theirs[index]?.rows !== ours[index]?.rows || theirs[index]?.sum !== ours[index]?.sum,
  );
  const keys: KeyDifference[] = [];
  let differences = 0;
  let moving = 0;
  let quarantined = 0;
  let rangesDifferent = 0;
  for (let at = 0; at < suspects.length; at += RANGES_AT_ONCE) {
    const some = suspects.slice(at, at + RANGES_AT_ONCE);
    for (const judged of await Promise.all(some.map((range) => judgeRange(deps, dataset, compared, range, signal)))) {
      const lost = await unexplained(deps, compared, judged.proven, signal);
      const explained = judged.proven.length - lost.length;
      keys.push(...lost.slice(0, MOST_KEYS - keys.length));
      quarantined += explained;
      differences += judged.total - explained;
      moving += judged.moving;
      if (judged.total > explained) rangesDifferent += 1;
    }
  }
  const sum = (sums: readonly { readonly rows: number }[]): number => sums.reduce((all, each) => all + each.rows, 0);
  return {
    sourceRows: sum(theirs),
    datasetRows: sum(ours),
    ranges: ranges.length,
    rangesDifferent,
    keys,
    differences,
    moving,
    quarantined,
    untold: 0,
    leftOut: compared.leftOut,
  };
}

/** The differences but for rows in quarantine that the source still has as they were refused: one look at either side. */
async function unexplained(
  { source, refused }: CompareDeps,
  compared: Compared,
  proven: readonly KeyDifference[],
  signal: AbortSignal,
): Promise<readonly KeyDifference[]> {
  const payloads = proven.length === 0 ? [] : await refused(compared.stream, MOST_KEYS);
  if (payloads.length === 0) return proven;
  const standing = await source.unchanged(compared, payloads, signal);
  const keys = new Set(standing.map((key) => JSON.stringify(key)));
  return proven.filter(({ key }) => !keys.has(JSON.stringify(key)));
}

/** Which keys of a range differ for sure, and how many changed during every look. */
async function judgeRange(
  deps: CompareDeps,
  dataset: string,
  compared: Compared,
  range: KeyRange,
  signal: AbortSignal,
): Promise<{ proven: readonly KeyDifference[]; total: number; moving: number }> {
  const proven = new Map<string, KeyDifference>();
  /** Keys that differed at every look so far, and changed during it. */
  let open: readonly string[] | null = null;
  const folder = await mkdtemp(join(tmpdir(), "nova-compare-"));
  try {
    for (let look = 1; ; look += 1) {
      const begunAt = deps.clock.now();
      const file = join(folder, `${look}.csv`);
      await deps.source.writeRows(compared, range, file, signal);
      await caughtUp(deps, dataset, deps.clock.now(), signal);
      const found = await deps.lake.differences(dataset, compared, range, file, MOST_KEYS);
      const moved = new Set<string>();
      for (const difference of found.keys) {
        const { key, mergedAt } = difference;
        if (mergedAt === null || mergedAt < begunAt) proven.set(JSON.stringify(key), difference);
        else moved.add(JSON.stringify(key));
      }
      const unlisted = found.total - found.keys.length;
      const before: readonly string[] | null = open;
      const left: readonly string[] = [...moved].filter((key) => before === null || before.includes(key));
      open = left;
      if (left.length === 0 || look === LOOKS)
        return { proven: [...proven.values()], total: proven.size + unlisted, moving: left.length };
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits until everything the source did up to `at` is in the dataset. */
export async function caughtUp(
  deps: Pick<CompareDeps, "clock" | "dataThrough">,
  dataset: string,
  at: Date,
  signal: AbortSignal,
): Promise<void> {
  const deadline = deps.clock.now().getTime() + CATCH_UP_MILLIS;
  for (;;) {
    signal.throwIfAborted();
    const through = await deps.dataThrough(dataset);
    if (through !== null && through >= at) return;
    if (deps.clock.now().getTime() > deadline)
      throw new PlatformError("conflict", `${dataset} does not catch up with its source: compare again when it does`);
    await sleep(CATCH_UP_LOOK, undefined, { signal });
  }
}
