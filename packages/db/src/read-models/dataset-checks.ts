import type { CheckKind, CheckOutcome, Severity } from "@nova/pipeline-core/quality";
import type { Pool } from "pg";

export interface CheckRow {
  readonly name: string;
  readonly kind: CheckKind;
  readonly column: string | null;
  readonly severity: Severity;
  readonly blocking: boolean;
  readonly threshold: number;
  readonly description: string;
  /** Null before the first result. */
  readonly outcome: CheckOutcome | null;
  readonly value: number | null;
  readonly message: string | null;
  readonly at: Date | null;
  readonly since: Date | null;
  /** The latest results, oldest first. */
  readonly recent: readonly { readonly at: Date; readonly outcome: CheckOutcome; readonly value: number | null }[];
}

export interface CheckResultRow {
  readonly at: Date;
  readonly outcome: CheckOutcome;
  readonly value: number | null;
  readonly threshold: number;
  readonly snapshotId: string | null;
  readonly runId: string | null;
  readonly message: string;
}

const RECENT = 30;

export function datasetChecksReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Checks of a dataset, those out of order first, each with its last results. */
    async list(dataset: string): Promise<CheckRow[]> {
      const { rows } = await pool.query<
        Omit<CheckRow, "recent"> & { recent: { at: string; outcome: CheckOutcome; value: number | null }[] }
      >(
        `SELECT c.name, c.kind, c."column", c.severity, c.blocking, c.threshold, c.description, c.last_outcome AS outcome, c.last_value AS value,
                c.last_message AS message, c.last_at AS at, c.outcome_since AS since, r.recent
           FROM checks c
          CROSS JOIN LATERAL (SELECT coalesce(json_agg(json_build_object('at', l.at, 'outcome', l.outcome, 'value', l.value) ORDER BY l.at), '[]') AS recent
                                FROM (SELECT at, outcome, value FROM check_results WHERE dataset = c.dataset AND "check" = c.name ORDER BY at DESC LIMIT $2) l) r
          WHERE c.dataset = $1
          ORDER BY array_position(ARRAY['failed', 'warned', 'skipped', 'passed'], c.last_outcome) NULLS LAST, c.blocking DESC, c.name`,
        [dataset, RECENT],
      );
      return rows.map((row) => ({ ...row, recent: row.recent.map((one) => ({ ...one, at: new Date(one.at) })) }));
    },
    /** Results of one check, newest first; `before` is the time of the last one shown. */
    async results(dataset: string, check: string, before: Date | null, limit: number): Promise<CheckResultRow[]> {
      const { rows } = await pool.query<CheckResultRow>(
        `SELECT at, outcome, value, threshold, snapshot_id AS "snapshotId", run_id AS "runId", message
           FROM check_results WHERE dataset = $1 AND "check" = $2 AND ($3::timestamptz IS NULL OR at < $3) ORDER BY at DESC LIMIT $4`,
        [dataset, check, before, limit],
      );
      return rows;
    },
  };
}
