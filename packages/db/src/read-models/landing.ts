import type { Pool } from "pg";

/** Runs of a dataset within one span of time, by how long their data took to land. */
export interface LandingPoint {
  /** Start of the span. */
  readonly at: Date;
  readonly runs: number;
  /** Seconds from the end of the data a run published to its publication. */
  readonly medianSeconds: number;
  readonly worstSeconds: number;
}

export interface Landing {
  /** Length of a span: a day, or shorter while less than that is known. */
  readonly spanSeconds: number;
  readonly targetLagSeconds: number;
  /** Oldest first; spans without a run are left out. */
  readonly points: readonly LandingPoint[];
}

const DAYS = 30;

/** Landing times of a dataset: whether its runs drift towards the target lag before they pass it. */
export function landingReadModel(pool: Pick<Pool, "query">) {
  return {
    /** The last 30 days; backfills do old days again and are left out. Null when there is no such dataset. */
    async ofDataset(dataset: string, now: Date): Promise<Landing | null> {
      const { rows } = await pool.query<{
        spanSeconds: number;
        targetLagSeconds: number;
        points: readonly (Omit<LandingPoint, "at"> & { at: string })[];
      }>(
        `WITH landed AS (
           SELECT s.ended_at, greatest(0, extract(epoch FROM s.ended_at - s.through_after))::float8 AS seconds
             FROM steps s JOIN runs r ON r.id = s.run_id
            WHERE s.dataset = $1 AND s.started_at > $2::timestamptz - make_interval(days => ${DAYS}) AND s.state = 'succeeded'
              AND s.through_after IS NOT NULL AND r.trigger <> 'backfill'),
         span AS (
           SELECT CASE WHEN max(ended_at) - min(ended_at) > interval '3 days' THEN interval '1 day'
                       WHEN max(ended_at) - min(ended_at) > interval '6 hours' THEN interval '1 hour' ELSE interval '5 minutes' END AS length FROM landed),
         points AS (
           SELECT date_bin(span.length, ended_at, 'epoch') AS at, count(*)::int AS runs, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median, max(seconds) AS worst
             FROM landed CROSS JOIN span GROUP BY 1)
         SELECT extract(epoch FROM span.length)::float8 AS "spanSeconds", d.target_lag_seconds AS "targetLagSeconds",
                (SELECT coalesce(jsonb_agg(jsonb_build_object('at', at, 'runs', runs, 'medianSeconds', median, 'worstSeconds', worst) ORDER BY at), '[]') FROM points) AS points
           FROM datasets d CROSS JOIN span WHERE d.name = $1`,
        [dataset, now],
      );
      const [row] = rows;
      return row === undefined
        ? null
        : { ...row, points: row.points.map((point) => ({ ...point, at: new Date(point.at) })) };
    },
  };
}
