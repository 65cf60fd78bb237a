import type { Db } from "@nova/db/client";

/** Datasets by pipeline, as many as a house with a hundred tables has; a run takes one to four of its pipeline. */
const PIPELINES = 8;
const DATASETS_OF_ONE = 15;
/** Days the runs are spread over. */
const DAYS = 365;

/**
 * Fills the store with `runs` runs of the last year with their steps, attempts and log lines: most succeeded, three in a
 * hundred failed, one was cancelled, and the last few run.
 */
export async function seedRuns({ pool }: Pick<Db, "pool">, runs: number, now: Date): Promise<void> {
  await pool.query(
    `INSERT INTO datasets (name, layer, kind, description, owner, pipeline, key_columns, target_lag_seconds, committed_at, data_through)
     SELECT 'mart.p' || p || '_d' || d, 'mart', 'merge', 'seeded', 'bench', 'pipeline_' || p, '{id}', 60, $1, $1
       FROM generate_series(0, ${PIPELINES - 1}) p, generate_series(0, ${DATASETS_OF_ONE - 1}) d`,
    [now],
  );
  await pool.query(
    `INSERT INTO runs (id, pipeline, trigger, state, created_at, started_at, ended_at, datasets, rows_out, error_kind, error_message)
     SELECT gen_random_uuid(), 'pipeline_' || p, (ARRAY['target-lag', 'target-lag', 'target-lag', 'schedule', 'manual', 'backfill'])[1 + i % 6], state, at, at,
            CASE WHEN state IN ('queued', 'running') THEN NULL ELSE at + make_interval(secs => 1 + (i::bigint * 7919) % 300) END,
            (SELECT array_agg('mart.p' || p || '_d' || ((i / ${PIPELINES} + k) % ${DATASETS_OF_ONE})) FROM generate_series(0, i % 4) k), i % 1000,
            CASE WHEN state = 'failed' THEN 'engine-failed' END, CASE WHEN state = 'failed' THEN 'it did not work out' END
       FROM (SELECT i, i % ${PIPELINES} AS p, $2::timestamptz - make_interval(secs => i * ${DAYS * 86_400}.0 / $1) AS at,
                    CASE WHEN i < 6 THEN 'running' WHEN i < 10 THEN 'queued' WHEN i % 33 = 0 THEN 'failed' WHEN i % 100 = 1 THEN 'cancelled' ELSE 'succeeded' END AS state
               FROM generate_series(0, $1::int - 1) i) r`,
    [runs, now],
  );
  await pool.query(
    `INSERT INTO steps (run_id, dataset, ordinal, state, reason, after, attempt, waiting_since, started_at, ended_at, rows_in, rows_out, bytes, snapshot_before, snapshot_after, idempotency_key)
     SELECT r.id, d, n - 1, CASE r.state WHEN 'queued' THEN 'waiting' ELSE r.state END, 'new data in staged.orders_db__orders', '{}', 1, r.created_at,
            CASE WHEN r.state <> 'queued' THEN r.created_at END, r.ended_at, 10, 10, 1000, '1', '2', 'key'
       FROM runs r, unnest(r.datasets) WITH ORDINALITY AS u (d, n)`,
  );
  await pool.query(
    `INSERT INTO attempts (run_id, dataset, number, state, started_at, ended_at)
     SELECT run_id, dataset, 1, state, started_at, ended_at FROM steps WHERE started_at IS NOT NULL`,
  );
  await pool.query(
    `INSERT INTO run_logs (run_id, dataset, at, level, message)
     SELECT id, datasets[1], created_at, 'info', 'affected keys: 10 rows in, 10 rows written' FROM runs`,
  );
  // What autovacuum does meanwhile in a store that grew over a year.
  await pool.query("VACUUM ANALYZE");
}
