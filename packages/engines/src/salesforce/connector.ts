import { setTimeout as sleep } from "node:timers/promises";
import { MINUTE, SECOND } from "@nova/pipeline-core/kernel";
import type { CaptureHost, Connector, SourceId, StreamRecord } from "@nova/pipeline-core/connectors";
import { salesforceFailure } from "./failure.ts";
import { fullLoad } from "./full-load.ts";
import { type ObjectControl, objectControl } from "./object-control.ts";
import { salesforceRows } from "./object-copy.ts";
import { parseCursor } from "./object-cursor.ts";
import { type DescribedField, objectSchema } from "./object-schema.ts";
import { readChanges } from "./read-changes.ts";
import { openSession, type SalesforceCredentials } from "./session.ts";

export interface SalesforceConnectorOptions {
  readonly source: SourceId;
  readonly loginUrl: string;
  readonly credentials: SalesforceCredentials;
  readonly objects: readonly string[];
  readonly pollEveryMillis: number;
  /** Records of one bulk result page and commit; 25,000 by default. */
  readonly pageRecords?: number;
  /** For tests: how long a deletion may stay untold; see `SourceRows`. */
  readonly deletesWithinMillis?: number;
}

/** What a commit costs is shared by them; their text and rows, some 100 MB, are held at once. */
const PAGE_RECORDS = 25_000;
/** Fields come and go: objects are described anew so often. */
const DESCRIBE_EVERY = 15 * MINUTE;
const LOOK_EVERY = SECOND;

/** Reads Salesforce objects: all records once by bulk job, then what changed, at every poll. */
export function salesforceConnector(options: SalesforceConnectorOptions): Connector {
  const pageRecords = options.pageRecords ?? PAGE_RECORDS;
  const run = async (host: CaptureHost, signal: AbortSignal): Promise<void> => {
    const session = await openSession({ loginUrl: options.loginUrl, credentials: options.credentials }, signal);
    const position = sourcePosition(host);
    const control = objectControl(host, { session, pageRecords, position });
    let state: "snapshotting" | "streaming" | null = null;
    let describedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const startedAt = host.clock.now();
      if (startedAt.getTime() - describedAt >= DESCRIBE_EVERY) {
        await describeObjects(host, options.objects, async (object) => session.describe(object));
        describedAt = startedAt.getTime();
      }
      const records = await host.streams();
      const pending = options.objects
        .map((object) => records.find((record) => record.stream === object))
        .filter((record) => record !== undefined)
        .filter(({ state: its }) => its !== "paused");
      const wanted = pending.every((record) => parseCursor(record.cursor)?.phase === "incremental")
        ? "streaming"
        : "snapshotting";
      if (state !== wanted) await host.setState(wanted);
      state = wanted;
      for (const record of pending) {
        if (signal.aborted) return;
        const cursor = parseCursor(record.cursor);
        if (cursor?.phase === "incremental")
          await readChanges({ source: options.source, host, session, record, cursor, position });
        else await fullLoad({ host, session, record, cursor, pageRecords, position }, signal);
      }
      if (state === "snapshotting") continue;
      await host.dataThrough(startedAt);
      await tendUntilPoll(control, options.pollEveryMillis, signal);
    }
  };
  return {
    source: options.source,
    kind: "salesforce",
    rows: salesforceRows({ ...options, pageRecords }),
    run: (host, signal) =>
      run(host, signal).catch((error: unknown) => {
        if (signal.aborted) return;
        throw salesforceFailure(error);
      }),
  };
}

/** What people ask is looked at between polls; a page of it at a time, so that polls stay on time. */
async function tendUntilPoll(control: ObjectControl, pollEveryMillis: number, signal: AbortSignal): Promise<void> {
  const pollAt = performance.now() + pollEveryMillis;
  while (!signal.aborted) {
    const more = await control.tend();
    const left = pollAt - performance.now();
    if (left <= 0) return;
    if (!more) await sleep(Math.min(LOOK_EVERY, left), undefined, { signal }).catch(() => undefined);
  }
}

async function describeObjects(
  host: CaptureHost,
  objects: readonly string[],
  describe: (object: string) => Promise<{ name: string; label: string; fields: readonly unknown[] }>,
): Promise<StreamRecord[]> {
  const schemas = [];
  for (const object of objects) {
    const { name, label, fields } = await describe(object);
    schemas.push(objectSchema({ name, label, fields: fields as readonly DescribedField[] }, host.piiRule));
  }
  return host.saveStreamSchemas(schemas);
}

/** Objects have their own cursors; the source's position is the time of its newest commit, and never goes back. */
function sourcePosition(host: CaptureHost): () => Promise<string> {
  return async () => {
    const stored = await host.position();
    const now = host.clock.now().toISOString();
    return stored !== null && stored > now ? stored : now;
  };
}
