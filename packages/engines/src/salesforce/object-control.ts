import { PlatformError } from "@nova/pipeline-core/kernel";
import type { CaptureBatch, CaptureHost, RowKey, StreamRecord, StreamRequest } from "@nova/pipeline-core/connectors";
import { type EnvelopeBatch, envelopeBatch } from "@nova/pipeline-core/lakehouse";
import { z } from "zod";
import { atLeast, lostPlace, pageRows, selectSql } from "./full-load.ts";
import { type IncrementalCursor, isReadAgain, parseCursor } from "./object-cursor.ts";
import { againBase, againPosition } from "./object-rows.ts";
import { readById } from "./read-by-id.ts";
import { furthestDelete } from "./read-changes.ts";
import type { SalesforceSession } from "./session.ts";

export interface ObjectControlOptions {
  readonly session: SalesforceSession;
  readonly pageRecords: number;
  readonly position: () => Promise<string>;
}

/**
 * What people ask of single objects while all of them are read: reading one again, or just some records. It goes on page by
 * page between the polls, so that changes keep flowing; where it stands is part of the object's cursor.
 */
export interface ObjectControl {
  /** Looks at what is asked and does the next page of what is being read; whether there is more to do at once. */
  tend(): Promise<boolean>;
}

/** More records than these are read as the whole object. */
const MOST_KEYS = 2_000;

export function objectControl(host: CaptureHost, options: ObjectControlOptions): ObjectControl {
  const { session, pageRecords, position } = options;

  const commit = async (batch: EnvelopeBatch, progress: CaptureBatch["progress"] = []): Promise<void> => {
    await host.commit({
      input: { from: "columns", columns: batch.columns },
      counts: batch.counts(),
      bytes: batch.size,
      position: await position(),
      progress,
    });
  };
  const begin = async (record: StreamRecord, cursor: IncrementalCursor, request: string): Promise<void> => {
    const startedAt = host.clock.now().toISOString();
    const rowsExpected = await session.count(record.stream);
    const jobId = await session.createQueryJob(selectSql(record.schema));
    const again = { jobId, locator: null, startedAt, request, ended: false };
    await commit(envelopeBatch(), [progressOf(record, { ...cursor, again }, 0, rowsExpected)]);
  };
  const whole = async (records: readonly StreamRecord[], request: StreamRequest): Promise<void> => {
    for (const record of records) {
      const cursor = parseCursor(record.cursor);
      if (cursor?.phase === "incremental") await begin(record, cursor, request.id);
    }
  };
  const some = async (record: StreamRecord, request: StreamRequest, keys: readonly RowKey[]): Promise<void> => {
    const { batch, found, gone } = await readById(session, record.schema, keys, host.clock.now());
    await commit(batch);
    const message = `${found} records read again, ${gone} no longer in the source`;
    await host.settleRequest(request.id, { state: "done", message });
  };

  const pause = async (record: StreamRecord, request: StreamRequest): Promise<void> => {
    await host.setStreamState(record.stream, "paused");
    const message = `changes of ${record.stream} are not taken until it is resumed; the other objects are polled on`;
    await host.settleRequest(request.id, { state: "done", message });
  };
  /** The cursor stands where the object was paused: the next poll goes on there. Only what no log tells any more is read again. */
  const resume = async (record: StreamRecord, request: StreamRequest): Promise<void> => {
    const cursor = parseCursor(record.cursor);
    const polled = cursor?.phase === "incremental" ? cursor : null;
    if (polled !== null && Date.parse(polled.deletesSince) <= furthestDelete(host.clock.now()))
      return begin(record, polled, request.id);
    await host.setStreamState(record.stream, polled === null ? "waiting" : "streaming");
    const message =
      polled === null
        ? `the records of ${record.stream} are read from the start`
        : `changes of ${record.stream} since ${polled.since} are read at the next poll`;
    await host.settleRequest(request.id, { state: "done", message });
  };

  const act = async (request: StreamRequest, records: readonly StreamRecord[]): Promise<void> => {
    const named = records.filter(({ stream }) => request.stream === null || request.stream === stream);
    const [record] = named;
    const refuse = (why: string): Promise<void> =>
      host.settleRequest(request.id, { state: "failed", message: `nothing to ${request.action}: ${why}` });
    if (record === undefined) return refuse("there is no such object");
    if (request.action === "pause") return pause(record, request);
    if (request.action === "resume") return resume(record, request);
    if (named.some((each) => parseCursor(each.cursor)?.phase !== "incremental"))
      return refuse("its records are being read for the first time");
    switch (request.action) {
      case "resync":
        return whole(named, request);
      case "repair":
        return (request.keys ?? []).length > MOST_KEYS
          ? whole(named, request)
          : some(record, request, request.keys ?? []);
      case "replay": {
        const keys = await refusedKeys(host, record);
        return keys === null ? whole(named, request) : some(record, request, keys);
      }
    }
  };

  const nextPage = async (record: StreamRecord, cursor: IncrementalCursor): Promise<boolean> => {
    const { again } = cursor;
    if (again === undefined || again.ended) return false;
    switch (await session.jobState(again.jobId)) {
      case "running":
        return false;
      case "gone":
        await begin(record, cursor, again.request);
        return true;
      case "failed": {
        const message = `Salesforce gave up the bulk job for ${record.stream}`;
        await host.settleRequest(again.request, { state: "failed", message });
        const { again: _, ...plain } = cursor;
        await commit(envelopeBatch(), [progressOf(record, plain, record.rowsRead, record.rowsExpected)]);
        return true;
      }
      case "complete":
    }
    const startedAt = new Date(again.startedAt);
    const page = await session.jobPage(again.jobId, again.locator, pageRecords);
    if (page === "lost") {
      await begin(record, cursor, again.request);
      throw lostPlace(record.stream);
    }
    const batch = await pageRows(page, record.schema, (modified, id) => againPosition(modified, id, startedAt));
    const rowsRead = (again.locator === null ? 0 : record.rowsRead) + batch.rows;
    const ended = page.nextLocator === null;
    // What stands before the read and was not told again is no longer in the source.
    const sweptAt = BigInt(startedAt.getTime()) * 1000n;
    if (ended) batch.add(record.stream, "t", null, null, null, sweptAt, againBase(startedAt), record.schema.version);
    const next = { ...cursor, again: { ...again, locator: page.nextLocator, ended } };
    await commit(batch, [progressOf(record, next, rowsRead, atLeast(record.rowsExpected, rowsRead))]);
    if (ended) await session.deleteJob(again.jobId);
    return !ended;
  };

  return {
    async tend() {
      let records = await host.streams();
      const readingFor = (request: StreamRequest) =>
        records
          .filter((record) => againOf(record)?.request === request.id)
          .map((record) => ({ record, again: againOf(record) }));
      for (const request of await host.requests()) {
        const reading = readingFor(request);
        if (reading.length === 0) {
          await act(request, records);
          records = await host.streams();
        } else if (reading.every(({ again }) => again?.ended === true)) {
          const rows = reading.reduce((sum, { record }) => sum + record.rowsRead, 0);
          const message = `${rows} records read again; what is no longer in the source is marked deleted`;
          await host.settleRequest(request.id, { state: "done", message });
        }
      }
      let more = false;
      for (const record of records.filter(({ state }) => state !== "paused")) {
        const cursor = parseCursor(record.cursor);
        if (cursor?.phase === "incremental") more = (await nextPage(record, cursor)) || more;
      }
      return more;
    },
  };
}

function againOf(record: StreamRecord): IncrementalCursor["again"] {
  const cursor = parseCursor(record.cursor);
  return cursor?.phase === "incremental" ? cursor.again : undefined;
}

function progressOf(
  { stream }: StreamRecord,
  cursor: IncrementalCursor,
  rowsRead: number,
  rowsExpected: number | null,
) {
  const state = isReadAgain(cursor) ? ("snapshotting" as const) : ("streaming" as const);
  return { stream, state, rowsRead, rowsExpected, cursor: JSON.stringify(cursor) };
}

/** Ids of an object's rows in quarantine; null when not all of them are known. */
async function refusedKeys(host: CaptureHost, { stream }: StreamRecord): Promise<RowKey[] | null> {
  const { rows, complete } = await host.refused({ stream });
  if (!complete) return null;
  const ids = new Set<string>();
  for (const { payload } of rows) {
    const row = z.object({ Id: z.string() }).safeParse(JSON.parse(payload));
    if (!row.success) throw new PlatformError("internal", `${stream}: a quarantined row has no Id`);
    ids.add(row.data.Id);
  }
  return ids.size === 0 || ids.size > MOST_KEYS ? null : [...ids].map((Id) => ({ Id }));
}
