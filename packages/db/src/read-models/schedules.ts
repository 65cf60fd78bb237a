import cronstrue from "cronstrue";
import { nextTicks } from "@nova/pipeline-core/catalog";
import type { StepState } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";
import type { PauseRow } from "./steering.ts";

export interface ScheduleRow {
  readonly dataset: string;
  readonly pipeline: string;
  readonly cron: string;
  readonly zone: string;
  /** The expression in words, e.g. "At 06:15, Monday through Friday". */
  readonly words: string;
  /** The next three, whether or not it is paused. */
  readonly nextRuns: readonly Date[];
  /** The last run by the schedule; null when there was none, or it is no longer kept. */
  readonly lastRun: ScheduledRun | null;
  /** Who stopped this schedule. */
  readonly paused: { readonly by: string; readonly at: Date } | null;
  /** Who stopped the whole pipeline: then nothing of it runs by its schedule either. */
  readonly pipelinePaused: Omit<PauseRow, "pipeline"> | null;
}

export interface ScheduledRun {
  readonly id: string;
  /** What became of this dataset's step; the run may have others. */
  readonly state: StepState;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly rowsOut: number | null;
  /** Why it failed, was skipped or was marked by hand. */
  readonly reason: string | null;
}

interface Row extends Pick<ScheduleRow, "dataset" | "pipeline" | "cron" | "zone"> {
  readonly pausedBy: string | null;
  readonly pausedAt: Date | null;
  readonly pipelinePausedBy: string | null;
  readonly pipelinePausedAt: Date | null;
  readonly runId: string | null;
  readonly runState: StepState | null;
  readonly runStartedAt: Date | null;
  readonly runEndedAt: Date | null;
  readonly runRows: number | null;
  readonly runReason: string | null;
}

const NEXT_RUNS = 3;

export function schedulesReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Every dataset that is refreshed by the calendar, by name; at most 1,000. */
    async list(now: Date): Promise<ScheduleRow[]> {
      const { rows } = await pool.query<Row>(
        `SELECT s.dataset, d.pipeline, s.cron, s.zone, s.paused_by AS "pausedBy", s.paused_at AS "pausedAt",
                p.by AS "pipelinePausedBy", p.at AS "pipelinePausedAt",
                r.id AS "runId", t.state AS "runState", coalesce(t.started_at, r.created_at) AS "runStartedAt", t.ended_at AS "runEndedAt",
                t.rows_out::float8 AS "runRows", coalesce(t.mark_reason, t.error_message, t.skip_reason) AS "runReason"
           FROM dataset_schedules s
           JOIN datasets d ON d.name = s.dataset
           LEFT JOIN pipeline_pauses p ON p.pipeline = d.pipeline
           LEFT JOIN runs r ON r.id = s.run_id
           LEFT JOIN steps t ON t.run_id = r.id AND t.dataset = s.dataset
          WHERE s.declared ORDER BY s.dataset LIMIT 1000`,
      );
      return rows.map((row) => ({
        dataset: row.dataset,
        pipeline: row.pipeline,
        cron: row.cron,
        zone: row.zone,
        words: scheduleWords(row.cron),
        nextRuns: nextTicks(row, now, NEXT_RUNS),
        lastRun: runOf(row),
        paused: someone(row.pausedBy, row.pausedAt),
        pipelinePaused: someone(row.pipelinePausedBy, row.pipelinePausedAt),
      }));
    },
  };
}

/** A cron expression as people say it. */
export function scheduleWords(cron: string): string {
  return cronstrue.toString(cron, { use24HourTimeFormat: true, verbose: false });
}

function someone(by: string | null, at: Date | null): { by: string; at: Date } | null {
  return by === null || at === null ? null : { by, at };
}

function runOf({ runId, runState, runStartedAt, runEndedAt, runRows, runReason }: Row): ScheduledRun | null {
  if (runId === null || runState === null || runStartedAt === null) return null;
  return {
    id: runId,
    state: runState,
    startedAt: runStartedAt,
    endedAt: runEndedAt,
    rowsOut: runRows,
    reason: runReason,
  };
}
