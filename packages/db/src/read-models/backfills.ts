import type { ErrorKind } from "@nova/pipeline-core/kernel";
import {
  type BackfillPlan,
  type BackfillState,
  type Day,
  type MarkedDays,
  PART_STATES,
  type PartitionState,
  type PartState,
} from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";
import { MARKED_DAYS } from "../marked-days.ts";

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
  /** What the steps of its runs scanned so far, and as it is billed. */
  readonly scannedBytes: number;
  readonly billedBytes: number;
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
  /** Days whose rows stand by other parameters than the defaults. */
  readonly marked: readonly MarkedDays[];
}

/** PartCounts from rows of `state` and `parts`. */
const COUNTS = `jsonb_build_object(${PART_STATES.map((state) => `'${state}', coalesce(sum(parts) FILTER (WHERE state = '${state}'), 0)`).join(", ")})`;
/** PartCounts of `backfills b`, counted in the index by state. */
const COUNTED = `(SELECT ${COUNTS} FROM (SELECT state, count(*) AS parts FROM backfill_partitions WHERE backfill_id = b.id GROUP BY state) counted)`;
const DETAIL = `b.id, b.state, b.parallelism, b.scanned_bytes::float8 AS "scannedBytes", b.billed_bytes::float8 AS "billedBytes", b.requested_by AS "requestedBy", b.created_at AS "createdAt", b.started_at AS "startedAt", b.ended_at AS "endedAt"`;
/** The columns of BackfillListRow, from `backfills b`. */
export const BACKFILL_COLUMNS = `b.id, b.dataset, b.state, b.requested_by AS "requestedBy", b.created_at AS "createdAt", b.started_at AS "startedAt",
                b.ended_at AS "endedAt", jsonb_array_length(b.plan->'datasets') AS datasets,
                ${COUNTED} AS parts`;
/** What needs a person comes first. */
const BY_URGENCY = ["failed", "running", "skipped", "cancelled", "queued", "succeeded"] as const satisfies PartState[];

const PLACE_OF_STATE = `array_position(ARRAY[${PART_STATES.map((state) => `'${state}'`).join(", ")}], state)`;

/** Backfills, what became of their parts, and partitions of datasets as they were last looked at. */
export function backfillsReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Newest first; plans that nobody submitted are not among them. */
    async list(dataset: string | null, limit: number): Promise<BackfillListRow[]> {
      const { rows } = await pool.query<BackfillListRow>(
        `SELECT ${BACKFILL_COLUMNS}
           FROM backfills b
          WHERE b.state <> 'planned' AND ($1::text IS NULL OR b.dataset = $1 OR b.plan->'datasets' @> jsonb_build_array(jsonb_build_object('dataset', $1)))
          ORDER BY b.created_at DESC LIMIT $2`,
        [dataset, limit],
      );
      return rows;
    },

    async one(id: string): Promise<BackfillDetail | null> {
      const { rows } = await pool.query<BackfillDetail>(
        `SELECT ${DETAIL}, b.plan, ${COUNTED} AS parts
           FROM backfills b WHERE b.id = $1`,
        [id],
      );
      const [row] = rows;
      return row === undefined ? null : { ...row, plan: { ...row.plan, plannedAt: new Date(row.plan.plannedAt) } };
    },

    /** Progress of each dataset, in the order of the plan. */
    async progress(id: string): Promise<BackfillDatasetProgress[]> {
      const { rows } = await pool.query<BackfillDatasetProgress>(
        // One walk in the order of the key finds where spans begin and end; all else is made of these few rows. A place is
        // a day and a state in one number: eight further is the next day in the same state.
        `WITH days AS (SELECT dataset, ordinal, state, part, part::date AS day, (part::date - date 'epoch') * 8 + ${PLACE_OF_STATE} AS place
                         FROM backfill_partitions WHERE backfill_id = $1 AND part <> 'whole'),
              edges AS (SELECT dataset, ordinal, state, day, place - before IS DISTINCT FROM 8 AS first, behind - place IS DISTINCT FROM 8 AS last
                          FROM (SELECT *, lag(place) OVER w AS before, lead(place) OVER w AS behind FROM days WINDOW w AS (PARTITION BY dataset ORDER BY part)) beside),
              spans AS (SELECT dataset, ordinal, state, day AS "from", CASE WHEN last THEN day ELSE lead(day) OVER (PARTITION BY dataset ORDER BY day) END AS "to", first
                          FROM edges WHERE first OR last),
              counted AS (SELECT dataset, ordinal, state, "from", "to", "to" - "from" + 1 AS parts FROM spans WHERE first
                          UNION ALL SELECT dataset, ordinal, state, NULL, NULL, 1 FROM backfill_partitions WHERE backfill_id = $1 AND part = 'whole')
         SELECT dataset, ${COUNTS} AS parts,
                coalesce(json_agg(json_build_object('from', "from", 'to', "to", 'state', state, 'partitions', parts) ORDER BY "from") FILTER (WHERE "from" IS NOT NULL), '[]') AS spans
           FROM counted GROUP BY dataset ORDER BY min(ordinal)`,
        [id],
      );
      return rows;
    },

    /** Parts, those that failed first; `state` narrows to one. */
    async parts(id: string, state: PartState | null, offset: number, limit: number): Promise<PartRow[]> {
      const ofState = (one: PartState, urgency: number): string =>
        `(SELECT ${urgency} AS urgency, * FROM backfill_partitions WHERE backfill_id = $1 AND state = '${one}' ORDER BY number, ordinal, part LIMIT $2::int + $3::int)`;
      const shown = BY_URGENCY.filter((one) => state === null || one === state);
      const { rows } = await pool.query<PartRow>(
        `SELECT p.dataset, p.part, p.number, p.state, p.run_id AS "runId", p.started_at AS "startedAt", p.ended_at AS "endedAt",
                p.error_kind AS "errorKind", p.error_message AS "errorMessage"
           FROM (${shown.map(ofState).join(" UNION ALL ")}) p
          ORDER BY p.urgency, p.number, p.ordinal, p.part LIMIT $3 OFFSET $2`,
        [id, offset, limit],
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
      const { rows } = await pool.query<Omit<DatasetPartitions, "marked">>(
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
      const [found] = rows;
      if (found === undefined) return null;
      return { ...found, marked: (await pool.query<MarkedDays>(MARKED_DAYS, [dataset])).rows };
    },
  };
}
