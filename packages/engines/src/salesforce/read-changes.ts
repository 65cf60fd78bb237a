import { DAY, MINUTE } from "@nova/pipeline-core/kernel";
import type { CaptureHost, SourceId, StreamRecord } from "@nova/pipeline-core/connectors";
import { envelopeBatch } from "@nova/pipeline-core/lakehouse";
import { type IncrementalCursor, isReadAgain } from "./object-cursor.ts";
import { addDeletion, addRecord, OVERLAP } from "./object-rows.ts";
import { fieldText } from "./object-schema.ts";
import type { SalesforceSession } from "./session.ts";

export interface ChangeRead {
  readonly source: SourceId;
  readonly host: CaptureHost;
  readonly session: SalesforceSession;
  readonly record: StreamRecord;
  readonly cursor: IncrementalCursor;
  readonly position: () => Promise<string>;
}

/** How often the delete log is asked; purged records show up nowhere else. */
export const DELETES_EVERY = 2 * MINUTE;
/** getDeleted refuses to look back further than 30 days. */
const FURTHEST_BACK = 29 * DAY;
/** The furthest that deletions can be asked for, in ms since 1970. */
export const furthestDelete = (now: Date): number => now.getTime() - FURTHEST_BACK;
/** Records of one commit, at least one page. */
const COMMIT_ROWS = 20_000;

/**
 * Reads what changed since the cursor. A change is (Id, SystemModstamp): those that came before are known to the ledger, so
 * the overlap doubles nothing.
 */
export async function readChanges(read: ChangeRead): Promise<void> {
  const { host, session, record, cursor } = read;
  const object = record.stream;
  const version = record.schema.version;
  const names = record.schema.columns.map((column) => column.name);
  let batch = envelopeBatch();
  let ids: string[] = [];
  let since = cursor.since;
  let deletesSince = cursor.deletesSince;

  const commit = async (): Promise<void> => {
    if (batch.rows === 0 && deletesSince === cursor.deletesSince) return;
    const rows = batch;
    const claimed = ids;
    batch = envelopeBatch();
    ids = [];
    await host.commit({
      input: { from: "columns", columns: rows.columns },
      counts: rows.counts(),
      bytes: rows.size,
      position: await read.position(),
      progress: [
        {
          stream: object,
          state: isReadAgain(cursor) ? "snapshotting" : "streaming",
          rowsRead: record.rowsRead,
          rowsExpected: record.rowsExpected,
          cursor: JSON.stringify({ ...cursor, since, deletesSince } satisfies IncrementalCursor),
        },
      ],
      within: (tx) =>
        claimed.length === 0 ? Promise.resolve() : host.deliveries.claim(tx, read.source, claimed, host.clock.now()),
    });
  };
  const unseen = async (candidates: readonly string[]): Promise<Set<string>> =>
    host.deliveries.unseen(read.source, candidates);

  const from = new Date(Date.parse(cursor.since) - OVERLAP).toISOString();
  const soql = `SELECT ${names.join(", ")} FROM ${object} WHERE SystemModstamp >= ${from} ORDER BY SystemModstamp ASC`;
  for await (const page of session.queryAll(soql)) {
    const rows = page.map((row) => names.map((name) => fieldText(row[name])));
    const idAt = names.indexOf("Id");
    const modifiedAt = names.indexOf("SystemModstamp");
    const changeIds = rows.map((row) => `${object}:${row[idAt]}:${row[modifiedAt]}`);
    const fresh = await unseen(changeIds);
    rows.forEach((row, index) => {
      const changeId = changeIds[index] ?? "";
      if (!fresh.delete(changeId)) return;
      ids.push(changeId);
      addRecord(batch, object, version, "u", names, row);
      const modified = row[modifiedAt] ?? since;
      if (modified > since) since = modified;
    });
    if (batch.rows >= COMMIT_ROWS) await commit();
  }
  const now = host.clock.now();
  if (now.getTime() - Date.parse(deletesSince) >= DELETES_EVERY) {
    const wanted = Date.parse(deletesSince) - OVERLAP;
    const furthest = new Date(Math.max(wanted, furthestDelete(now)));
    const answer = await session.deleted(object, furthest, now);
    if (answer.earliest.getTime() > wanted) {
      host.logger.warn("Salesforce no longer lists all deletes since the last look: purged records may be missed", {
        stream: object,
      });
    }
    const deletions = answer.records.map(({ id, deletedDate }) => ({
      id,
      deletedAt: new Date(deletedDate).toISOString(),
    }));
    const fresh = await unseen(deletions.map(({ id, deletedAt }) => `${object}:deleted:${id}:${deletedAt}`));
    for (const { id, deletedAt } of deletions) {
      const changeId = `${object}:deleted:${id}:${deletedAt}`;
      if (!fresh.delete(changeId)) continue;
      ids.push(changeId);
      addDeletion(batch, object, version, id, deletedAt);
    }
    deletesSince = answer.covered.toISOString() > deletesSince ? answer.covered.toISOString() : deletesSince;
  }
  await commit();
}
