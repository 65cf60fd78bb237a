import type { Transaction } from "@nova/pipeline-core/kernel";
import type { ControlStore, Hold, Pause, PoolChange } from "@nova/pipeline-core/orchestration";
import { announce, type Sql } from "./announce.ts";
import { guardLease } from "./lease-guard.ts";
import { inTransaction, rowsJson, type StoreDb } from "./store-context.ts";

export function controlStore(db: StoreDb): ControlStore {
  return {
    async pauses() {
      const { rows } = await db.pool.query<Pause>("SELECT pipeline, by, at FROM pipeline_pauses ORDER BY pipeline");
      return rows;
    },

    async holds() {
      const { rows } = await db.pool.query<Hold>(
        `SELECT dataset, snapshot_id AS "snapshotId", run_id AS "runId", by, at FROM dataset_holds ORDER BY dataset`,
      );
      return rows;
    },

    async poolChanges() {
      const { rows } = await db.pool.query<PoolChange>(
        "SELECT pool, places, by, at, reason FROM pool_changes ORDER BY pool",
      );
      return rows;
    },

    within: (work) => inTransaction(db.pool, (tx) => work(tx as Transaction)),

    async pause(tx, epoch, { pipeline, by, at }) {
      await guardLease(tx, epoch);
      await tx.query(
        "INSERT INTO pipeline_pauses (pipeline, by, at) VALUES ($1, $2, $3) ON CONFLICT (pipeline) DO NOTHING",
        [pipeline, by, at],
      );
    },

    async resume(tx, epoch, pipeline) {
      await guardLease(tx, epoch);
      await tx.query("DELETE FROM pipeline_pauses WHERE pipeline = $1", [pipeline]);
    },

    async rollBack(tx, epoch, { dataset, snapshotId, runId, by, at, consumed, dataThrough, downstream }) {
      await guardLease(tx, epoch);
      await tx.query(
        `INSERT INTO dataset_holds (dataset, snapshot_id, run_id, by, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (dataset) DO UPDATE SET snapshot_id = excluded.snapshot_id, run_id = excluded.run_id, by = excluded.by, at = excluded.at`,
        [dataset, snapshotId, runId, by, at],
      );
      const inputs = Object.entries(consumed).map(([input, snapshot]) => ({ input, snapshot }));
      await tx.query(
        `UPDATE dataset_inputs i SET consumed_snapshot = c.snapshot, consumed_at = $3
           FROM jsonb_to_recordset($2::jsonb) AS c (input text, snapshot text) WHERE i.dataset = $1 AND i.input = c.input`,
        [dataset, rowsJson(inputs), at],
      );
      // Null: nobody knows how far it was; then nobody knows for what is made from it either.
      await tx.query(
        `UPDATE datasets SET data_through = CASE WHEN $2::timestamptz IS NULL THEN NULL ELSE least(data_through, $2) END,
                snapshot_id = CASE WHEN name = $1 THEN $4 ELSE snapshot_id END
          WHERE name = $1 OR name = ANY($3::text[])`,
        [dataset, dataThrough, downstream, snapshotId],
      );
      await announce(tx as Sql, "dataset", [dataset, ...downstream]);
    },

    async release(tx, epoch, dataset) {
      await guardLease(tx, epoch);
      await tx.query("DELETE FROM dataset_holds WHERE dataset = $1", [dataset]);
      await announce(tx as Sql, "dataset", [dataset]);
    },

    async setPool(tx, epoch, { pool, places, by, at, reason }) {
      await guardLease(tx, epoch);
      await tx.query(
        `INSERT INTO pool_changes (pool, places, by, at, reason) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (pool) DO UPDATE SET places = excluded.places, by = excluded.by, at = excluded.at, reason = excluded.reason`,
        [pool, places, by, at, reason],
      );
    },

    async resetPool(tx, epoch, pool) {
      await guardLease(tx, epoch);
      await tx.query("DELETE FROM pool_changes WHERE pool = $1", [pool]);
    },
  };
}
