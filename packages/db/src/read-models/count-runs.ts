import { RUN_STATES, type RunState, type Trigger } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";
import { clause } from "./run-places.ts";

export type RunCounts = Readonly<Record<RunState, number>>;

/** Runs of one state are counted up to here: retention keeps a platform below it, and beyond it nobody reads the digits. */
const MOST_COUNTED = 50_000;
/** Ids that are named one by one; beyond, so many runs match that a look at the newest finds a page of them. */
const FEW_RUNS = 2_000;

/** Runs by state, together and by what made them start. */
export interface CountedRuns {
  readonly all: RunCounts;
  /** A trigger without runs is absent. */
  readonly byTrigger: ReadonlyMap<Trigger, RunCounts>;
  /** States of which there may be more runs than were counted. */
  readonly atLeast: readonly RunState[];
}

export const NO_RUNS: RunCounts = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };

/**
 * How many runs of each state pass the conditions, exactly up to `most` of a state. Each state is a walk through its
 * own part of an index that ends there; `inTable` says that a condition looks at what no index holds: then it is one look
 * at the runs that pass, and as many of all states together are counted.
 */
export async function countRuns(
  pool: Pick<Pool, "query">,
  where: readonly string[],
  values: readonly unknown[],
  inTable: boolean,
  most: number = MOST_COUNTED,
): Promise<CountedRuns> {
  const some = (conditions: readonly string[]): string =>
    `(SELECT state, trigger FROM runs ${clause(conditions)} LIMIT ${most})`;
  const passing = inTable
    ? some(where)
    : RUN_STATES.map((state) => some([...where, `state = '${state}'`])).join(" UNION ALL ");
  const { rows } = await pool.query<{ state: RunState; trigger: Trigger; count: number }>(
    `SELECT state, trigger, count(*)::float8 AS count FROM (${passing}) passing GROUP BY state, trigger`,
    [...values],
  );
  const counted = (of: readonly { state: RunState; count: number }[]): RunCounts => {
    const counts: Record<RunState, number> = { ...NO_RUNS };
    for (const { state, count } of of) counts[state] += count;
    return counts;
  };
  const groups = Map.groupBy(rows, ({ trigger }) => trigger);
  const all = counted(rows);
  const full = (states: readonly RunState[]): boolean => states.reduce((sum, state) => sum + all[state], 0) >= most;
  const atLeast = inTable ? (full(RUN_STATES) ? RUN_STATES : []) : RUN_STATES.filter((state) => full([state]));
  return { all, atLeast, byTrigger: new Map([...groups].map(([trigger, of]) => [trigger, counted(of)])) };
}

/** The runs that took longer, ended or not, when they are few; null when they are many. */
export async function longRuns(
  pool: Pick<Pool, "query">,
  seconds: number,
  now: Date,
): Promise<readonly string[] | null> {
  const { rows } = await pool.query<{ id: string }>(
    `(SELECT id FROM runs WHERE ended_at IS NOT NULL AND ended_at - coalesce(started_at, created_at) > make_interval(secs => $1)
       ORDER BY ended_at - coalesce(started_at, created_at) DESC LIMIT ${FEW_RUNS + 1})
     UNION ALL
     (SELECT id FROM runs WHERE state IN ('queued', 'running') AND ended_at IS NULL AND $2 - coalesce(started_at, created_at) > make_interval(secs => $1) LIMIT ${FEW_RUNS + 1})`,
    [seconds, now],
  );
  return rows.length > FEW_RUNS ? null : rows.map(({ id }) => id);
}
