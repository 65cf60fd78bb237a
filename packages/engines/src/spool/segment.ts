import { type FileHandle, open, readFile, truncate, unlink } from "node:fs/promises";
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
  const index: FileHandle = await open(files.index, "a");
  const entries: IndexEntry[] = [];
  let dataBytes = 0;
  let indexBytes = 0;
  /** The batches of one write behind each other; the memory serves the next write too. */
  let group = Buffer.alloc(0);

  return {
    number,
    entries,
    async write(batches) {
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
        await data.truncate(dataBytes);
        await index.truncate(indexBytes);
        throw error;
      }
      dataBytes = offset;
      indexBytes += indexLines.length;
      entries.push(...added);
    },
    async close() {
      await data.close();
      await index.close();
    },
  };
}

function indexLine(entry: IndexEntry): string {
  return `${JSON.stringify([entry.offset, entry.length, entry.rows, entry.crc, entry.batchId, entry.at])}\n`;
}

/**
 * Reads what a dead process left and cuts the data at the last whole batch: one whose index line is complete and whose
 * checksum fits. Nothing behind it was ever acknowledged.
 */
export async function recoverSegment(dir: string, number: number): Promise<IndexEntry[]> {
  const files = segmentFiles(dir, number);
  const data = await readFile(files.data);
  const entries = wholeEntries(await readIndex(files.index), data);
  const end = entries.at(-1);
  const bytes = end === undefined ? 0 : end.offset + end.length;
  if (bytes < data.length) await truncate(files.data, bytes);
  return entries;
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

function wholeEntries(lines: readonly string[], data: Buffer): IndexEntry[] {
  const entries: IndexEntry[] = [];
  let expected = 0;
  for (const line of lines) {
    const entry = parseEntry(line);
    if (entry === null || entry.offset !== expected || entry.offset + entry.length > data.length) break;
    if (crc32(data.subarray(entry.offset, entry.offset + entry.length)) !== entry.crc) break;
    expected = entry.offset + entry.length;
    entries.push(entry);
  }
  return entries;
}

function parseEntry(line: string): IndexEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null; // the torn last line
  }
  const parsed = entrySchema.safeParse(value);
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
