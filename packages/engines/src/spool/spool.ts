import { mkdir, readdir } from "node:fs/promises";
import { asPlatformError, type Clock, PlatformError } from "@nova/pipeline-core/kernel";
import {
  createSegment,
  type DamagedBatch,
  type IndexEntry,
  recoverSegment,
  removeSegment,
  segmentFiles,
  segmentNumber,
  segmentText,
  type SegmentWriter,
} from "./segment.ts";
import { waitingBatches } from "./waiting-batches.ts";

export interface SpoolOptions {
  readonly dir: string;
  /** Segments up to this number are committed in raw: what is left of them is removed, new ones count on from here. */
  readonly after: number;
  /** Appending fails with `overloaded` above this many bytes not yet committed. */
  readonly maxBytes: number;
  /** A segment is closed at this size even when nobody seals it. */
  readonly segmentBytes: number;
  /** Appends within this time share one write to disk. */
  readonly gatherMillis: number;
  readonly clock: Clock;
}

export interface SpoolBatch {
  readonly batchId: string;
  /** Whose bytes these are while they wait; see `Spool.holders`. Not remembered over a restart. */
  readonly owner?: string;
  readonly rows: number;
  /** Whole lines, each ending in a newline, or none; `position(index)` is the place of the batch's n-th line. */
  readonly render: (position: (index: number) => string) => Buffer;
}

export interface SpoolSegment {
  readonly number: number;
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly batchIds: readonly string[];
  readonly lastAt: Date;
}

/** A durable queue of lines on disk, between an endpoint that must answer at once and a table that commits in batches. */
export interface Spool {
  /** Resolves when the lines are on disk and survive a crash. Throws `overloaded` when the spool is full. */
  append(batch: SpoolBatch): Promise<void>;
  /** Closes what is being written and returns every segment that waits to be committed, oldest first. */
  seal(): Promise<readonly SpoolSegment[]>;
  /** Forgets segments up to this number: their rows are committed. */
  remove(through: number): Promise<void>;
  /** Batches that a former process left here. */
  readonly recoveredBatchIds: readonly string[];
  /** Acknowledged batches whose bytes the disk did not keep; what was left of them is in `<segment>.damaged`. */
  readonly damaged: readonly DamagedBatch[];
  /** Whether this batch is on disk and waits for its commit. */
  holds(batchId: string): boolean;
  readonly waitingBytes: number;
  readonly maxBytes: number;
  /** Waiting bytes by owner; those of a former process belong to nobody. */
  readonly holders: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Position of a source behind all lines of a segment. */
export function segmentEndPosition(number: number): string {
  return `${segmentText(number)}.99999999`;
}

/** The last committed segment; 0 before the first. */
export function committedSegment(position: string | null): number {
  if (position === null) return 0;
  const match = /^([0-9]{12})\.[0-9]{8}/.exec(position);
  if (match === null) throw new PlatformError("internal", `not a spool position: ${position}`);
  return Number(match[1]);
}

interface Waiting {
  readonly lines: Buffer;
  readonly rows: number;
  readonly batchId: string;
  readonly owner: string;
  readonly at: number;
  readonly segment: OpenSegment;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

interface OpenSegment {
  readonly number: number;
  writer: SegmentWriter | null;
  /** Bytes and lines handed out, written or not. */
  bytes: number;
  lines: number;
  batches: number;
  /** Appends that are not settled yet. */
  readonly unsettled: Set<Promise<void>>;
}

export async function openSpool(options: SpoolOptions): Promise<Spool> {
  await mkdir(options.dir, { recursive: true });
  const sealed = new Map<number, SpoolSegment>();
  const damaged: DamagedBatch[] = [];
  const waiting = waitingBatches();
  let highest = options.after;
  for (const name of await readdir(options.dir)) {
    const number = segmentNumber(name);
    if (number === null) continue;
    highest = Math.max(highest, number);
    const { entries, damaged: lost } =
      number <= options.after ? { entries: [], damaged: [] } : await recoverSegment(options.dir, number);
    damaged.push(...lost);
    for (const { batchId } of entries) waiting.add(number, batchId, "", 0);
    if (entries.length === 0) await removeSegment(options.dir, number);
    else sealed.set(number, describeSegment(options.dir, number, entries));
  }
  const recoveredBatchIds = [...sealed.values()].flatMap((segment) => segment.batchIds);

  let current = newSegment(highest + 1);
  /** Closed to new lines, not yet sealed. */
  let retired: OpenSegment[] = [];
  let queue: Waiting[] = [];
  let flushing: Promise<void> | null = null;

  function newSegment(number: number): OpenSegment {
    return { number, writer: null, bytes: 0, lines: 0, batches: 0, unsettled: new Set() };
  }
  const waitingBytes = (): number => {
    let bytes = current.bytes;
    for (const segment of retired) bytes += segment.bytes;
    for (const segment of sealed.values()) bytes += segment.bytes;
    return bytes;
  };
  const closeSegment = async (segment: OpenSegment): Promise<void> => {
    if (segment.writer === null) return;
    const { entries } = segment.writer;
    await segment.writer.close();
    segment.writer = null;
    if (entries.length > 0) sealed.set(segment.number, describeSegment(options.dir, segment.number, entries));
    else await removeSegment(options.dir, segment.number);
  };
  const writeGroup = async (group: readonly Waiting[]): Promise<void> => {
    for (const segment of new Set(group.map((each) => each.segment))) {
      const batches = group.filter((each) => each.segment === segment);
      try {
        segment.writer ??= await createSegment(options.dir, segment.number);
        await segment.writer.write(batches);
        for (const batch of batches) {
          waiting.add(segment.number, batch.batchId, batch.owner, batch.lines.length);
          batch.done();
        }
      } catch (error) {
        const failure = new PlatformError(
          "storage-failed",
          `the spool could not write: ${asPlatformError(error).message}`,
          { cause: error },
        );
        for (const batch of batches) batch.failed(failure);
        // The next lines go to a fresh file; this one keeps what was acknowledged.
        if (segment === current) rotate();
      }
    }
  };
  const flush = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, options.gatherMillis));
    while (queue.length > 0) {
      const group = queue;
      queue = [];
      await writeGroup(group);
    }
    // In the same turn as the look at the queue: an append after this starts the next flush.
    flushing = null;
  };
  const rotate = (): void => {
    retired.push(current);
    current = newSegment(current.number + 1);
  };
  const closeRetired = async (): Promise<void> => {
    if (current.batches > 0) rotate();
    const closing = retired;
    for (const segment of closing) {
      // What was appended before is written to its segment first; appends that come meanwhile are not waited for.
      await Promise.allSettled(segment.unsettled);
      await closeSegment(segment);
      retired = retired.filter((each) => each !== segment);
    }
  };

  return {
    recoveredBatchIds,
    damaged,
    maxBytes: options.maxBytes,
    holders: waiting.holders,
    holds: (batchId) => waiting.holds(batchId),
    get waitingBytes() {
      return waitingBytes();
    },
    append(batch) {
      if (waitingBytes() >= options.maxBytes) {
        return Promise.reject(new PlatformError("overloaded", "the spool is full: the lake does not keep up"));
      }
      if (current.bytes >= options.segmentBytes) rotate();
      const segment = current;
      const firstLine = segment.lines;
      const start = `${segmentText(segment.number)}.`;
      const lines = batch.render((index) => start + String(firstLine + index).padStart(8, "0"));
      segment.lines += batch.rows;
      segment.batches += 1;
      segment.bytes += lines.length;
      const written = new Promise<void>((done, failed) => {
        queue.push({
          lines,
          rows: batch.rows,
          batchId: batch.batchId,
          owner: batch.owner ?? "",
          at: options.clock.now().getTime(),
          segment,
          done,
          failed,
        });
        flushing ??= flush();
      });
      segment.unsettled.add(written);
      const settled = (): void => void segment.unsettled.delete(written);
      written.then(settled, settled);
      return written;
    },
    async seal() {
      await closeRetired();
      return [...sealed.values()].sort((left, right) => left.number - right.number);
    },
    async remove(through) {
      for (const number of sealed.keys()) {
        if (number > through) continue;
        await removeSegment(options.dir, number);
        sealed.delete(number);
        waiting.removeSegment(number);
      }
    },
    close: closeRetired,
  };
}

function describeSegment(dir: string, number: number, entries: readonly IndexEntry[]): SpoolSegment {
  const last = entries.at(-1);
  return {
    number,
    file: segmentFiles(dir, number).data,
    rows: entries.reduce((sum, entry) => sum + entry.rows, 0),
    bytes: last === undefined ? 0 : last.offset + last.length,
    batchIds: entries.map((entry) => entry.batchId),
    lastAt: new Date(last?.at ?? 0),
  };
}
