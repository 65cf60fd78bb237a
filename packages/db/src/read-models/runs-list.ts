import type { BackfillState, RunState, Trigger } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";
import { BACKFILL_COLUMNS, type BackfillListRow } from "./backfills.ts";
import {
  behind,
  clause,
  comparePlaces,
  pageOf,
  PLACE,
  type Placed,
  type RunsPage,
  type RunsPosition,
} from "./run-places.ts";
import { NO_RUNS, type RunCounts } from "./count-runs.ts";
import { PLATFORM, type RunRow, type RunsFilter, runsReadModel } from "./runs.ts";

/** A run, or a backfill that stands for the runs inside it. */
export type RunsListRow = ({ readonly kind: "run" } & RunRow) | ({ readonly kind: "backfill" } & BackfillListRow);

/** What of the list is wanted; empty = every state. `backfillStates` null: no backfills. */
export interface RunsListScope {
  readonly runStates: readonly RunState[];
  readonly trigger: Trigger | null;
  readonly backfillStates: readonly BackfillState[] | null;
  /** Runs stand for themselves, also those inside backfills. */
  readonly inside: boolean;
}

export interface RunsListCounts {
  readonly runs: RunCounts;
  /** Of the runs: those inside backfills. */
  readonly insideBackfills: RunCounts;
  readonly scheduled: number;
  readonly backfills: Readonly<Record<BackfillState, number>>;
  /** States of which there may be more runs than were counted: their numbers are the least there are. */
  readonly atLeast: readonly RunState[];
  /** There may be more scheduled ones than were counted. */
  readonly scheduledAtLeast: boolean;
}

const NO_BACKFILLS = { planned: 0, running: 0, paused: 0, done: 0, failed: 0, cancelled: 0 };

/** The list of runs in which a backfill is one row. */
export function runsListReadModel(pool: Pick<Pool, "query">) {
  const runs = runsReadModel(pool);

  async function backfillsWhere(filter: RunsFilter, now: Date): Promise<{ where: string[]; values: unknown[] } | null> {
    const { pipeline, trigger, dataset, startedFrom, startedTo, longerThanSeconds, launchedBy = null } = filter;
    if ((trigger !== null && trigger !== "backfill") || launchedBy === PLATFORM) return null;
    const values: unknown[] = [];
    const where = ["state <> 'planned'"];
    if (pipeline !== null)
      where.push(`dataset IN (SELECT name FROM datasets WHERE pipeline = $${values.push(pipeline)})`);
    if (launchedBy !== null) where.push(`requested_by = $${values.push(launchedBy)}`);
    if (startedFrom !== null) where.push(`created_at >= $${values.push(startedFrom)}`);
    if (startedTo !== null) where.push(`created_at < $${values.push(startedTo)}`);
    if (longerThanSeconds !== null)
      where.push(
        `coalesce(ended_at, $${values.push(now)}) - coalesce(started_at, created_at) > make_interval(secs => $${values.push(longerThanSeconds)})`,
      );
    if (dataset !== "")
      where.push(
        `EXISTS (SELECT FROM jsonb_array_elements(plan->'datasets') d WHERE d->>'dataset' = ANY($${values.push(await runs.datasetsNamed(dataset))}))`,
      );
    return { where, values };
  }

  async function backfillRows(
    filter: RunsFilter,
    states: readonly BackfillState[],
    at: RunsPosition | null,
    limit: number,
    now: Date,
  ): Promise<Placed<BackfillListRow>[]> {
    const asked = await backfillsWhere(filter, now);
    if (asked === null) return [];
    const { where, values } = asked;
    if (states.length > 0) where.push(`state = ANY($${values.push(states)})`);
    if (at !== null) where.push(behind(at, values));
    const direction = at?.direction === "newer" ? "ASC" : "DESC";
    const { rows } = await pool.query<Placed<BackfillListRow>>(
      `SELECT ${BACKFILL_COLUMNS}, ${PLACE} AS cursor FROM backfills b ${clause(where)}
        ORDER BY created_at ${direction}, id ${direction} LIMIT $${values.push(limit)}`,
      values,
    );
    return rows;
  }

  return {
    /** One page, runs and backfills in the order they were asked for; nobody's rows are read twice. */
    async page(
      filter: RunsFilter,
      scope: RunsListScope,
      at: RunsPosition | null,
      limit: number,
      now: Date,
    ): Promise<RunsPage<RunsListRow>> {
      const { inside, backfillStates, trigger } = scope;
      const folded = !inside && backfillStates !== null;
      const runsWanted =
        !(folded && trigger === "backfill") && (trigger === null || [null, trigger].includes(filter.trigger));
      const [runRows, backfills] = await Promise.all([
        runsWanted
          ? runs.rowsFrom(
              { ...filter, trigger: trigger ?? filter.trigger, withoutBackfills: !inside && trigger !== "backfill" },
              scope.runStates,
              at,
              limit + 1,
              now,
            )
          : [],
        folded ? backfillRows(filter, backfillStates, at, limit + 1, now) : [],
      ]);
      const rows: Placed<RunsListRow>[] = [
        ...runRows.map((run) => ({ kind: "run" as const, ...run })),
        ...backfills.map((backfill) => ({ kind: "backfill" as const, ...backfill })),
      ];
      const sign = at?.direction === "newer" ? 1 : -1;
      rows.sort((a, b) => sign * comparePlaces(a.cursor, b.cursor));
      return pageOf<RunsListRow>(rows.slice(0, limit + 1), at, limit) as RunsPage<RunsListRow>;
    },

    /** How many of what there are under the same filter, for the tabs; exactly, up to `most` runs of a state. */
    async counts(filter: RunsFilter, now: Date, most?: number): Promise<RunsListCounts> {
      const [{ all, byTrigger, atLeast }, asked] = await Promise.all([
        runs.counts(filter, now, most),
        backfillsWhere(filter, now),
      ]);
      // Where not all were counted, scheduled ones may be among the others: they are few, and counted for themselves.
      const apart =
        atLeast.length > 0 && filter.trigger === null
          ? await runs.counts({ ...filter, trigger: "schedule" }, now, most)
          : null;
      return {
        runs: all,
        insideBackfills: byTrigger.get("backfill") ?? NO_RUNS,
        scheduled: sum((apart?.byTrigger ?? byTrigger).get("schedule") ?? NO_RUNS),
        backfills: await countBackfills(asked),
        atLeast,
        scheduledAtLeast: (apart?.atLeast ?? atLeast).length > 0,
      };
    },
  };

  async function countBackfills(
    asked: { where: string[]; values: unknown[] } | null,
  ): Promise<RunsListCounts["backfills"]> {
    if (asked === null) return NO_BACKFILLS;
    const { rows } = await pool.query<{ state: BackfillState; count: number }>(
      `SELECT state, count(*)::float8 AS count FROM backfills ${clause(asked.where)} GROUP BY state`,
      asked.values,
    );
    return { ...NO_BACKFILLS, ...Object.fromEntries(rows.map(({ state, count }) => [state, count])) };
  }
}

function sum(counts: RunCounts): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
