import { MINUTE, PlatformError } from "@nova/pipeline-core/kernel";
import type { SourceRows } from "@nova/pipeline-core/connectors";
import { salesforceFailure } from "./failure.ts";
import { pageRows, selectSql, waitForJob } from "./full-load.ts";
import { DELETES_EVERY } from "./read-changes.ts";
import { readById } from "./read-by-id.ts";
import { type BulkPage, openSession, type SalesforceSession, type SessionOptions } from "./session.ts";

/** A comparison leaves this much of the day's requests to capture and to others. */
const RESERVE = 0.3;

/** What is only compared takes no place among what is stored. */
const EPOCH = new Date(0);

/**
 * Every live record of an object by one bulk job, or some of them by id. A record that was purged from the recycle bin is in
 * neither: the comparison finds it as extra, and its repair as gone.
 */
export function salesforceRows(
  options: Omit<SessionOptions, "reserve"> & {
    readonly pageRecords: number;
    readonly deletesWithinMillis?: number;
  },
): SourceRows {
  return {
    complete: () => true,
    tells: "rows",
    // The delete log is asked so often and speaks of whole minutes.
    deletesWithinMillis: options.deletesWithinMillis ?? DELETES_EVERY + MINUTE,
    async *rows(schema, keys, signal) {
      try {
        const session = await openSession({ ...options, reserve: RESERVE }, signal);
        if (keys !== null) {
          yield (await readById(session, schema, keys, EPOCH)).batch.columns;
          return;
        }
        const jobId = await session.createQueryJob(selectSql(schema), "query");
        try {
          await waitForJob(session, jobId, schema.stream, signal);
          for await (const page of pagesOf(session, jobId, schema.stream, options.pageRecords)) {
            signal.throwIfAborted();
            yield (await pageRows(page, schema)).columns;
          }
        } finally {
          if (!signal.aborted) await session.deleteJob(jobId);
        }
      } catch (error) {
        throw salesforceFailure(error);
      }
    },
  };
}

async function* pagesOf(
  session: SalesforceSession,
  jobId: string,
  object: string,
  pageRecords: number,
): AsyncGenerator<BulkPage> {
  let locator: string | null = null;
  do {
    const page: BulkPage | "lost" = await session.jobPage(jobId, locator, pageRecords);
    if (page === "lost")
      throw new PlatformError("source-unreachable", `Salesforce lost the bulk results of ${object}: compare again`);
    yield page;
    locator = page.nextLocator;
  } while (locator !== null);
}
