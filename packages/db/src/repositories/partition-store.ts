import type { PartitionStore, PartitionSurvey } from "@nova/pipeline-core/orchestration";
import { announce } from "./announce.ts";
import { inTransaction, rowsJson, type StoreDb } from "./store-context.ts";

/** Steps that an average is taken of. */
const LATELY = 50;

export function partitionStore(db: StoreDb): PartitionStore {
  return {
    saveSurvey: ({ dataset, first, snapshotId, at, days }) =>
      inTransaction(db.pool, async (tx) => {
        // A dataset that left the catalog meanwhile has no partitions to tell of.
        const known = await tx.query(
          `INSERT INTO dataset_surveys (dataset, first_day, snapshot_id, at) SELECT name, $2, $3, $4 FROM datasets WHERE name = $1
           ON CONFLICT (dataset) DO UPDATE SET first_day = excluded.first_day, snapshot_id = excluded.snapshot_id, at = excluded.at`,
          [dataset, first, snapshotId, at],
        );
        if (known.rowCount === 0) return;
        const { rowCount } = await tx.query(
          `WITH now AS (SELECT day, rows FROM jsonb_to_recordset($2::jsonb) AS d (day date, rows bigint)),
                gone AS (DELETE FROM dataset_partitions p WHERE dataset = $1 AND NOT EXISTS (SELECT FROM now WHERE now.day = p.day) RETURNING 1),
                new AS (INSERT INTO dataset_partitions AS p (dataset, day, rows) SELECT $1, day, rows FROM now
                        ON CONFLICT (dataset, day) DO UPDATE SET rows = excluded.rows WHERE p.rows <> excluded.rows RETURNING 1)
           SELECT FROM gone UNION ALL SELECT FROM new`,
          [dataset, rowsJson(days)],
        );
        if (rowCount !== 0) await announce(tx, "dataset", [dataset]);
      }),

    async survey(dataset) {
      const { rows } = await db.pool.query<PartitionSurvey>(
        `SELECT s.dataset, s.first_day::text AS first, s.snapshot_id AS "snapshotId", s.at,
                (SELECT coalesce(json_agg(json_build_object('day', day::text, 'rows', rows) ORDER BY day), '[]')
                   FROM dataset_partitions p WHERE p.dataset = s.dataset) AS days
           FROM dataset_surveys s WHERE s.dataset = $1`,
        [dataset],
      );
      return rows[0] ?? null;
    },

    async secondsOf(datasets) {
      const { rows } = await db.pool.query<{ dataset: string; seconds: number }>(
        `SELECT d.dataset, coalesce(avg(l.seconds) FILTER (WHERE l.trigger = 'backfill'), avg(l.seconds))::float8 AS seconds
           FROM unnest($1::text[]) AS d (dataset)
           CROSS JOIN LATERAL (SELECT r.trigger, extract(epoch FROM s.ended_at - s.started_at) AS seconds
                                 FROM steps s JOIN runs r ON r.id = s.run_id
                                WHERE s.dataset = d.dataset AND s.state = 'succeeded' AND s.started_at IS NOT NULL
                                ORDER BY s.started_at DESC LIMIT ${LATELY}) l
          GROUP BY d.dataset`,
        [datasets],
      );
      return new Map(rows.map(({ dataset, seconds }) => [dataset, seconds]));
    },
  };
}
