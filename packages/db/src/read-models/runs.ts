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

/** Where a page begins: right after `cursor` (microseconds since 1970, `_`, run id) going to older runs, or right before it going to newer ones. */
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

interface NameRow {
  readonly name: string;
}

const NEVER = "false";
/** More names than this are half the runs anyway: one look at the joined names of a run costs less than the index. */
const FEW_NAMES = 8;

export function runsReadModel(pool: Pick<Pool, "query">) {
  /** The names that a part of a name stands for, found first: then the runs are found through the index over their datasets. */
  async function datasetsNamed(text: string): Promise<string[]> {
    const { rows } = await pool.query<NameRow>(
      `SELECT name FROM datasets
        WHERE CASE WHEN EXISTS (SELECT FROM datasets WHERE name = $1) THEN name = $1 ELSE position(lower($1) IN lower(name)) > 0 END`,
      [text],
    );
    return rows.map((row) => row.name);
  }

  /** Only the conditions that are asked for, so that each combination gets a plan of its own. */
  async function conditions(filter: RunsFilter, now: Date): Promise<{ where: string[]; values: unknown[] }> {
    const { pipeline, trigger, dataset, startedFrom, startedTo, longerThanSeconds } = filter;
    const where: string[] = [];
    const values: unknown[] = [];
    const add = (condition: (parameter: string) => string, value: unknown): void => {
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    if (pipeline !== null) add((value) => `pipeline = ${value}`, pipeline);
    if (trigger !== null) add((value) => `trigger = ${value}`, trigger);
    if (startedFrom !== null) add((value) => `created_at >= ${value}`, startedFrom);
    if (startedTo !== null) add((value) => `created_at < ${value}`, startedTo);
    if (longerThanSeconds !== null) {
      const until = `$${values.push(now)}`;
      add(
        (value) => `coalesce(ended_at, ${until}) - coalesce(started_at, created_at) > make_interval(secs => ${value})`,
        longerThanSeconds,
      );
    }
    if (dataset !== "") {
      const names = await datasetsNamed(dataset);
      if (names.length === 0) where.push(NEVER);
      else if (names.length <= FEW_NAMES) add((value) => `datasets && ${value}::text[]`, names);
      else add((value) => `position(lower(${value}) IN lower(array_to_string(datasets, ' '))) > 0`, dataset);
    }
    return { where, values };
  }

  return {
    /** One page of runs; `states` empty = every state. A cursor whose run is gone still marks its place. */
    async page(
      filter: RunsFilter,
      states: readonly RunState[],
      at: RunsPosition | null,
      limit: number,
      now: Date,
    ): Promise<RunsPage> {
      const { where, values } = await conditions(filter, now);
      const newer = at?.direction === "newer";
      if (states.length > 0) where.push(`state = ANY($${values.push(states)})`);
      if (at !== null) {
        const [micros, id] = at.cursor.split("_");
        const place = `('epoch'::timestamptz + $${values.push(micros)}::bigint * interval '1 microsecond', $${values.push(id)}::uuid)`;
        where.push(`(created_at, id) ${newer ? ">" : "<"} ${place}`);
      }
      const { rows } = await pool.query<RunRow & { cursor: string }>(
        `SELECT id, pipeline, trigger, state, created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt",
                cardinality(datasets) AS "datasetCount", datasets[1:3] AS "firstDatasets", rows_out::float8 AS "rowsOut",
                error_kind AS "errorKind", error_message AS "errorMessage",
                (extract(epoch FROM created_at) * 1000000)::bigint || '_' || id AS cursor
           FROM runs ${clause(where)}
          ORDER BY created_at ${newer ? "ASC" : "DESC"}, id ${newer ? "ASC" : "DESC"} LIMIT $${values.push(limit + 1)}`,
        values,
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
      const { where, values } = await conditions(filter, now);
      const { rows } = await pool.query<{ state: RunState; count: number }>(
        `SELECT state, count(*)::float8 AS count FROM runs ${clause(where)} GROUP BY state`,
        values,
      );
      const counts: Record<RunState, number> = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
      for (const { state, count } of rows) counts[state] = count;
      return counts;
    },

    /** Pipelines that have runs, by name. Steps from one name to the next in the index, however many runs there are. */
    async pipelines(): Promise<string[]> {
      const { rows } = await pool.query<NameRow>(
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

function clause(where: readonly string[]): string {
  return where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`;
}
