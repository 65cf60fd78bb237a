import type { ErrorKind } from "@nova/pipeline-core/kernel";
import {
  type BackfillPlan,
  type BackfillState,
  type Day,
  PART_STATES,
  type PartitionState,
  type PartState,
} from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";

export type PartCounts = Readonly<Record<PartState, number>>;

export interface BackfillListRow {
  readonly id: string;
  readonly dataset: string;
  /** Datasets of its plan. */
  readonly datasets: number;
  readonly state: BackfillState;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly parts: PartCounts;
}

export interface BackfillDetail {
  readonly id: string;
  readonly state: BackfillState;
  readonly plan: BackfillPlan;
  readonly parallelism: number;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly parts: PartCounts;
}

/** Days next to each other in the same state. */
export interface PartSpan<State extends string> {
  readonly from: Day;
  readonly to: Day;
  readonly state: State;
  readonly partitions: number;
}

export interface BackfillDatasetProgress {
  readonly dataset: string;
  readonly parts: PartCounts;
  /** Empty for a dataset that is done whole. */
  readonly spans: readonly PartSpan<PartState>[];
}

export interface PartRow {
  readonly dataset: string;
  /** A day, or `whole`. */
  readonly part: string;
  readonly number: number;
  readonly state: PartState;
  readonly runId: string | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
}

export interface PartitionSpan extends PartSpan<PartitionState> {
  readonly rows: number;
}

export interface DatasetPartitions {
  readonly surveyedAt: Date;
  /** Days from the first with rows, in its inputs or itself, to today; none while there are no rows. */
  readonly spans: readonly PartitionSpan[];
}

const COUNTS = `jsonb_build_object(${PART_STATES.map((state) => `'${state}', count(*) FILTER (WHERE p.state = '${state}')`).join(", ")})`;
const DETAIL = `b.id, b.state, b.parallelism, b.requested_by AS "requestedBy", b.created_at AS "createdAt", b.started_at AS "startedAt", b.ended_at AS "endedAt"`;
/** What needs a person comes first. */
const URGENCY = `array_position(ARRAY['failed', 'running', 'skipped', 'cancelled', 'queued', 'succeeded'], p.state)`;

/** Backfills, what became of their parts, and partitions of datasets as they were last looked at. */
export function backfillsReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Newest first; plans that nobody submitted are not among them. */
    async list(dataset: string | null, limit: number): Promise<BackfillListRow[]> {
      const { rows } = await pool.query<BackfillListRow>(
        `SELECT b.id, b.dataset, b.state, b.requested_by AS "requestedBy", b.created_at AS "createdAt", b.started_at AS "startedAt",
                b.ended_at AS "endedAt", jsonb_array_length(b.plan->'datasets') AS datasets,
                (SELECT ${COUNTS} FROM backfill_partitions p WHERE p.backfill_id = b.id) AS parts
           FROM backfills b
          WHERE b.state <> 'planned' AND ($1::text IS NULL OR b.dataset = $1 OR b.plan->'datasets' @> jsonb_build_array(jsonb_build_object('dataset', $1)))
          ORDER BY b.created_at DESC LIMIT $2`,
        [dataset, limit],
      );
      return rows;
    },

    async one(id: string): Promise<BackfillDetail | null> {
      const { rows } = await pool.query<BackfillDetail>(
        `SELECT ${DETAIL}, b.plan, (SELECT ${COUNTS} FROM backfill_partitions p WHERE p.backfill_id = b.id) AS parts
           FROM backfills b WHERE b.id = $1`,
        [id],
      );
      const [row] = rows;
      return row === undefined ? null : { ...row, plan: { ...row.plan, plannedAt: new Date(row.plan.plannedAt) } };
    },

    /** Progress of each dataset, in the order of the plan. */
    async progress(id: string): Promise<BackfillDatasetProgress[]> {
      const { rows } = await pool.query<BackfillDatasetProgress>(
        `WITH days AS (SELECT dataset, state, part::date AS day,
                              part::date - (row_number() OVER (PARTITION BY dataset, state ORDER BY part))::int AS island
                         FROM backfill_partitions WHERE backfill_id = $1 AND part <> 'whole'),
              spans AS (SELECT dataset, min(day) AS "from", max(day) AS "to", state, count(*) AS partitions FROM days GROUP BY dataset, state, island)
         SELECT p.dataset, ${COUNTS} AS parts,
                (SELECT coalesce(json_agg(json_build_object('from', s."from", 'to', s."to", 'state', s.state, 'partitions', s.partitions) ORDER BY s."from"), '[]')
                   FROM spans s WHERE s.dataset = p.dataset) AS spans
           FROM backfill_partitions p WHERE p.backfill_id = $1 GROUP BY p.dataset ORDER BY min(p.ordinal)`,
        [id],
      );
      return rows;
    },

    /** Parts, those that failed first; `state` narrows to one. */
    async parts(id: string, state: PartState | null, offset: number, limit: number): Promise<PartRow[]> {
      const { rows } = await pool.query<PartRow>(
        `SELECT p.dataset, p.part, p.number, p.state, p.run_id AS "runId", p.started_at AS "startedAt", p.ended_at AS "endedAt",
                p.error_kind AS "errorKind", p.error_message AS "errorMessage"
           FROM backfill_partitions p WHERE p.backfill_id = $1 AND ($2::text IS NULL OR p.state = $2)
          ORDER BY ${URGENCY}, p.number, p.ordinal, p.part LIMIT $4 OFFSET $3`,
        [id, state, offset, limit],
      );
      return rows;
    },

    /** The backfill that a run is part of. */
    async ofRun(runId: string): Promise<{ readonly id: string; readonly number: number } | null> {
      const { rows } = await pool.query<{ id: string; number: number }>(
        "SELECT backfill_id AS id, number FROM backfill_partitions WHERE run_id = $1 LIMIT 1",
        [runId],
      );
      return rows[0] ?? null;
    },

    /** Null when nobody has looked at the dataset's partitions yet; `today` is a UTC day. */
    async partitions(dataset: string, today: Day): Promise<DatasetPartitions | null> {
      const { rows } = await pool.query<DatasetPartitions>(
        `WITH survey AS (SELECT first_day, at FROM dataset_surveys WHERE dataset = $1),
              tried AS (SELECT DISTINCT ON (part) part::date AS day, state FROM backfill_partitions
                         WHERE dataset = $1 AND part <> 'whole' AND state IN ('queued', 'running', 'succeeded', 'failed')
                         ORDER BY part, (state IN ('queued', 'running')) DESC, ended_at DESC, backfill_id DESC),
              days AS (SELECT d.day, coalesce(p.rows, 0) AS rows,
                              CASE WHEN t.state IN ('queued', 'running', 'failed') THEN t.state
                                   WHEN p.day IS NOT NULL THEN 'present' WHEN t.state = 'succeeded' THEN 'empty' ELSE 'missing' END AS state
                         FROM survey CROSS JOIN LATERAL (SELECT first_day + i AS day FROM generate_series(0, $2::date - first_day) i) d
                         LEFT JOIN dataset_partitions p ON p.dataset = $1 AND p.day = d.day LEFT JOIN tried t ON t.day = d.day),
              islands AS (SELECT day, rows, state, day - (row_number() OVER (PARTITION BY state ORDER BY day))::int AS island FROM days),
              spans AS (SELECT min(day) AS "from", max(day) AS "to", state, count(*) AS partitions, sum(rows)::float8 AS rows FROM islands GROUP BY state, island)
         SELECT survey.at AS "surveyedAt",
                (SELECT coalesce(json_agg(json_build_object('from', "from", 'to', "to", 'state', state, 'partitions', partitions, 'rows', rows) ORDER BY "from"), '[]')
                   FROM spans) AS spans
           FROM survey`,
        [dataset, today],
      );
      return rows[0] ?? null;
    },
  };
}
