import { setTimeout as sleep } from "node:timers/promises";
import { MINUTE } from "@nova/pipeline-core/kernel";
import type { CaptureHost, Connector, SourceId, StreamRecord } from "@nova/pipeline-core/connectors";
import { salesforceFailure } from "./failure.ts";
import { fullLoad } from "./full-load.ts";
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
  /** Records of one bulk result page and commit; 10,000 by default. */
  readonly pageRecords?: number;
}

const PAGE_RECORDS = 10_000;
const OVERLAP = 2 * MINUTE;

/** Reads Salesforce objects: all records once by bulk job, then what changed, at every poll. */
export function salesforceConnector(options: SalesforceConnectorOptions): Connector {
  const run = async (host: CaptureHost, signal: AbortSignal): Promise<void> => {
    const session = await openSession({ loginUrl: options.loginUrl, credentials: options.credentials }, signal);
    const position = sourcePosition(host);
    await describeObjects(host, options.objects, async (object) => session.describe(object));
    let state: "snapshotting" | "streaming" | null = null;
    while (!signal.aborted) {
      const startedAt = host.clock.now();
      const records = await host.streams();
      const pending = options.objects
        .map((object) => records.find((record) => record.stream === object))
        .filter((record) => record !== undefined);
      const wanted = pending.every((record) => parseCursor(record.cursor)?.phase === "incremental")
        ? "streaming"
        : "snapshotting";
      if (state !== wanted) await host.setState(wanted);
      state = wanted;
      for (const record of pending) {
        if (signal.aborted) return;
        const cursor = parseCursor(record.cursor);
        if (cursor?.phase === "incremental")
          await readChanges({
            source: options.source,
            host,
            session,
            record,
            cursor,
            overlapMillis: OVERLAP,
            position,
          });
        else
          await fullLoad(
            { host, session, record, cursor, pageRecords: options.pageRecords ?? PAGE_RECORDS, position },
            signal,
          );
      }
      if (state === "snapshotting") continue;
      await host.dataThrough(startedAt);
      await sleep(options.pollEveryMillis, undefined, { signal }).catch(() => undefined);
    }
  };
  return {
    source: options.source,
    kind: "salesforce",
    run: (host, signal) =>
      run(host, signal).catch((error: unknown) => {
        if (signal.aborted) return;
        throw salesforceFailure(error);
      }),
  };
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
