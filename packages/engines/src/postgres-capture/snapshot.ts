import { mkdir, rm } from "node:fs/promises";
import type { CaptureHost, StreamRecord } from "@nova/pipeline-core/connectors";
import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { SourceTable } from "./catalog.ts";
import { copyLineReader } from "./copy-lines.ts";
import { tableFailure } from "./failure.ts";
import { connectSession, quoteLiteral } from "./session.ts";
import { type PartReader, snapshotChunks } from "./snapshot-chunks.ts";
import { parseCursor } from "./snapshot-cursor.ts";
import { partsOf } from "./snapshot-parts.ts";
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
  /** Connections that read at the same time. */
  readonly parallel: number;
  /** Larger tables are read in ranges of their key of about this many rows, by several connections. */
  readonly partRows: number;
  readonly chunkRows: number;
  readonly chunkBytes: number;
  /** Where copied rows wait for their commit; emptied first, and gone in the end. */
  readonly folder: string;
}

/** Reads what was there before the stream begins, table by table, each chunk committed with the key it ends with. */
export async function readSnapshot(host: CaptureHost, options: SnapshotOptions, signal: AbortSignal): Promise<void> {
  const { folder } = options;
  // A run that died may have left rows of the source here.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await readTables(host, options, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readTables(host: CaptureHost, options: SnapshotOptions, signal: AbortSignal): Promise<void> {
  const chunks = snapshotChunks(host, options);
  const records = new Map(options.streams.map((record) => [record.stream, record]));
  // Largest first, so that no reader is left alone with the big one at the end.
  const tables = options.tables
    .filter((table) => isUnread(records.get(table.stream)))
    .sort((left, right) => (right.estimatedRows ?? 0) - (left.estimatedRows ?? 0));
  /** Parts of the table that is begun; the next one is cut when these are given away. */
  const waiting: { table: SourceTable; part: PartReader }[] = [];
  const next = async (client: pg.Client): Promise<{ table: SourceTable; part: PartReader } | undefined> => {
    for (;;) {
      const known = waiting.shift();
      if (known !== undefined) return known;
      const table = tables.shift();
      if (table === undefined) return undefined;
      const record = records.get(table.stream);
      const parts = await partsOf(client, table, record?.cursor ?? null, options.partRows);
      const readers = chunks.table(table, parts, record?.rowsRead ?? 0, record?.schema.version ?? 1);
      waiting.push(...readers.map((part) => ({ table, part })));
    }
  };

  const reader = async (): Promise<void> => {
    const client = await connectSession(options.connectionString, "snapshot");
    try {
      await client.query("SET jit = off");
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      if (options.snapshotName !== null)
        await client.query(`SET TRANSACTION SNAPSHOT ${quoteLiteral(options.snapshotName)}`);
      for (let given = await next(client); given !== undefined && !signal.aborted; given = await next(client)) {
        const { table, part } = given;
        await readApart(client, table, () => readPart(client, table, part, signal));
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

async function readPart(client: pg.Client, table: SourceTable, part: PartReader, signal: AbortSignal): Promise<void> {
  if (part.given === "up") return;
  const { after, through } = part;
  const rows = client.query(copyTo(copySql(table, { after, through, marked: true })));
  const reader = copyLineReader((lines) => part.lines(lines));
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
