import { isPlatformError, PlatformError } from "@nova/pipeline-core/kernel";
import type {
  CaptureHost,
  RowRange,
  SnapshotProgress,
  StreamRecord,
  StreamRequest,
} from "@nova/pipeline-core/connectors";
import type pg from "pg";
import { readTables, type SourceTable } from "./catalog.ts";
import { tableFailure } from "./failure.ts";
import { endBefore, type Lsn } from "./lsn.ts";
import type { PendingChanges } from "./pending-changes.ts";
import { KEEPALIVE, XLOG_HEADER_BYTES } from "./replication-stream.ts";
import { dropSession } from "./session.ts";
import { boundsOf, isWhole, keysOf, maySweep } from "./rows-asked.ts";
import { cursorText, parseCursor } from "./snapshot-cursor.ts";
import type { KeyValues } from "./table-sql.ts";
import { readChunk, takeWatermark, type WatermarkChunk } from "./watermark-read.ts";

/**
 * Reads tables again while their changes stream, chunk by chunk, one table at a time. A chunk's rows are put into the
 * stream exactly at the low watermark taken before its read: the stream waits there until they are in hand. So raw holds
 * them in the order of the source, changes that commit behind the mark come after them, and unchanged wide values find
 * their base. What an earlier capture left and the source no longer has is swept when the last chunk is in.
 */
export interface ReadAgainQueue {
  add(stream: string, how: { readonly from?: StreamRecord }): void;
  /** Reads these streams for a request, which is settled when the last one is stored. */
  request(request: StreamRequest, records: readonly StreamRecord[]): Promise<void>;
  remove(stream: string): Promise<void>;
  /** Begins the next chunk when none is being read. */
  tend(): Promise<void>;
  waitsBefore(message: Buffer): boolean;
  place(): Promise<void>;
  taken(): () => Promise<void>;
  close(): void;
}

export interface ReadAgainOptions {
  readonly catalog: pg.Client;
  readonly connect: () => Promise<pg.Client>;
  readonly publication: string;
  readonly system: string;
  /** From here on changes of the stream are taken. */
  readonly begun: (stream: string) => void;
  readonly failed: (stream: string, failure: PlatformError) => Promise<void>;
}

interface Reading {
  readonly stream: string;
  /** As the last chunk found it; null before the first. */
  oid: number | null;
  readonly jobs: Set<Job>;
  after: string | null;
  since: string | null;
  rowsRead: number;
  limit: number;
  /** Just these rows; null = the whole table. */
  only: readonly KeyValues[] | null;
  /** Just the rows between these keys; null = the whole table. */
  range: RowRange | null;
}

interface Job {
  readonly request: StreamRequest;
  left: number;
  rows: number;
  gone: number;
  readonly failures: string[];
}

interface EndedPart {
  readonly job: Job;
  readonly failure: string | null;
}

interface Flight {
  readonly reading: Reading;
  readonly lsn: Lsn;
  readonly result: Promise<
    { readonly table: SourceTable; readonly chunk: WatermarkChunk } | { readonly failure: unknown }
  >;
}

const FIRST_LIMIT = 1_000;
const MOST_ROWS = 10_000;
const MOST_BYTES = 8 * 1024 * 1024;

export function readAgainQueue(host: CaptureHost, pending: PendingChanges, options: ReadAgainOptions): ReadAgainQueue {
  const queue: Reading[] = [];
  let flight: Flight | null = null;
  let client: pg.Client | null = null;
  /** Parts whose last rows are pending: settled when those are stored. */
  let finished: EndedPart[] = [];

  const enqueue = (reading: Reading): Reading => {
    queue.push(reading);
    return reading;
  };
  const add = (stream: string, from?: StreamRecord): Reading => {
    const known = queue.find((reading) => reading.stream === stream && isWhole(reading));
    if (known !== undefined) return known;
    const cursor = from?.cursor === undefined || from.cursor === null ? null : parseCursor(from.cursor);
    const goesOn = from !== undefined && cursor?.since !== undefined;
    return enqueue({
      stream,
      oid: null,
      jobs: new Set(),
      after: goesOn && cursor.after !== null ? JSON.stringify(cursor.after) : null,
      since: goesOn ? (cursor.since ?? null) : null,
      rowsRead: goesOn ? from.rowsRead : 0,
      limit: FIRST_LIMIT,
      only: null,
      range: null,
    });
  };
  const end = (reading: Reading, failure: string | null): EndedPart[] => {
    const at = queue.indexOf(reading);
    if (at >= 0) queue.splice(at, 1);
    return [...reading.jobs].map((job) => ({ job, failure }));
  };
  const settle = async (ended: readonly EndedPart[]): Promise<void> => {
    for (const { job, failure } of ended) {
      job.left -= 1;
      if (failure !== null) job.failures.push(failure);
      if (job.left > 0) continue;
      await host.settleRequest(job.request.id, {
        state: job.failures.length > 0 ? "failed" : "done",
        message:
          job.failures.length > 0
            ? job.failures.join("; ")
            : `${job.rows} rows read again, ${job.gone} no longer in the source`,
      });
    }
  };
  const disconnect = (): void => {
    if (client !== null) dropSession(client);
    client = null;
  };
  const published = async (session: pg.Client, stream: string, oid: number | null): Promise<SourceTable | undefined> =>
    (await readTables(session, options.publication, oid)).find((table) => table.stream === stream);
  const read = async (session: pg.Client, reading: Reading): Promise<Awaited<Flight["result"]>> => {
    try {
      // A table that was made anew has another number.
      const table =
        (reading.oid === null ? undefined : await published(session, reading.stream, reading.oid)) ??
        (await published(session, reading.stream, null));
      if (table === undefined)
        throw new PlatformError(
          "source-misconfigured",
          `${reading.stream} is not in publication ${options.publication}: add it with ALTER PUBLICATION … ADD TABLE, then resync it`,
        );
      const after = reading.after === null ? null : (JSON.parse(reading.after) as KeyValues);
      return {
        table,
        chunk: await readChunk(session, table, { ...boundsOf(table, reading), after, limit: reading.limit }),
      };
    } catch (failure) {
      return { failure };
    }
  };
  const fail = async (reading: Reading, error: unknown): Promise<void> => {
    const failure = isPlatformError(error) ? error : tableFailure(error);
    if (failure === null) throw error;
    const ended = end(reading, `${reading.stream}: ${failure.message}`);
    // Some rows that cannot be read, by a key that is none, say nothing of the table.
    if (isWhole(reading)) await options.failed(reading.stream, failure);
    await settle(ended);
  };

  const insert = async ({ reading, lsn }: Flight, table: SourceTable, chunk: WatermarkChunk): Promise<void> => {
    const version = await pending.adopt(table);
    reading.oid = table.oid;
    reading.since ??= endBefore(lsn);
    reading.rowsRead += chunk.payloads.length;
    reading.after = chunk.keys.at(-1) ?? reading.after;
    const size = chunk.payloads.reduce((sum, payload) => sum + payload.length, 0);
    reading.limit = Math.max(
      1,
      Math.min(MOST_ROWS, Math.floor((MOST_BYTES * chunk.payloads.length) / Math.max(size, 1)) || MOST_ROWS),
    );
    if (isWhole(reading)) options.begun(reading.stream);
    const found = new Set(chunk.keys);
    const gone = (reading.only ?? []).map((key) => JSON.stringify(key)).filter((key) => !found.has(key));
    for (const job of reading.jobs) {
      job.rows += chunk.payloads.length;
      job.gone += gone.length;
    }
    pending.insert({
      stream: reading.stream,
      version,
      lsn,
      keys: chunk.keys,
      payloads: chunk.payloads,
      gone,
      sweepBefore: chunk.last && reading.only === null && maySweep(table, reading) ? reading.since : null,
      sweepRange: reading.range === null ? null : JSON.stringify(reading.range),
      progress: isWhole(reading) ? progressOf(reading, table, chunk.last) : null,
    });
    if (chunk.last) finished.push(...end(reading, null));
    // One chunk of each in turn: a few rows do not wait for a large table.
    else queue.push(...queue.splice(queue.indexOf(reading), 1));
  };
  const progressOf = (reading: Reading, table: SourceTable, last: boolean): SnapshotProgress => ({
    stream: reading.stream,
    state: last ? "streaming" : "snapshotting",
    rowsRead: reading.rowsRead,
    rowsExpected: table.estimatedRows === null ? null : Math.max(Math.round(table.estimatedRows), reading.rowsRead),
    cursor: last ? cursorText(options.system, null) : cursorText(options.system, reading.after, reading.since),
  });

  return {
    add: (stream, { from }) => void add(stream, from),
    async request(request, records) {
      const job: Job = { request, left: records.length, rows: 0, gone: 0, failures: [] };
      for (const record of records) {
        const only = await keysOf(host, request, record);
        const { range = null } = request;
        const reading =
          only === null && range === null
            ? add(record.stream, record)
            : enqueue({
                stream: record.stream,
                oid: null,
                jobs: new Set(),
                after: null,
                since: null,
                rowsRead: 0,
                limit: FIRST_LIMIT,
                only,
                range,
              });
        reading.jobs.add(job);
      }
    },
    async remove(stream) {
      if (flight?.reading.stream === stream) {
        flight = null;
        // Its read would go on, in a transaction that the next one's statements would fall into.
        disconnect();
      }
      const left = queue.filter((each) => each.stream === stream);
      await settle(left.flatMap((reading) => end(reading, `${stream} was paused meanwhile`)));
    },
    async tend() {
      if (flight !== null || pending.inTransaction) return;
      const [reading] = queue;
      if (reading === undefined) return disconnect();
      client ??= await options.connect();
      const lsn = await takeWatermark(client);
      flight = { reading, lsn, result: read(client, reading) };
    },
    waitsBefore(message) {
      if (flight === null || pending.inTransaction) return false;
      if (message[0] === KEEPALIVE) return message.readBigUInt64BE(1) >= flight.lsn;
      return message[XLOG_HEADER_BYTES] === 0x42 && message.readBigUInt64BE(XLOG_HEADER_BYTES + 1) >= flight.lsn;
    },
    async place() {
      const placed = flight;
      if (placed === null || client === null) return;
      flight = null;
      let result = await placed.result;
      // A transaction that we received is still invisible to the read for a moment: its rows would go back in time.
      while ("chunk" in result && pending.received(result.chunk.running)) result = await read(client, placed.reading);
      if ("failure" in result) return fail(placed.reading, result.failure);
      await insert(placed, result.table, result.chunk);
    },
    taken() {
      const ended = finished;
      finished = [];
      return () => settle(ended);
    },
    close: disconnect,
  };
}
