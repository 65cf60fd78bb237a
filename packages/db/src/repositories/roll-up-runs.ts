import type { Sql } from "./announce.ts";

const KEPT_FOR_SCHEDULE = "EXISTS (SELECT FROM dataset_schedules s WHERE s.run_id = runs.id)";

/**
 * Removes at most `limit` runs that are past their time, the oldest first, and adds their steps to the days of their
 * datasets, in one statement: a step is counted once, whether in its run or in its day; one done by hand wrote nothing and
 * counts as skipped. The last run of a schedule stays, and one that a person marked stays as long as a failed one.
 * Returns how many runs went.
 */
export async function rollUpRuns(
  sql: Sql,
  { succeededAfter, failedAfter }: { readonly succeededAfter: Date; readonly failedAfter: Date },
  limit: number,
): Promise<number> {
  const { rows } = await sql.query<{ runs: number }>(
    `WITH past AS (
       (SELECT id FROM runs WHERE state = 'succeeded' AND by_hand = 0 AND created_at < $1 AND NOT ${KEPT_FOR_SCHEDULE} ORDER BY created_at LIMIT $3)
       UNION ALL (SELECT id FROM runs WHERE state = 'failed' AND created_at < $2 AND NOT ${KEPT_FOR_SCHEDULE} ORDER BY created_at LIMIT $3)
       UNION ALL (SELECT id FROM runs WHERE state = 'succeeded' AND by_hand > 0 AND created_at < $2 AND NOT ${KEPT_FOR_SCHEDULE} ORDER BY created_at LIMIT $3)
       UNION ALL (SELECT id FROM runs WHERE state = 'cancelled' AND created_at < $2 AND NOT ${KEPT_FOR_SCHEDULE} ORDER BY created_at LIMIT $3)
       LIMIT $3),
     gone AS (DELETE FROM runs r USING past WHERE r.id = past.id RETURNING r.id, r.created_at),
     days AS (
       INSERT INTO dataset_run_days AS d (dataset, day, succeeded, failed, skipped, cancelled, rows_out, seconds, longest_seconds)
       SELECT s.dataset, (g.created_at AT TIME ZONE 'UTC')::date, count(*) FILTER (WHERE s.state = 'succeeded'), count(*) FILTER (WHERE s.state = 'failed'),
              count(*) FILTER (WHERE s.state IN ('skipped', 'done-by-hand')), count(*) FILTER (WHERE s.state = 'cancelled'), coalesce(sum(s.rows_out), 0),
              coalesce(sum(extract(epoch FROM s.ended_at - s.started_at)), 0), coalesce(max(extract(epoch FROM s.ended_at - s.started_at)), 0)
         FROM gone g JOIN steps s ON s.run_id = g.id GROUP BY 1, 2 ORDER BY 1, 2
       ON CONFLICT (dataset, day) DO UPDATE SET succeeded = d.succeeded + excluded.succeeded, failed = d.failed + excluded.failed,
              skipped = d.skipped + excluded.skipped, cancelled = d.cancelled + excluded.cancelled, rows_out = d.rows_out + excluded.rows_out,
              seconds = d.seconds + excluded.seconds, longest_seconds = greatest(d.longest_seconds, excluded.longest_seconds))
     SELECT count(*)::int AS runs FROM gone`,
    [succeededAfter, failedAfter, limit],
  );
  return rows[0]?.runs ?? 0;
}
