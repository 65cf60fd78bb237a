import { randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { CopyLines } from "./copy-lines.ts";

/** Lines are written to the file when so many bytes of them wait. */
const SPILL_BYTES = 1024 ** 2;

/** Copied lines of one table on their way to a commit, in a file of their own. */
export interface CopiedFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  readonly longest: number;
  add(lines: CopyLines): void;
  /** Writes what waits when it is much: what a table holds does not stay in memory. */
  spill(): Promise<void>;
  /** Everything is in the file when this ends. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

/** Not made before there is something to write. It need not survive a crash: the next run reads the rows again. */
export function copiedFile(folder: string): CopiedFile {
  const path = join(folder, `${randomUUID()}.copy`);
  let handle: FileHandle | null = null;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  let [rows, bytes, longest] = [0, 0, 0];

  const write = (): Promise<void> => {
    const lines = waiting;
    waiting = [];
    waitingBytes = 0;
    writing = writing.then(async () => {
      handle ??= await open(path, "wx", 0o600);
      for (const each of lines) await handle.appendFile(each);
    });
    return writing;
  };
  return {
    path,
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    get longest() {
      return longest;
    },
    add(lines) {
      waiting.push(lines.bytes);
      waitingBytes += lines.bytes.length;
      bytes += lines.bytes.length;
      rows += lines.count;
      longest = Math.max(longest, lines.longest);
    },
    async spill() {
      if (waitingBytes >= SPILL_BYTES) await write();
    },
    async close() {
      await write();
      await handle?.close();
    },
    remove: () => rm(path, { force: true }),
  };
}
