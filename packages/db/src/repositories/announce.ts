import { type Clock, EVENT_CHANNEL, type EventTopic, type PlatformEvent, SECOND } from "@nova/pipeline-core/kernel";
import type pg from "pg";

/** Anything that runs SQL: the pool, a client, or the transaction of a table commit. */
export interface Sql {
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/** Beyond this many things of one kind a call announces `*`: readers then refetch what they show of that kind. */
const MOST_IDS = 40;

/**
 * Tells listeners which things changed, in one statement. Inside a transaction PostgreSQL delivers at commit and drops
 * duplicates; an announcement of something that is rolled back is never sent.
 */
export async function announce(sql: Sql, topic: EventTopic, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const named = ids.length > MOST_IDS ? ["*"] : [...new Set(ids)];
  const payloads = named.map((id) => announcement(topic, id)[1]);
  await sql.query("SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload", [EVENT_CHANNEL, payloads]);
}

/** Channel and payload that announce one thing, for a statement that does so itself by `pg_notify`. */
export function announcement(topic: EventTopic, id: string): [channel: string, payload: string] {
  return [EVENT_CHANNEL, JSON.stringify({ topic, id } satisfies PlatformEvent)];
}

/**
 * For things that change many times a second (flow, log lines): announces each at most once a second. A change that is
 * held back is not lost to readers: the next one, or the end of the run, announces the same id.
 */
export function throttledAnnounce(clock: Clock): typeof announce {
  const last = new Map<string, number>();
  return async (sql, topic, ids) => {
    const now = clock.now().getTime();
    // A clock that was set back must not hold announcements back until it is where it was.
    const due = ids.filter((id) => Math.abs(now - (last.get(`${topic} ${id}`) ?? Number.NEGATIVE_INFINITY)) >= SECOND);
    for (const id of due) last.set(`${topic} ${id}`, now);
    // Runs come and go: what was quiet for a minute is forgotten.
    if (last.size > 5_000) for (const [key, at] of last) if (Math.abs(now - at) > 60 * SECOND) last.delete(key);
    await announce(sql, topic, due);
  };
}
