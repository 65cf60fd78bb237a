import type { ParameterValues } from "@nova/pipeline-core/catalog";
import type { ErrorKind, LogLevel } from "@nova/pipeline-core/kernel";
import type { RunState, StepMark, StepState, Trigger } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";
import { type DatasetComparison, runComparisonReadModel } from "./run-comparison.ts";
import { listRunDays, type RunDay } from "./run-days.ts";

export interface RunDetail {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: Trigger;
  readonly state: RunState;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly rowsOut: number;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
  /** Median of the pipeline's last 50 succeeded runs before this one; null without any. */
  readonly typicalSeconds: number | null;
  /** The backfill it is part of. */
  readonly backfillId: string | null;
  /** Steps that a person marked as done or failed. */
  readonly byHand: number;
  /** Neighbours of the same pipeline in time. */
  readonly previousId: string | null;
  readonly nextId: string | null;
}

export interface RunAttempt {
  readonly number: number;
  readonly state: "running" | "succeeded" | "failed" | "cancelled";
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
}

export interface RunStep {
  readonly dataset: string;
  readonly state: StepState;
  readonly reason: string;
  readonly after: readonly string[];
  readonly waitingSince: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly retryAt: Date | null;
  readonly rowsIn: number | null;
  readonly rowsOut: number | null;
  readonly bytes: number | null;
  /** Of the lake, by all attempts; null for steps from before scans were measured, and those that never began. */
  readonly scannedBytes: number | null;
  readonly billedBytes: number | null;
  readonly snapshotBefore: string | null;
  readonly snapshotAfter: string | null;
  readonly skipReason: string | null;
  /** Who said what became of it, in place of the platform, and why; null for nearly all. */
  readonly mark: StepMark | null;
  /** Of the model, where they are not the defaults. */
  readonly parameters?: ParameterValues | null;
  /** The same inputs and code give the same key; null for steps that did not get that far. */
  readonly key: string | null;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
  readonly attempts: readonly RunAttempt[];
}

interface Marked {
  readonly markedBy: string | null;
  readonly markedAt: Date | null;
  readonly markReason: string | null;
}

export interface RunLogRow {
  /** Grows over the log; the permanent address of a line. */
  readonly seq: number;
  readonly dataset: string | null;
  readonly at: Date;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** `after`: the first lines behind this seq. `before`: the last ones in front of it. Neither: the newest lines. */
export interface LogPosition {
  readonly after?: number | undefined;
  readonly before?: number | undefined;
}

export function runReadModel(pool: Pick<Pool, "query">) {
  return {
    async one(id: string): Promise<RunDetail | null> {
      const { rows } = await pool.query<RunDetail>(
        `SELECT r.id, r.pipeline, r.trigger, r.state, r.created_at AS "createdAt", r.started_at AS "startedAt", r.ended_at AS "endedAt",
                r.rows_out::float8 AS "rowsOut", r.error_kind AS "errorKind", r.error_message AS "errorMessage", r.by_hand AS "byHand",
                typical.seconds AS "typicalSeconds",
                CASE WHEN r.trigger = 'backfill' THEN (SELECT backfill_id FROM backfill_partitions WHERE run_id = r.id LIMIT 1) END AS "backfillId", previous.id AS "previousId", next.id AS "nextId"
           FROM runs r
           LEFT JOIN LATERAL (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds
                                FROM (SELECT extract(epoch FROM ended_at - started_at)::float8 AS seconds FROM runs
                                       WHERE pipeline = r.pipeline AND created_at < r.created_at AND state = 'succeeded'
                                       ORDER BY created_at DESC LIMIT 50) last) typical ON true
           LEFT JOIN LATERAL (SELECT id FROM runs WHERE pipeline = r.pipeline AND created_at < r.created_at ORDER BY created_at DESC LIMIT 1) previous ON true
           LEFT JOIN LATERAL (SELECT id FROM runs WHERE pipeline = r.pipeline AND created_at > r.created_at ORDER BY created_at LIMIT 1) next ON true
          WHERE r.id = $1`,
        [id],
      );
      return rows[0] ?? null;
    },

    /** Days of a dataset, also of runs that are past their time. */
    days: (dataset: string, limit: number): Promise<RunDay[]> => listRunDays(pool, dataset, limit),

    /** Steps in the order of the plan, each with its attempts. */
    async steps(id: string): Promise<RunStep[]> {
      const [steps, attempts] = await Promise.all([
        pool.query<Omit<RunStep, "attempts" | "mark"> & Marked>(
          `SELECT dataset, state, reason, after, waiting_since AS "waitingSince", started_at AS "startedAt", ended_at AS "endedAt", retry_at AS "retryAt",
                  rows_in::float8 AS "rowsIn", rows_out::float8 AS "rowsOut", bytes::float8 AS bytes, scanned_bytes::float8 AS "scannedBytes", billed_bytes::float8 AS "billedBytes", snapshot_before AS "snapshotBefore",
                  snapshot_after AS "snapshotAfter", skip_reason AS "skipReason", marked_by AS "markedBy", marked_at AS "markedAt", mark_reason AS "markReason", idempotency_key AS key, parameters, error_kind AS "errorKind", error_message AS "errorMessage"
             FROM steps WHERE run_id = $1 ORDER BY ordinal`,
          [id],
        ),
        pool.query<RunAttempt & { dataset: string }>(
          `SELECT dataset, number, state, started_at AS "startedAt", ended_at AS "endedAt", error_kind AS "errorKind", error_message AS "errorMessage"
             FROM attempts WHERE run_id = $1 ORDER BY dataset, number`,
          [id],
        ),
      ]);
      const byDataset = Map.groupBy(attempts.rows, (attempt) => attempt.dataset);
      return steps.rows.map(({ markedBy: by, markedAt: at, markReason: reason, ...step }) => ({
        ...step,
        mark: by === null || at === null || reason === null ? null : { by, at, reason },
        attempts: (byDataset.get(step.dataset) ?? []).map(({ dataset: _, ...attempt }) => attempt),
      }));
    },

    /** Its steps beside the last good run of each dataset. */
    compared: (id: string): Promise<DatasetComparison[]> => runComparisonReadModel(pool).ofRun(id),

    /** At most `limit` lines, oldest first. */
    async log(id: string, { after, before }: LogPosition, limit: number): Promise<RunLogRow[]> {
      const forward = after !== undefined;
      const { rows } = await pool.query<RunLogRow>(
        `SELECT seq::float8 AS seq, dataset, at, level, message, fields FROM run_logs
          WHERE run_id = $1 AND ($2::bigint IS NULL OR seq > $2) AND ($3::bigint IS NULL OR seq < $3)
          ORDER BY seq ${forward ? "ASC" : "DESC"} LIMIT $4`,
        [id, after ?? null, before ?? null, limit],
      );
      return forward ? rows : rows.reverse();
    },
  };
}
