import type { CaptureHost, SnapshotProgress } from "@nova/pipeline-core/connectors";
import { type CopiedRows, envelopeBatch } from "@nova/pipeline-core/lakehouse";
import type { SourceTable } from "./catalog.ts";
import { type CopiedFile, copiedFile } from "./copied-file.ts";
import type { CopyLines } from "./copy-lines.ts";
import { cursorText, partsCursorText } from "./snapshot-cursor.ts";
import type { SnapshotPart } from "./snapshot-parts.ts";
import type { KeyValues } from "./table-sql.ts";

/** Takes the rows of one part of a table. */
export interface PartReader {
  readonly after: KeyValues | null;
  readonly through: KeyValues | null;
  /** `up` when another part of the table failed: nothing of it is taken any more. */
  readonly given: "on" | "up";
  readonly lines: (lines: CopyLines) => void;
  flushIfFull(): Promise<void>;
  done(): Promise<void>;
}

export interface SnapshotChunks {
  /** Readers of the parts that are not done. */
  table(table: SourceTable, parts: readonly SnapshotPart[], rowsBefore: number, version: number): PartReader[];
  flush(): Promise<void>;
  /** Forgets progress of a stream that is not committed yet, after what is being committed is in. */
  drop(stream: string): Promise<void>;
  settled(): Promise<void>;
}

export interface ChunkOptions {
  readonly system: string;
  readonly position: string;
  readonly sweep: string | null;
  readonly chunkRows: number;
  readonly chunkBytes: number;
  /** Where copied rows wait for their commit. */
  readonly folder: string;
}

/** Rows that are committed together. */
interface Chunk {
  /** By stream. */
  readonly tables: Map<string, { readonly table: SourceTable; readonly version: number; readonly file: CopiedFile }>;
  /** What is told beside the copied rows. */
  readonly told: ReturnType<typeof envelopeBatch>;
}

/**
 * Collects rows of all tables into chunks, so that a hundred small tables are one commit; each is stored together with the
 * last key of every part. A table without a key has no place to resume at: its rows stay together in one chunk of their own.
 */
export function snapshotChunks(host: CaptureHost, options: ChunkOptions): SnapshotChunks {
  const readAt = BigInt(host.clock.now().getTime()) * 1000n;
  const dropped = new Set<string>();
  let chunk = emptyChunk();
  let progress = new Map<string, SnapshotProgress>();
  let committing: Promise<unknown> = Promise.resolve();

  const store = async ({ tables, told }: Chunk, saved: readonly SnapshotProgress[]): Promise<void> => {
    const each = [...tables.values()];
    await Promise.all(each.map(({ file }) => file.close()));
    const lastEventAt = new Date(Number(readAt / 1000n));
    await host.commit({
      input: {
        from: "copied",
        copied: each.map((one) => copiedRows(one, readAt, options.position)),
        columns: told.columns,
      },
      counts: [
        ...each.map(({ table, file }) => ({ stream: table.stream, rows: file.rows, lastEventAt })),
        ...told.counts(),
      ],
      bytes: each.reduce((sum, { file }) => sum + file.bytes, told.size),
      position: options.position,
      progress: saved,
    });
    await Promise.all(each.map(({ file }) => file.remove()));
  };
  /** One chunk is committed while the next one fills, each behind the one before: ends when that one is in. */
  const commit = (rows: Chunk, saved: readonly SnapshotProgress[]): Promise<unknown> => {
    const before = committing;
    committing = before.then(() => store(rows, saved));
    committing.catch(() => undefined);
    return before;
  };
  const flush = async (): Promise<void> => {
    if (progress.size === 0) return;
    const rows = chunk;
    const saved = [...progress.values()];
    chunk = emptyChunk();
    progress = new Map();
    await commit(rows, saved);
  };
  const isFull = (): boolean => {
    const files = [...chunk.tables.values()].map(({ file }) => file);
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return rows >= options.chunkRows || bytes >= options.chunkBytes;
  };
  const fileOf = (within: Chunk, table: SourceTable, version: number): CopiedFile => {
    const known = within.tables.get(table.stream)?.file;
    if (known !== undefined) return known;
    const file = copiedFile(options.folder);
    within.tables.set(table.stream, { table, version, file });
    return file;
  };

  return {
    table(table, parts, rowsBefore, version) {
      const { stream } = table;
      const own = table.key.length > 0 ? null : emptyChunk();
      const states = parts.map(({ after, through, done }) => ({
        /** JSON of the last key that is in a chunk. */
        last: after === null ? null : JSON.stringify(after),
        through,
        done,
      }));
      let rowsRead = rowsBefore;
      const cursor = (): string => {
        const [only] = states;
        if (states.every(({ done }) => done)) return cursorText(options.system, null);
        if (states.length === 1) return cursorText(options.system, only?.last ?? null);
        return partsCursorText(
          options.system,
          states.map(({ last, through, done }) => ({
            after: last === null ? null : (JSON.parse(last) as KeyValues),
            through,
            done,
          })),
        );
      };
      const note = (): SnapshotProgress => ({
        stream,
        state: states.every(({ done }) => done) ? "streaming" : "snapshotting",
        rowsRead,
        rowsExpected: table.estimatedRows === null ? null : Math.max(Math.round(table.estimatedRows), rowsRead),
        cursor: cursor(),
      });
      return states.flatMap((state, index): PartReader[] =>
        state.done
          ? []
          : [
              {
                after: parts[index]?.after ?? null,
                through: state.through,
                get given() {
                  return dropped.has(stream) ? "up" : "on";
                },
                lines(lines) {
                  // The rest of what the server sends is let go by.
                  if (dropped.has(stream)) return;
                  rowsRead += lines.count;
                  state.last = keyOf(table, lines.last);
                  fileOf(own ?? chunk, table, version).add(lines);
                },
                async flushIfFull() {
                  await (own ?? chunk).tables.get(stream)?.file.spill();
                  if (own !== null || dropped.has(stream)) return;
                  if (states.some(({ last }) => last !== null)) progress.set(stream, note());
                  if (isFull()) await flush();
                },
                async done() {
                  if (dropped.has(stream)) return;
                  state.done = true;
                  if (options.sweep !== null && states.every(({ done }) => done))
                    (own ?? chunk).told.add(stream, "t", null, null, null, readAt, options.sweep, version);
                  if (own !== null) return void (await commit(own, [note()]));
                  progress.set(stream, note());
                  if (isFull()) await flush();
                },
              },
            ],
      );
    },
    async flush() {
      await flush();
      await committing;
    },
    async drop(stream) {
      dropped.add(stream);
      progress.delete(stream);
      await committing;
    },
    async settled() {
      await committing.catch(() => undefined);
    },
  };
}

function emptyChunk(): Chunk {
  return { tables: new Map(), told: envelopeBatch() };
}

function copiedRows(
  { table, version, file }: { table: SourceTable; version: number; file: CopiedFile },
  readAt: bigint,
  position: string,
): CopiedRows {
  return {
    file: file.path,
    stream: table.stream,
    op: "r",
    columns: table.columns.map((column) => column.name),
    key: table.key,
    rows: file.rows,
    longest: file.longest,
    sourceTs: readAt,
    position,
    schemaVersion: version,
  };
}

/** JSON of a line's key, as its row carries it; null for a table without one. */
function keyOf(table: SourceTable, line: string): string | null {
  if (table.key.length === 0) return null;
  // The first is the line's mark.
  const values = line.split("\t").slice(1);
  const members = table.key.map((name) => {
    const value = values[table.columns.findIndex((column) => column.name === name)] ?? "\\N";
    return `${JSON.stringify(name)}:${value === "\\N" ? "null" : `"${value}"`}`;
  });
  return `{${members.join(",")}}`;
}
