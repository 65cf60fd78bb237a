import type { Db } from "../client.ts";

export interface WorkerFigures {
  readonly sources: readonly {
    id: string;
    state: string;
    rows: number;
    bytes: number;
    errors: number;
    lagSeconds: number | null;
    retainedBytes: number | null;
    slotState: string | null;
    streamsFailed: number;
    streamsPaused: number;
  }[];
  /** Runs that ended within the last hour. */
  readonly runs: readonly { pipeline: string; state: string; count: number; p50: number; p95: number }[];
  readonly datasets: readonly { name: string; ageSeconds: number; targetLagSeconds: number }[];
}

/** What `/metrics` exposes of the metadata store; three small queries per scrape. */
export async function readFigures(db: Pick<Db, "pool">, now: Date): Promise<WorkerFigures> {
  const [sources, runs, datasets] = await Promise.all([
    db.pool.query<WorkerFigures["sources"][number]>(
      `SELECT s.id, s.state, s.total_rows::float8 AS rows, s.total_bytes::float8 AS bytes, s.error_count::float8 AS errors, l.lag_seconds AS "lagSeconds",
              s.retained_bytes::float8 AS "retainedBytes", s.slot_state AS "slotState",
              (SELECT count(*)::int FROM streams t WHERE t.source_id = s.id AND t.state = 'failed') AS "streamsFailed",
              (SELECT count(*)::int FROM streams t WHERE t.source_id = s.id AND t.state = 'paused') AS "streamsPaused"
         FROM sources s LEFT JOIN LATERAL (SELECT lag_seconds FROM flow_samples WHERE source_id = s.id AND at > $1::timestamptz - interval '2 minutes' ORDER BY at DESC LIMIT 1) l ON true`,
      [now],
    ),
    db.pool.query<WorkerFigures["runs"][number]>(
      `SELECT pipeline, state, count(*)::float8 AS count,
              coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - started_at)), 0)::float8 AS p50,
              coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - started_at)), 0)::float8 AS p95
         FROM runs WHERE created_at > $1::timestamptz - interval '1 hour' AND ended_at IS NOT NULL GROUP BY 1, 2`,
      [now],
    ),
    db.pool.query<WorkerFigures["datasets"][number]>(
      `SELECT name, extract(epoch FROM $1::timestamptz - data_through)::float8 AS "ageSeconds", target_lag_seconds AS "targetLagSeconds" FROM datasets WHERE data_through IS NOT NULL`,
      [now],
    ),
  ]);
  return { sources: sources.rows, runs: runs.rows, datasets: datasets.rows };
}
