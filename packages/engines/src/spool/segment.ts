import { type FileHandle, open, readFile, truncate, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";

/** One batch as the index holds it: where its lines stand in the data file, and their checksum. */
export interface IndexEntry {
  readonly offset: number;
  readonly length: number;
  readonly rows: number;
  readonly crc: number;
  readonly batchId: string;
  readonly at: number;
}

const entrySchema = z.tuple([z.number(), z.number(), z.number(), z.number(), z.string(), z.number()]);
/** Since the lines have a checksum of their own; those of older spools have none. */
const checkedEntrySchema = z.tuple([...entrySchema.def.items, z.number()]);

/** Highest segment number that fits the twelve digits of file names and positions. */
const SEGMENT_DIGITS = 12;

export function segmentFiles(dir: string, number: number): { data: string; index: string } {
  const name = join(dir, `segment-${segmentText(number)}`);
  return { data: `${name}.ndjson`, index: `${name}.index` };
}

export function segmentText(number: number): string {
  return String(number).padStart(SEGMENT_DIGITS, "0");
}

/** The segment number of a data file's name; null for anything else. */
export function segmentNumber(fileName: string): number | null {
  const match = /^segment-([0-9]{12})\.ndjson$/.exec(fileName);
  return match === null ? null : Number(match[1]);
}

/** An open segment; the only writer of its two files. */
export interface SegmentWriter {
  readonly number: number;
  /** Writes the batches one behind the other and returns when the disk has them. Fails as a whole. */
  write(batches: readonly { lines: Buffer; rows: number; batchId: string; at: number }[]): Promise<void>;
  readonly entries: readonly IndexEntry[];
  close(): Promise<void>;
}

export async function createSegment(dir: string, number: number): Promise<SegmentWriter> {
  const files = segmentFiles(dir, number);
  const data: FileHandle = await open(files.data, "a");
  const index: FileHandle = await open(files.index, "a").catch(async (error: unknown) => {
    await data.close();
    throw error;
  });
  await syncFolder(dir);
  const entries: IndexEntry[] = [];
  let dataBytes = 0;
  let indexBytes = 0;
  /** The batches of one write behind each other; the memory serves the next write too. */
  let group = Buffer.alloc(0);
  /** A failed write left bytes behind the last whole batch: nothing more may follow them. */
  let broken = false;
  const cut = async (): Promise<void> => {
    broken = true;
    await data.truncate(dataBytes);
    await index.truncate(indexBytes);
    broken = false;
  };

  return {
    number,
    entries,
    async write(batches) {
      if (broken) await cut();
      const added: IndexEntry[] = [];
      const bytes = batches.reduce((sum, batch) => sum + batch.lines.length, 0);
      if (bytes > group.length) group = Buffer.allocUnsafe(2 * bytes);
      let offset = dataBytes;
      for (const batch of batches) {
        added.push({
          offset,
          length: batch.lines.length,
          rows: batch.rows,
          crc: crc32(batch.lines),
          batchId: batch.batchId,
          at: batch.at,
        });
        group.set(batch.lines, offset - dataBytes);
        offset += batch.lines.length;
      }
      const indexLines = Buffer.from(added.map(indexLine).join(""));
      try {
        await data.appendFile(group.subarray(0, bytes));
        await data.datasync();
        // Only now: an index entry vouches for bytes that are on disk.
        await index.appendFile(indexLines);
        await index.datasync();
      } catch (error) {
        await cut().catch(() => undefined); // tried again before the next write, and before the file is read
        throw error;
      }
      dataBytes = offset;
      indexBytes += indexLines.length;
      entries.push(...added);
    },
    async close() {
      if (broken) await cut();
      await data.close();
      await index.close();
    },
  };
}

/** A new file is only safe once its name is on disk too. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function indexLine(entry: IndexEntry): string {
  const fields = [entry.offset, entry.length, entry.rows, entry.crc, entry.batchId, entry.at];
  return `${JSON.stringify([...fields, crc32(JSON.stringify(fields))])}\n`;
}

/** An acknowledged batch that the disk did not keep; null: not even its name. */
export interface DamagedBatch {
  readonly segment: number;
  readonly batchId: string | null;
}

export interface RecoveredSegment {
  readonly entries: readonly IndexEntry[];
  readonly damaged: readonly DamagedBatch[];
}

/**
 * Reads what a dead process left. What has no whole index line was never acknowledged and is cut. A batch whose index line
 * stands but whose bytes are others than were written was acknowledged: it is told, kept aside in `<segment>.damaged`, and
 * the whole batches before and behind it stay.
 */
export async function recoverSegment(dir: string, number: number): Promise<RecoveredSegment> {
  const files = segmentFiles(dir, number);
  const data = await readFile(files.data);
  const { whole, damaged } = sortEntries(await readIndex(files.index), data, number);
  if (damaged.length === 0) {
    const end = whole.at(-1);
    const bytes = end === undefined ? 0 : end.offset + end.length;
    if (bytes < data.length) await truncate(files.data, bytes);
    return { entries: whole, damaged };
  }
  await writeFile(`${files.data}.damaged`, data, { flush: true, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error; // kept by the recovery before this one
  });
  await blank(files.data, data.length, whole);
  return { entries: whole, damaged };
}

/** Turns everything but these batches into empty lines, in place: offsets stay, and doing it twice does no harm. */
async function blank(file: string, size: number, whole: readonly IndexEntry[]): Promise<void> {
  const handle = await open(file, "r+");
  try {
    let from = 0;
    for (const { offset, length } of [...whole, { offset: size, length: 0 }]) {
      if (offset > from) await handle.write(Buffer.alloc(offset - from, "\n"), 0, offset - from, from);
      from = offset + length;
    }
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function readIndex(file: string): Promise<string[]> {
  try {
    return (await readFile(file, "utf8")).split("\n");
  } catch (error) {
    // The data file is made first: without its index nothing in it was acknowledged.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function sortEntries(
  lines: readonly string[],
  data: Buffer,
  segment: number,
): { whole: IndexEntry[]; damaged: DamagedBatch[] } {
  const whole: IndexEntry[] = [];
  const damaged: DamagedBatch[] = [];
  const last = lines.findLastIndex((line) => line !== "");
  for (const [index, line] of lines.entries()) {
    if (line === "") continue;
    const entry = parseEntry(line);
    if (entry === null) {
      // The end of the index without its newline is a line that was being written: nobody waits for its batch.
      if (index !== last || index !== lines.length - 1) damaged.push({ segment, batchId: null });
      continue;
    }
    const bytes = data.subarray(entry.offset, entry.offset + entry.length);
    if (bytes.length === entry.length && crc32(bytes) === entry.crc) whole.push(entry);
    else damaged.push({ segment, batchId: entry.batchId });
  }
  return { whole, damaged };
}

function parseEntry(line: string): IndexEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null; // the torn last line
  }
  const checked = checkedEntrySchema.safeParse(value);
  if (checked.success && crc32(JSON.stringify(checked.data.slice(0, -1))) !== checked.data[6]) return null;
  const parsed = checked.success ? checked : entrySchema.safeParse(value);
  if (!parsed.success) return null;
  const [offset, length, rows, crc, batchId, at] = parsed.data;
  return { offset, length, rows, crc, batchId, at };
}

export async function removeSegment(dir: string, number: number): Promise<void> {
  const files = segmentFiles(dir, number);
  for (const file of [files.data, files.index]) {
    await unlink(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
}
