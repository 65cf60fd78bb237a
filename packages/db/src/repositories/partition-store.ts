import type { Transaction } from "@nova/pipeline-core/kernel";
import type { HeldBack, MarkedDays, PartitionStore, PartitionSurvey } from "@nova/pipeline-core/orchestration";
import { announce, type Sql } from "./announce.ts";
import { guardLease } from "./lease-guard.ts";
import { LATEST_PARAMETERS, MARKED_DAYS } from "../marked-days.ts";
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

    async markParameters(epoch, { dataset, days, parameters, runId, at }, tx) {
      const ranges = days === "all" ? null : rowsJson(days);
      const write = async (sql: Sql): Promise<void> => {
        await guardLease(sql as Transaction, epoch);
        const { rowCount } =
          parameters === null
            ? await sql.query(
                `INSERT INTO partition_parameters (dataset, day, run_id, at)
                 SELECT $1, day, $2, $3 FROM (${LATEST_PARAMETERS}) latest
                  WHERE parameters IS NOT NULL
                    AND ($4::jsonb IS NULL OR EXISTS (SELECT FROM jsonb_to_recordset($4::jsonb) AS r ("from" date, "to" date) WHERE day BETWEEN r."from" AND r."to"))`,
                [dataset, runId, at, ranges],
              )
            : await sql.query(
                `INSERT INTO partition_parameters (dataset, day, run_id, at, parameters)
                 SELECT $1, r."from" + i, $2, $3, $5::jsonb FROM jsonb_to_recordset($4::jsonb) AS r ("from" date, "to" date), generate_series(0, r."to" - r."from") i`,
                [dataset, runId, at, ranges ?? "[]", JSON.stringify(parameters)],
              );
        if (rowCount !== 0) await announce(sql, "dataset", [dataset]);
      };
      await (tx === undefined ? inTransaction(db.pool, write) : write(tx as Sql));
    },

    async unmarkSince(tx, dataset, since) {
      await tx.query("DELETE FROM partition_parameters WHERE dataset = $1 AND at >= $2", [dataset, since]);
    },

    async marked(dataset) {
      const { rows } = await db.pool.query<MarkedDays>(MARKED_DAYS, [dataset]);
      return rows;
    },

    holdBack: (epoch, dataset, held) =>
      inTransaction(db.pool, async (tx) => {
        await guardLease(tx as Transaction, epoch);
        const { rowCount } =
          held === null
            ? await tx.query("DELETE FROM dataset_held_days WHERE dataset = $1", [dataset])
            : await tx.query(
                `INSERT INTO dataset_held_days (dataset, held) SELECT name, $2::jsonb FROM datasets WHERE name = $1
                 ON CONFLICT (dataset) DO UPDATE SET held = excluded.held`,
                [dataset, JSON.stringify(held)],
              );
        if (rowCount !== 0) await announce(tx, "dataset", [dataset]);
      }),

    async heldBack() {
      const { rows } = await db.pool.query<{ dataset: string; held: HeldBack }>(
        "SELECT dataset, held FROM dataset_held_days ORDER BY dataset",
      );
      return rows.map(({ dataset, held }) => ({ dataset, ...held }));
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
