import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { RunState, Trigger } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";

export interface RunRow {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly state: RunState;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** How many datasets its plan holds, and the first of them. */
  readonly datasetCount: number;
  readonly firstDatasets: readonly string[];
  readonly rowsOut: number;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
}

/** What narrows the list besides the state; null or empty = no matter. */
export interface RunsFilter {
  readonly pipeline: string | null;
  readonly trigger: Trigger | null;
  /** A dataset's name, or any part of names when no dataset is called exactly so. */
  readonly dataset: string;
  readonly startedFrom: Date | null;
  readonly startedTo: Date | null;
  readonly longerThanSeconds: number | null;
}

/** Where a page begins: right after `cursor` going to older runs, or right before it going to newer ones. */
export interface RunsPosition {
  readonly direction: "older" | "newer";
  readonly cursor: string;
}

export interface RunsPage {
  /** Newest first. */
  readonly rows: readonly RunRow[];
  /** Cursor of the next older page; null at the end. */
  readonly older: string | null;
  /** Cursor of the next newer page; null on the first. */
  readonly newer: string | null;
}

export type RunCounts = Readonly<Record<RunState, number>>;

export interface PipelineName {
  readonly name: string;
}

const CURSOR = /^\d{1,17}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a text from an address can be a cursor of this list. */
export function isRunCursor(text: string): boolean {
  return CURSOR.test(text);
}

/**
 * Conditions shared by list and counts; parameters $1–$7 in the order of `filterValues`. The names that a part of a name
 * stands for are looked up first, so that the runs are found through the index over their datasets.
 */
const NARROWED = `
      ($1::text IS NULL OR pipeline = $1)
  AND ($2::text IS NULL OR trigger = $2)
  AND ($3::text = '' OR datasets && ARRAY(
        SELECT name FROM datasets WHERE name = $3
        UNION ALL
        SELECT name FROM datasets WHERE position(lower($3) IN lower(name)) > 0 AND NOT EXISTS (SELECT FROM datasets WHERE name = $3)))
  AND ($4::timestamptz IS NULL OR created_at >= $4)
  AND ($5::timestamptz IS NULL OR created_at < $5)
  AND ($6::float8 IS NULL OR coalesce(ended_at, $7) - coalesce(started_at, created_at) > make_interval(secs => $6))`;

function filterValues(filter: RunsFilter, now: Date): unknown[] {
  const { pipeline, trigger, dataset, startedFrom, startedTo, longerThanSeconds } = filter;
  return [pipeline, trigger, dataset, startedFrom, startedTo, longerThanSeconds, now];
}

export function runsReadModel(pool: Pick<Pool, "query">) {
  return {
    /** One page of runs; `states` empty = every state. A cursor whose run is gone still marks its place. */
    async page(
      filter: RunsFilter,
      states: readonly RunState[],
      at: RunsPosition | null,
      limit: number,
      now: Date,
    ): Promise<RunsPage> {
      const [micros = null, id = null] = at === null ? [] : at.cursor.split("_");
      const newer = at?.direction === "newer";
      const { rows } = await pool.query<RunRow & { cursor: string }>(
        `SELECT id, pipeline, trigger, state, created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt",
                cardinality(datasets) AS "datasetCount", datasets[1:3] AS "firstDatasets", rows_out::float8 AS "rowsOut",
                error_kind AS "errorKind", error_message AS "errorMessage",
                (extract(epoch FROM created_at) * 1000000)::bigint || '_' || id AS cursor
           FROM runs
          WHERE ${NARROWED}
            AND (cardinality($8::text[]) = 0 OR state = ANY($8))
            ${at === null ? "" : `AND (created_at, id) ${newer ? ">" : "<"} ('epoch'::timestamptz + $10::bigint * interval '1 microsecond', $11::uuid)`}
          ORDER BY created_at ${newer ? "ASC" : "DESC"}, id ${newer ? "ASC" : "DESC"} LIMIT $9`,
        [...filterValues(filter, now), states, limit + 1, ...(at === null ? [] : [micros, id])],
      );
      const more = rows.length > limit;
      const shown = newer ? rows.slice(0, limit).reverse() : rows.slice(0, limit);
      const first = shown[0]?.cursor ?? null;
      const last = shown.at(-1)?.cursor ?? null;
      return {
        rows: shown.map(({ cursor: _, ...row }) => row),
        older: newer || more ? last : null,
        newer: at === null || (newer && !more) ? null : first,
      };
    },

    /** How many runs there are in each state under the same filter. */
    async counts(filter: RunsFilter, now: Date): Promise<RunCounts> {
      const { rows } = await pool.query<{ state: RunState; count: number }>(
        `SELECT state, count(*)::float8 AS count FROM runs WHERE ${NARROWED} GROUP BY state`,
        filterValues(filter, now),
      );
      const counts: Record<RunState, number> = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
      for (const { state, count } of rows) counts[state] = count;
      return counts;
    },

    /** Pipelines that have runs, by name. Steps from one name to the next in the index, however many runs there are. */
    async pipelines(): Promise<string[]> {
      const { rows } = await pool.query<PipelineName>(
        `WITH RECURSIVE names AS (
           (SELECT pipeline AS name FROM runs ORDER BY pipeline LIMIT 1)
           UNION ALL
           SELECT (SELECT pipeline FROM runs WHERE pipeline > names.name ORDER BY pipeline LIMIT 1) FROM names WHERE names.name IS NOT NULL)
         SELECT name FROM names WHERE name IS NOT NULL`,
      );
      return rows.map((row) => row.name);
    },
  };
}
