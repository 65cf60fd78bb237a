import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import type { CaptureHost, StreamRecord, StreamSchema } from "@nova/pipeline-core/connectors";
import { type EnvelopeBatch, envelopeBatch } from "@nova/pipeline-core/lakehouse";
import { readCsv } from "./csv-records.ts";
import type { ObjectCursor } from "./object-cursor.ts";
import { addRecord } from "./object-rows.ts";
import type { BulkPage, SalesforceSession } from "./session.ts";

const JOB_POLL = 1 * SECOND;
/** Some milliseconds of work. */
const RECORDS_A_TURN = 500;

export interface FullLoad {
  readonly host: CaptureHost;
  readonly session: SalesforceSession;
  readonly record: StreamRecord;
  readonly cursor: ObjectCursor | null;
  readonly pageRecords: number;
  /** The source's position for the next commit. */
  readonly position: () => Promise<string>;
}

/**
 * Reads every record of an object by a Bulk API 2.0 job (without ORDER BY, so that Salesforce can chunk it). Each page is
 * committed with the locator of the next one: a restart goes on at that page of the same job.
 */
export async function fullLoad(load: FullLoad, signal: AbortSignal): Promise<void> {
  const { host, session, record } = load;
  const object = record.stream;
  const goesOn = load.cursor?.phase === "full" && (await session.jobState(load.cursor.jobId)) !== "gone";
  const rowsExpected = goesOn ? record.rowsExpected : await session.count(object);
  let cursor = goesOn && load.cursor?.phase === "full" ? load.cursor : await startJob(load, rowsExpected);
  await waitForJob(session, cursor.jobId, object, signal);
  let rowsRead = cursor.locator === null ? 0 : record.rowsRead;
  while (!signal.aborted) {
    const page = await session.jobPage(cursor.jobId, cursor.locator, load.pageRecords);
    if (page === "lost") {
      await startJob(load, rowsExpected);
      throw lostPlace(object);
    }
    const batch = await pageRows(page, record.schema);
    rowsRead += batch.rows;
    const last = page.nextLocator === null;
    const next: ObjectCursor = last
      ? { phase: "incremental", since: cursor.startedAt, deletesSince: cursor.startedAt }
      : { ...cursor, locator: page.nextLocator };
    await host.commit({
      input: { from: "columns", columns: batch.columns },
      counts: batch.counts(),
      bytes: page.csv.length,
      position: await load.position(),
      progress: [
        {
          stream: object,
          state: last ? "streaming" : "snapshotting",
          rowsRead,
          rowsExpected: atLeast(rowsExpected, rowsRead),
          cursor: JSON.stringify(next),
        },
      ],
    });
    if (next.phase === "incremental") {
      await session.deleteJob(cursor.jobId);
      return;
    }
    cursor = next;
  }
}

/** Salesforce counts live records, and reads what lies in the recycle bin too. */
export function atLeast(rowsExpected: number | null, rowsRead: number): number | null {
  return rowsExpected === null ? null : Math.max(rowsExpected, rowsRead);
}

/** Told after the job was begun anew; the wait before the next run keeps this from going round in circles. */
export function lostPlace(object: string): PlatformError {
  return new PlatformError(
    "source-unreachable",
    `Salesforce: the place in the bulk results of ${object} is lost; its records are read again from the first`,
  );
}

/**
 * Records of a page of bulk results, as rows; others get their turn in between. Throws `source-unreachable` when not all of
 * the page came.
 */
export async function pageRows(
  { csv, records }: Pick<BulkPage, "csv" | "records">,
  schema: Pick<StreamSchema, "stream" | "version">,
  position?: (modified: string, id: string) => string,
): Promise<EnvelopeBatch> {
  const batch = envelopeBatch();
  let names: readonly string[] | null = null;
  let broken: unknown = null;
  try {
    for (const fields of readCsv(csv)) {
      if (names === null) {
        names = fields;
        continue;
      }
      const values = fields.map((field) => (field === "" ? null : field));
      addRecord(batch, schema.stream, schema.version, "r", names, values, position);
      if (batch.rows % RECORDS_A_TURN === 0) await nextTurn();
    }
  } catch (error) {
    if (records === null || batch.rows >= records) throw error;
    broken = error;
  }
  if (records !== null && records !== batch.rows)
    throw new PlatformError(
      "source-unreachable",
      `Salesforce: a page of ${schema.stream} came with ${batch.rows} of its ${records} records`,
      { cause: broken },
    );
  return batch;
}

/** Every field of an object that capture reads. */
export function selectSql(schema: StreamSchema): string {
  return `SELECT ${schema.columns.map((column) => column.name).join(", ")} FROM ${schema.stream}`;
}

async function startJob(
  load: FullLoad,
  rowsExpected: number | null,
): Promise<Extract<ObjectCursor, { phase: "full" }>> {
  const { host, record } = load;
  const startedAt = host.clock.now().toISOString();
  const jobId = await load.session.createQueryJob(selectSql(record.schema));
  const cursor = { phase: "full", jobId, locator: null, startedAt } as const;
  const batch = envelopeBatch();
  await host.commit({
    input: { from: "columns", columns: batch.columns },
    counts: [],
    bytes: 0,
    position: await load.position(),
    progress: [
      { stream: record.stream, state: "snapshotting", rowsRead: 0, rowsExpected, cursor: JSON.stringify(cursor) },
    ],
  });
  return cursor;
}

export async function waitForJob(
  session: Pick<SalesforceSession, "jobState">,
  jobId: string,
  object: string,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const state = await session.jobState(jobId);
    if (state === "complete") return;
    if (state !== "running")
      throw new PlatformError("source-unreachable", `Salesforce: the bulk job for ${object} ended as ${state}`);
    await sleep(JOB_POLL, undefined, { signal }).catch(() => undefined);
  }
}
