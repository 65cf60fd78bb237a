import type { CaptureHost, SnapshotProgress, StreamRecord } from "@nova/pipeline-core/connectors";
import { envelopeBatch } from "@nova/pipeline-core/lakehouse";
import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { SourceTable } from "./catalog.ts";
import { copyRowReader } from "./copy-rows.ts";
import { tableFailure } from "./failure.ts";
import { connectSession, quoteLiteral } from "./session.ts";
import { cursorText, parseCursor } from "./snapshot-cursor.ts";
import { copySql } from "./table-sql.ts";

export interface SnapshotOptions {
  readonly connectionString: string;
  readonly system: string;
  /** Position of every snapshot row: the slot's consistent point, so that streamed changes always win. */
  readonly position: string;
  /** Position below which rows that are not read now are gone; null when nothing was captured before. */
  readonly sweep: string | null;
  /** The exported snapshot; null on a resumed read, which takes a fresh one (see docs/decisions). */
  readonly snapshotName: string | null;
  readonly tables: readonly SourceTable[];
  readonly streams: readonly StreamRecord[];
  /** Tables read at the same time. */
  readonly parallel: number;
  readonly chunkRows: number;
  readonly chunkBytes: number;
}

/** Reads what was there before the stream begins, table by table, each chunk committed with the key it ends with. */
export async function readSnapshot(host: CaptureHost, options: SnapshotOptions, signal: AbortSignal): Promise<void> {
  const chunks = snapshotChunks(host, options);
  const records = new Map(options.streams.map((record) => [record.stream, record]));
  // Largest first, so that no reader is left alone with the big one at the end.
  const waiting = options.tables
    .filter((table) => isUnread(records.get(table.stream)))
    .sort((left, right) => (right.estimatedRows ?? 0) - (left.estimatedRows ?? 0));

  const reader = async (): Promise<void> => {
    const client = await connectSession(options.connectionString, "snapshot");
    try {
      await client.query("SET jit = off");
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      if (options.snapshotName !== null)
        await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(options.snapshotName)}`);
      for (let table = waiting.shift(); table !== undefined && !signal.aborted; table = waiting.shift()) {
        await readApart(client, table, () => readTable(client, table, records.get(table.stream), chunks, signal));
      }
    } finally {
      await client.end();
    }
  };
  /** A table that cannot be read fails alone; a connection that breaks is the failure of all. */
  const readApart = async (client: pg.Client, table: SourceTable, read: () => Promise<void>): Promise<void> => {
    await client.query("SAVEPOINT one_table");
    try {
      await read();
      await client.query("RELEASE SAVEPOINT one_table");
    } catch (error) {
      const failure = tableFailure(error);
      if (failure === null) throw error;
      await client.query("ROLLBACK TO SAVEPOINT one_table");
      await chunks.drop(table.stream);
      host.logger.warn("a table could not be read; the others go on", { stream: table.stream, kind: failure.kind });
      await host.setStreamState(table.stream, "failed", failure);
    }
  };
  const readers = Array.from({ length: options.parallel }, reader);
  const ended = await Promise.allSettled(readers);
  await chunks.settled();
  const failed = ended.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  if (!signal.aborted) await chunks.flush();
}

/** Whether its rows have to be read before changes flow; one that is read again beside the stream does not wait here. */
export function isUnread(record: StreamRecord | undefined): boolean {
  if (record === undefined || record.state === "waiting") return true;
  return record.state === "snapshotting" && !isReadAgain(record);
}

export function isReadAgain(record: StreamRecord): boolean {
  return record.state === "snapshotting" && record.cursor !== null && parseCursor(record.cursor).since !== undefined;
}

async function readTable(
  client: pg.Client,
  table: SourceTable,
  record: StreamRecord | undefined,
  chunks: SnapshotChunks,
  signal: AbortSignal,
): Promise<void> {
  const cursor = record?.cursor ?? null;
  const after = cursor === null ? null : parseCursor(cursor).after;
  const part = chunks.table(table, record?.rowsRead ?? 0, record?.schema.version ?? 1);
  const rows = client.query(copyTo(copySql(table, { after })));
  const reader = copyRowReader(
    table.columns.map((column) => column.name),
    table.key,
    part.row,
  );
  for await (const chunk of rows) {
    if (signal.aborted) {
      rows.destroy();
      return;
    }
    reader.push(chunk as Buffer);
    await part.flushIfFull();
  }
  await part.done();
}

interface TablePart {
  readonly row: (key: string | null, payload: string) => void;
  flushIfFull(): Promise<void>;
  done(): Promise<void>;
}

interface SnapshotChunks {
  table(table: SourceTable, rowsBefore: number, version: number): TablePart;
  flush(): Promise<void>;
  /** Forgets progress of a stream that is not committed yet, after what is being committed is in. */
  drop(stream: string): Promise<void>;
  settled(): Promise<void>;
}

/**
 * Collects rows of all tables into chunks, so that a hundred small tables are one commit. A table without a key has no place
 * to resume at: its rows stay together in one chunk of their own.
 */
function snapshotChunks(host: CaptureHost, options: SnapshotOptions): SnapshotChunks {
  const readAt = BigInt(host.clock.now().getTime()) * 1000n;
  let batch = envelopeBatch();
  let progress = new Map<string, SnapshotProgress>();
  let committing: Promise<unknown> = Promise.resolve();

  const commit = async (rows: ReturnType<typeof envelopeBatch>, saved: readonly SnapshotProgress[]): Promise<void> => {
    // One chunk is committed while the next one fills.
    await committing;
    committing = host.commit({
      input: { from: "columns", columns: rows.columns },
      counts: rows.counts(),
      bytes: rows.size,
      position: options.position,
      progress: saved,
    });
    committing.catch(() => undefined);
  };
  const flush = async (): Promise<void> => {
    if (progress.size === 0) return;
    const rows = batch;
    const saved = [...progress.values()];
    batch = envelopeBatch();
    progress = new Map();
    await commit(rows, saved);
  };

  return {
    table(table, rowsBefore, version) {
      const keyed = table.key.length > 0;
      const own = keyed ? null : envelopeBatch();
      let rowsRead = rowsBefore;
      let lastKey: string | null = null;
      const note = (state: SnapshotProgress["state"]): SnapshotProgress => ({
        stream: table.stream,
        state,
        rowsRead,
        rowsExpected: table.estimatedRows === null ? null : Math.max(Math.round(table.estimatedRows), rowsRead),
        cursor: cursorText(options.system, state === "streaming" ? null : lastKey),
      });
      return {
        row(key, payload) {
          rowsRead += 1;
          lastKey = key;
          (own ?? batch).add(table.stream, "r", key, payload, null, readAt, options.position, version);
        },
        async flushIfFull() {
          if (!keyed) return;
          if (lastKey !== null) progress.set(table.stream, note("snapshotting"));
          if (batch.rows >= options.chunkRows || batch.size >= options.chunkBytes) await flush();
        },
        async done() {
          if (options.sweep !== null)
            (own ?? batch).add(table.stream, "t", null, null, null, readAt, options.sweep, version);
          if (own !== null) return commit(own, [note("streaming")]);
          progress.set(table.stream, note("streaming"));
          if (batch.rows >= options.chunkRows || batch.size >= options.chunkBytes) await flush();
        },
      };
    },
    async flush() {
      await flush();
      await committing;
    },
    async drop(stream) {
      progress.delete(stream);
      await committing;
    },
    async settled() {
      await committing.catch(() => undefined);
    },
  };
}
