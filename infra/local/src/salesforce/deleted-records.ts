import { faultOf } from "./api-fault.ts";
import type { ObjectName } from "./objects.ts";
import type { RecordStore } from "./record-store.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** The API refuses to look further back than this. */
const FURTHEST_BACK = 30 * DAY;

const shown = (ms: number): string => new Date(ms).toISOString().replace("Z", "+0000");

function moment(name: string, text: string | undefined): number {
  const at = Date.parse(text ?? "");
  if (Number.isNaN(at))
    throw faultOf("INVALID_REPLICATION_DATE", `${name} must be a date and time, like 2026-01-31T00:00:00Z`);
  return Math.floor(at / MINUTE) * MINUTE;
}

/**
 * Answers `getDeleted`. As at Salesforce the window is cut to whole minutes, `latestDateCovered` says how far the answer
 * really goes, and a window that starts before `earliestDateAvailable` may miss deletes: the caller has to resync.
 * `keptMs` is how long the delete log is kept.
 */
export function deletedRecords(
  store: RecordStore,
  object: ObjectName,
  window: { start?: string | undefined; end?: string | undefined },
  keptMs: number,
  now: number,
): object {
  const start = moment("start", window.start);
  const end = moment("end", window.end);
  if (end - start < MINUTE)
    throw faultOf("INVALID_REPLICATION_DATE", "endDate must be at least one minute greater than startDate");
  if (start > now) throw faultOf("INVALID_REPLICATION_DATE", "startDate cannot be later than the current time");
  if (start < now - FURTHEST_BACK)
    throw faultOf("INVALID_REPLICATION_DATE", "startDate before org replication enabled date");
  const earliest = now - keptMs;
  const latest = Math.min(end, Math.floor(now / MINUTE) * MINUTE);
  const found = store.deletions(object).filter(({ deletedDate }) => {
    const at = Date.parse(deletedDate);
    return at >= Math.max(start, earliest) && at < latest;
  });
  return {
    deletedRecords: found.map(({ id, deletedDate }) => ({ id, deletedDate: deletedDate.replace("Z", "+0000") })),
    earliestDateAvailable: shown(Math.floor(earliest / MINUTE) * MINUTE),
    latestDateCovered: shown(latest),
  };
}
