import type { RunState } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";

export interface PauseRow {
  readonly pipeline: string;
  readonly by: string;
  readonly at: Date;
}

export interface HoldRow {
  readonly dataset: string;
  readonly snapshotId: string;
  readonly runId: string;
  readonly by: string;
  readonly at: Date;
}

/** A run that changed the dataset: a rollback can go to the snapshot before it. */
export interface RollbackPoint {
  readonly runId: string;
  readonly endedAt: Date;
  readonly snapshotBefore: string;
  readonly rowsOut: number;
  /** What going back there undoes, this run and all later ones of the dataset. */
  readonly runsUndone: number;
  readonly rowsUndone: number;
  readonly bytesUndone: number;
}

export interface RunOrigin {
  readonly retryOf: string | null;
  readonly requestedBy: string | null;
  readonly cancelledBy: string | null;
  /** Runs that did parts of this one again, newest first. */
  readonly retries: readonly { readonly id: string; readonly state: RunState }[];
}

/** What people asked of runs, pipelines and datasets, and what of it holds now. */
export function steeringReadModel(pool: Pick<Pool, "query">) {
  return {
    async pauses(): Promise<PauseRow[]> {
      const { rows } = await pool.query<PauseRow>("SELECT pipeline, by, at FROM pipeline_pauses ORDER BY pipeline");
      return rows;
    },
    /** The rollback that the dataset stands at, if it does. */
    async holdOf(dataset: string): Promise<HoldRow | null> {
      const { rows } = await pool.query<HoldRow>(
        `SELECT dataset, snapshot_id AS "snapshotId", run_id AS "runId", by, at FROM dataset_holds WHERE dataset = $1`,
        [dataset],
      );
      return rows[0] ?? null;
    },
    async ofRun(runId: string): Promise<RunOrigin> {
      const { rows } = await pool.query<RunOrigin>(
        `SELECT retry_of AS "retryOf", requested_by AS "requestedBy", cancelled_by AS "cancelledBy",
                (SELECT coalesce(json_agg(json_build_object('id', n.id, 'state', n.state) ORDER BY n.created_at DESC), '[]')
                   FROM runs n WHERE n.retry_of = r.id) AS retries
           FROM runs r WHERE id = $1`,
        [runId],
      );
      return rows[0] ?? { retryOf: null, requestedBy: null, cancelledBy: null, retries: [] };
    },
    /** The newest runs that changed the dataset, newest first. */
    async rollbackPoints(dataset: string, limit: number): Promise<RollbackPoint[]> {
      const { rows } = await pool.query<RollbackPoint>(
        `SELECT run_id AS "runId", ended_at AS "endedAt", snapshot_before AS "snapshotBefore", rows_out::float8 AS "rowsOut",
                (count(*) OVER newer)::int AS "runsUndone", (sum(rows_out) OVER newer)::float8 AS "rowsUndone", (sum(bytes) OVER newer)::float8 AS "bytesUndone"
           FROM steps
          WHERE dataset = $1 AND state = 'succeeded' AND snapshot_before IS NOT NULL AND snapshot_after IS DISTINCT FROM snapshot_before
         WINDOW newer AS (ORDER BY started_at DESC)
          ORDER BY started_at DESC LIMIT $2`,
        [dataset, limit],
      );
      return rows;
    },
  };
}
