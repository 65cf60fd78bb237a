import type { Pool } from "pg";

/** What became of a dataset's steps in the runs made on one UTC day. */
export interface RunDay {
  readonly day: string;
  readonly succeeded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly rowsOut: number;
  /** Mean over the steps that succeeded or failed; null without one. */
  readonly meanSeconds: number | null;
  readonly longestSeconds: number;
}

/** Days of a dataset, newest first: of runs that are still there, and of those that are past their time and rolled up. */
export async function listRunDays(pool: Pick<Pool, "query">, dataset: string, limit: number): Promise<RunDay[]> {
  const { rows } = await pool.query<RunDay>(
    `WITH days AS (
       SELECT day, succeeded, failed, skipped, cancelled, rows_out, seconds, longest_seconds FROM dataset_run_days WHERE dataset = $1
       UNION ALL
       SELECT (r.created_at AT TIME ZONE 'UTC')::date, (s.state = 'succeeded')::int, (s.state = 'failed')::int, (s.state IN ('skipped', 'done-by-hand'))::int, (s.state = 'cancelled')::int,
              coalesce(s.rows_out, 0), coalesce(extract(epoch FROM s.ended_at - s.started_at), 0), coalesce(extract(epoch FROM s.ended_at - s.started_at), 0)
         FROM steps s JOIN runs r ON r.id = s.run_id WHERE s.dataset = $1 AND s.ended_at IS NOT NULL)
     SELECT to_char(day, 'YYYY-MM-DD') AS day, sum(succeeded)::float8 AS succeeded, sum(failed)::float8 AS failed, sum(skipped)::float8 AS skipped,
            sum(cancelled)::float8 AS cancelled, sum(rows_out)::float8 AS "rowsOut", (sum(seconds) / nullif(sum(succeeded + failed), 0))::float8 AS "meanSeconds",
            max(longest_seconds)::float8 AS "longestSeconds"
       FROM days GROUP BY days.day ORDER BY days.day DESC LIMIT $2`,
    [dataset, limit],
  );
  return rows;
}
