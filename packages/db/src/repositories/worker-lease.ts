import type { WorkerLease } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { inTransaction, type StoreContext, type StoreDb } from "./store-context.ts";

export function workerLease(db: StoreDb, { clock }: Pick<StoreContext, "clock">): WorkerLease {
  return {
    async acquire(worker) {
      return inTransaction(db.pool, async (tx) => {
        const now = clock.now();
        // Waits for commits that hold the older lease (see leaseCte), however long, then ends it.
        await tx.query("SET LOCAL lock_timeout = 0");
        await tx.query("SELECT epoch FROM worker_leases WHERE released_at IS NULL FOR UPDATE");
        await tx.query("UPDATE worker_leases SET released_at = $1 WHERE released_at IS NULL", [now]);
        const { rows } = await tx.query<{ epoch: string }>(
          `INSERT INTO worker_leases (worker_id, pid, started_at, heartbeat_at) VALUES ($1, $2, $3, $4) RETURNING epoch`,
          [worker.id, worker.pid, worker.startedAt, now],
        );
        return BigInt(rows[0]?.epoch ?? 0);
      });
    },
    async heartbeat(epoch) {
      const { rowCount } = await db.pool.query(
        "UPDATE worker_leases SET heartbeat_at = $2 WHERE epoch = $1 AND released_at IS NULL",
        [epoch, clock.now()],
      );
      if (rowCount === 0)
        throw new PlatformError("stale-writer", `another worker took over: lease ${epoch} is no longer held`);
    },
    async release(epoch) {
      await db.pool.query("UPDATE worker_leases SET released_at = $2 WHERE epoch = $1 AND released_at IS NULL", [
        epoch,
        clock.now(),
      ]);
    },
  };
}
