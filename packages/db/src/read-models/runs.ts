import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { RunState, Trigger } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";
import { type CountedRuns, countRuns, longRuns } from "./count-runs.ts";
import { behind, clause, pageOf, PLACE, type Placed, type RunsPage, type RunsPosition } from "./run-places.ts";

export type { RunsPage, RunsPosition } from "./run-places.ts";

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
  /** E-mail of the person who asked for it; null when the scheduler decided. */
  readonly requestedBy: string | null;
  /** Steps that a person marked as done or failed. */
  readonly byHand: number;
  /** The backfill it is part of. */
  readonly backfillId: string | null;
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
  /** E-mail of a person, or `PLATFORM`: nobody asked. */
  readonly launchedBy?: string | null;
  /** Without the runs inside backfills, which are told as one thing; see `runsListReadModel`. */
  readonly withoutBackfills?: boolean;
}

/** Stands where an e-mail would: the platform started it by itself. */
export const PLATFORM = "platform";

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
    const { pipeline, trigger, dataset, startedFrom, startedTo, longerThanSeconds, launchedBy = null } = filter;
    const where: string[] = [];
    const values: unknown[] = [];
    const add = (condition: (parameter: string) => string, value: unknown): void => {
      values.push(value);
      where.push(condition(`$${values.length}`));
    };
    if (pipeline !== null) add((value) => `pipeline = ${value}`, pipeline);
    if (trigger !== null) add((value) => `trigger = ${value}`, trigger);
    if (filter.withoutBackfills === true) where.push(trigger === "backfill" ? NEVER : "trigger <> 'backfill'");
    if (launchedBy === PLATFORM) where.push("requested_by IS NULL");
    else if (launchedBy !== null) add((value) => `requested_by = ${value}`, launchedBy);
    if (startedFrom !== null) add((value) => `created_at >= ${value}`, startedFrom);
    if (startedTo !== null) add((value) => `created_at < ${value}`, startedTo);
    if (longerThanSeconds !== null) {
      const long = await longRuns(pool, longerThanSeconds, now);
      if (long !== null) add((value) => `id = ANY(${value}::uuid[])`, long);
      else {
        const until = `$${values.push(now)}`;
        add(
          (value) =>
            `coalesce(ended_at, ${until}) - coalesce(started_at, created_at) > make_interval(secs => ${value})`,
          longerThanSeconds,
        );
      }
    }
    if (dataset !== "") {
      const names = await datasetsNamed(dataset);
      if (names.length === 0) where.push(NEVER);
      else if (names.length <= FEW_NAMES) add((value) => `datasets && ${value}::text[]`, names);
      else add((value) => `position(lower(${value}) IN lower(array_to_string(datasets, ' '))) > 0`, dataset);
    }
    return { where, values };
  }

  /** Runs from a place on, the nearest to it first, each with its own place. */
  async function rowsFrom(
    filter: RunsFilter,
    states: readonly RunState[],
    at: RunsPosition | null,
    limit: number,
    now: Date,
  ): Promise<Placed<RunRow>[]> {
    const { where, values } = await conditions(filter, now);
    const direction = at?.direction === "newer" ? "ASC" : "DESC";
    const [state, ...others] = states;
    // Of one state the index has the order of the page; several are few rows each.
    if (others.length > 0) where.push(`state = ANY($${values.push(states)})`);
    else if (state !== undefined) where.push(`state = $${values.push(state)}`);
    if (at !== null) where.push(behind(at, values));
    const { rows } = await pool.query<Placed<RunRow>>(
      `SELECT id, pipeline, trigger, state, created_at AS "createdAt", started_at AS "startedAt", ended_at AS "endedAt",
              cardinality(datasets) AS "datasetCount", datasets[1:3] AS "firstDatasets", rows_out::float8 AS "rowsOut",
              error_kind AS "errorKind", error_message AS "errorMessage", requested_by AS "requestedBy", by_hand AS "byHand",
              CASE WHEN trigger = 'backfill' THEN (SELECT backfill_id FROM backfill_partitions WHERE run_id = runs.id LIMIT 1) END AS "backfillId",
              ${PLACE} AS cursor
         FROM (SELECT id FROM runs ${clause(where)} ORDER BY created_at ${direction}, id ${direction} LIMIT $${values.push(limit)}) found
         JOIN runs USING (id) ORDER BY created_at ${direction}, id ${direction}`,
      values,
    );
    return rows;
  }

  return {
    rowsFrom,
    datasetsNamed,
    /** One page of runs; `states` empty = every state. A cursor whose run is gone still marks its place. */
    async page(
      filter: RunsFilter,
      states: readonly RunState[],
      at: RunsPosition | null,
      limit: number,
      now: Date,
    ): Promise<RunsPage<RunRow>> {
      return pageOf(await rowsFrom(filter, states, at, limit + 1, now), at, limit);
    },

    /** How many runs there are in each state under the same filter; exactly, up to `most` of each. */
    async counts(filter: RunsFilter, now: Date, most?: number): Promise<CountedRuns> {
      const { where, values } = await conditions(filter, now);
      return countRuns(pool, where, values, filter.dataset !== "", most);
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
