import type { Layer } from "@nova/pipeline-core/catalog";
import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { Pool } from "pg";

export interface DatasetHealthRow {
  readonly name: string;
  readonly layer: Layer;
  readonly owner: string;
  readonly targetLagSeconds: number;
  readonly dataThrough: Date | null;
  readonly failingChecks: number;
  readonly warningChecks: number;
  /** Message of the check that has failed longest; null when none fails. */
  readonly checkMessage: string | null;
  readonly failingSince: Date | null;
}

export interface LandedRow {
  readonly dataset: string;
  readonly layer: Layer;
  readonly committedAt: Date;
  readonly rowCount: number | null;
  /** Rows of the step that made the commit; null for datasets no run makes. */
  readonly rowsChanged: number | null;
}

export const WORK_KINDS = ["source", "breaker", "check", "run", "quarantine", "drift"] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

export interface WorkItem {
  readonly kind: WorkKind;
  /** Source id, dataset of the check, run id. */
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly errorKind: ErrorKind | null;
  readonly count: number;
  readonly since: Date;
}

export interface OwnQuery {
  readonly id: string;
  readonly sql: string;
  readonly state: string;
  readonly startedAt: Date;
  readonly rows: number | null;
  readonly datasets: readonly string[];
}

const PER_WORK_KIND = 6;

export function homeReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Every dataset with what freshness and health are judged by; the judging is the core's. */
    async health(): Promise<DatasetHealthRow[]> {
      const { rows } = await pool.query<DatasetHealthRow>(
        `SELECT d.name, d.layer, d.owner, d.target_lag_seconds AS "targetLagSeconds", d.data_through AS "dataThrough",
                coalesce(c.failing, 0) AS "failingChecks", coalesce(c.warning, 0) AS "warningChecks", c.message AS "checkMessage", c.since AS "failingSince"
           FROM datasets d
           LEFT JOIN (SELECT dataset, (count(*) FILTER (WHERE last_outcome = 'failed'))::int AS failing, (count(*) FILTER (WHERE last_outcome = 'warned'))::int AS warning,
                             (array_agg(last_message ORDER BY outcome_since) FILTER (WHERE last_outcome = 'failed'))[1] AS message,
                             min(outcome_since) FILTER (WHERE last_outcome = 'failed') AS since
                        FROM checks WHERE last_outcome IN ('failed', 'warned') AND kind <> 'freshness' GROUP BY dataset) c ON c.dataset = d.name
          ORDER BY d.name`,
      );
      return rows;
    },
    /** The datasets committed last, newest first. */
    async landed(limit: number): Promise<LandedRow[]> {
      const { rows } = await pool.query<LandedRow>(
        `SELECT d.name AS dataset, d.layer, d.committed_at AS "committedAt", d.row_count::float8 AS "rowCount", s.rows_out::float8 AS "rowsChanged"
           FROM (SELECT name, layer, committed_at, row_count FROM datasets WHERE committed_at IS NOT NULL ORDER BY committed_at DESC LIMIT $1) d
           LEFT JOIN LATERAL (SELECT rows_out FROM steps WHERE dataset = d.name AND started_at IS NOT NULL AND state = 'succeeded' ORDER BY started_at DESC LIMIT 1) s ON true
          ORDER BY d.committed_at DESC`,
        [limit],
      );
      return rows;
    },
    /** What an engineer should look at: sources in trouble, breakers that are open for another reason, failing checks, failed runs that nothing repaired, quarantine, open drift. */
    async engineerWork(now: Date): Promise<WorkItem[]> {
      const { rows } = await pool.query<WorkItem>(
        `(SELECT 'source' AS kind, id, id AS title, coalesce(error_message, state) AS detail, error_kind AS "errorKind", 1 AS count, state_since AS since
            FROM sources WHERE state IN ('retrying', 'stopped') ORDER BY state_since LIMIT $2)
         UNION ALL
         (SELECT 'breaker', b.source_id, b.part, coalesce(b.error_message, b.error_kind, ''), b.error_kind, b.failures, b.since
            FROM source_breakers b JOIN sources s ON s.id = b.source_id
           WHERE NOT (b.part = 'capture' AND s.state IN ('retrying', 'stopped')) ORDER BY b.since LIMIT $2)
         UNION ALL
         (SELECT 'check', dataset, dataset || ' · ' || name, coalesce(last_message, ''), NULL, 1, coalesce(outcome_since, last_at, $1)
            FROM checks WHERE last_outcome = 'failed' AND kind <> 'freshness' ORDER BY outcome_since NULLS LAST LIMIT $2)
         UNION ALL
         (SELECT 'run', r.id::text, r.pipeline, coalesce(r.error_message, 'failed'), r.error_kind, r.count, r.created_at
            FROM (SELECT DISTINCT ON (pipeline) id, pipeline, error_message, error_kind, created_at, (count(*) OVER (PARTITION BY pipeline))::int AS count
                    FROM runs f WHERE state = 'failed' AND created_at > $1::timestamptz - interval '24 hours'
                     AND NOT EXISTS (SELECT 1 FROM runs s WHERE s.pipeline = f.pipeline AND s.state = 'succeeded' AND s.created_at > f.created_at)
                   ORDER BY pipeline, created_at DESC) r ORDER BY r.created_at DESC LIMIT $2)
         UNION ALL
         (SELECT 'quarantine', source_id, source_id || ' · ' || reason, max(detail), NULL, count(*)::int, min(received_at)
            FROM quarantine_items WHERE received_at > $1::timestamptz - interval '24 hours' AND replayed_at IS NULL
           GROUP BY source_id, reason ORDER BY count(*) DESC LIMIT $2)
         UNION ALL
         (SELECT 'drift', source_id, source_id || ' · ' || stream, count(*) || CASE count(*) WHEN 1 THEN ' change waits' ELSE ' changes wait' END || ' for a decision'
                 || CASE WHEN bool_or(waits) THEN '; loading of the dataset waits with it' ELSE '' END, NULL, count(*)::int, min(seen_at)
            FROM drift_items WHERE state = 'open' GROUP BY source_id, stream ORDER BY bool_or(waits) DESC, min(seen_at) LIMIT $2)`,
        [now, PER_WORK_KIND],
      );
      return rows;
    },
    /** A person's latest distinct queries, newest first. */
    async ownQueries(userId: string, limit: number): Promise<OwnQuery[]> {
      const { rows } = await pool.query<OwnQuery>(
        `SELECT id, sql, state, started_at AS "startedAt", rows::float8 AS rows, datasets
           FROM (SELECT DISTINCT ON (sql) * FROM (SELECT * FROM queries WHERE user_id = $1 ORDER BY started_at DESC LIMIT 200) latest ORDER BY sql, started_at DESC) own
          ORDER BY started_at DESC LIMIT $2`,
        [userId, limit],
      );
      return rows;
    },
  };
}
