import { setTimeout as sleep } from "node:timers/promises";
import { PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import type { CaptureHost, StreamRecord } from "@nova/pipeline-core/connectors";
import { envelopeBatch } from "@nova/pipeline-core/lakehouse";
import { readCsv } from "./csv-records.ts";
import type { ObjectCursor } from "./object-cursor.ts";
import { addRecord } from "./object-rows.ts";
import type { SalesforceSession } from "./session.ts";

const JOB_POLL = 1 * SECOND;

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
  let cursor =
    load.cursor?.phase === "full" && (await session.jobState(load.cursor.jobId)) !== "gone"
      ? load.cursor
      : await startJob(load);
  await waitForJob(session, cursor.jobId, object, signal);
  let rowsRead = cursor.locator === null ? 0 : record.rowsRead;
  while (!signal.aborted) {
    const page = await session.jobPage(cursor.jobId, cursor.locator, load.pageRecords);
    const batch = envelopeBatch();
    const names = columnNames(page.csv);
    readCsv(page.csv, (fields) =>
      addRecord(
        batch,
        object,
        record.schema.version,
        "r",
        names,
        fields.map((field) => (field === "" ? null : field)),
      ),
    );
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
          rowsExpected: null,
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

function columnNames(csv: string): readonly string[] {
  const end = csv.indexOf("\n");
  return readCsv(end < 0 ? csv : csv.slice(0, end + 1), () => undefined);
}

async function startJob(load: FullLoad): Promise<Extract<ObjectCursor, { phase: "full" }>> {
  const { host, record } = load;
  const startedAt = host.clock.now().toISOString();
  const fields = record.schema.columns.map((column) => column.name).join(", ");
  const jobId = await load.session.createQueryJob(`SELECT ${fields} FROM ${record.stream}`);
  const cursor = { phase: "full", jobId, locator: null, startedAt } as const;
  const batch = envelopeBatch();
  await host.commit({
    input: { from: "columns", columns: batch.columns },
    counts: [],
    bytes: 0,
    position: await load.position(),
    progress: [
      { stream: record.stream, state: "snapshotting", rowsRead: 0, rowsExpected: null, cursor: JSON.stringify(cursor) },
    ],
  });
  return cursor;
}

async function waitForJob(
  session: SalesforceSession,
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
