import type { CaptureHost, SnapshotProgress, StreamRecord } from "@nova/pipeline-core/connectors";
import { envelopeBatch } from "@nova/pipeline-core/lakehouse";
import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { SourceTable } from "./catalog.ts";
import { copyRowReader } from "./copy-rows.ts";
import { connectSession, quoteIdentifier, quoteLiteral } from "./session.ts";
import { cursorText, parseCursor } from "./snapshot-cursor.ts";

export interface SnapshotOptions {
  readonly connectionString: string;
  readonly system: string;
  /** Position of every snapshot row: the slot's consistent point, so that streamed changes always win. */
  readonly position: string;
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
        await readTable(client, table, records.get(table.stream), chunks, signal);
      }
    } finally {
      await client.end();
    }
  };
  const readers = Array.from({ length: options.parallel }, reader);
  const ended = await Promise.allSettled(readers);
  await chunks.settled();
  const failed = ended.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  if (!signal.aborted) await chunks.flush();
}

export function isUnread(record: StreamRecord | undefined): boolean {
  return record === undefined || record.state === "waiting" || record.state === "snapshotting";
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
  const rows = client.query(copyTo(copySql(table, after)));
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

/** In key order, so that the last key of a chunk says where the next read goes on. `ONLY`: children are streams of their own. */
function copySql(table: SourceTable, after: Readonly<Record<string, string>> | null): string {
  const keys = table.key.map(quoteIdentifier).join(", ");
  const conditions: string[] = [];
  if (table.rowFilter !== null) conditions.push(`(${table.rowFilter})`);
  if (after !== null && table.key.length > 0) {
    const values = table.key.map((name) => {
      const type = table.columns.find((column) => column.name === name)?.sourceType ?? "text";
      return `${quoteLiteral(after[name] ?? "")}::${type}`;
    });
    conditions.push(`ROW(${keys}) > ROW(${values.join(", ")})`);
  }
  const columns = table.columns.map((column) => quoteIdentifier(column.name)).join(", ");
  const from = `${table.partitioned ? "" : "ONLY "}${quoteIdentifier(table.schema)}.${quoteIdentifier(table.table)}`;
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const order = table.key.length === 0 ? "" : ` ORDER BY ${keys}`;
  return `COPY (SELECT ${columns} FROM ${from}${where}${order}) TO STDOUT`;
}

interface TablePart {
  readonly row: (key: string | null, payload: string) => void;
  flushIfFull(): Promise<void>;
  done(): Promise<void>;
}

interface SnapshotChunks {
  table(table: SourceTable, rowsBefore: number, version: number): TablePart;
  flush(): Promise<void>;
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
    async settled() {
      await committing.catch(() => undefined);
    },
  };
}
