import type { Pool } from "pg";

export interface WorkerHeartbeat {
  readonly startedAt: Date;
  readonly heartbeatAt: Date;
  /** Set when the worker ended in order. */
  readonly releasedAt: Date | null;
}

export function liveReadModel(pool: Pick<Pool, "query">) {
  return {
    /** The last sign of life of the worker that holds the lease; null before the first worker. */
    async workerHeartbeat(): Promise<WorkerHeartbeat | null> {
      const { rows } = await pool.query<WorkerHeartbeat>(
        `SELECT started_at AS "startedAt", heartbeat_at AS "heartbeatAt", released_at AS "releasedAt" FROM worker_leases ORDER BY epoch DESC LIMIT 1`,
      );
      return rows[0] ?? null;
    },
  };
}
