import type { Transaction } from "@nova/pipeline-core/kernel";
import type { ScheduleStore, StoredSchedule } from "@nova/pipeline-core/orchestration";
import { announce, type Sql } from "./announce.ts";
import { guardLease } from "./lease-guard.ts";
import { inTransaction, rowsJson, type StoreDb } from "./store-context.ts";

interface ScheduleRow extends Omit<StoredSchedule, "pause"> {
  readonly pausedBy: string | null;
  readonly pausedAt: Date | null;
}

export function scheduleStore(db: StoreDb): ScheduleStore {
  const guarded = <T>(epoch: bigint, work: (tx: Sql) => Promise<T>): Promise<T> =>
    inTransaction(db.pool, async (tx) => {
      await guardLease(tx as Transaction, epoch);
      return work(tx);
    });
  return {
    declare: (epoch, declared, at) =>
      guarded(epoch, async (tx) => {
        await tx.query("UPDATE dataset_schedules SET declared = false WHERE declared AND dataset <> ALL($1::text[])", [
          declared.map(({ dataset }) => dataset),
        ]);
        await tx.query(
          `INSERT INTO dataset_schedules AS s (dataset, cron, zone, declared)
           SELECT dataset, cron, zone, true FROM jsonb_to_recordset($1::jsonb) AS d (dataset text, cron text, zone text)
           ON CONFLICT (dataset) DO UPDATE SET declared = true, cron = excluded.cron, zone = excluded.zone,
             handled_through = CASE WHEN s.handled_through IS NOT NULL AND (s.cron, s.zone) <> (excluded.cron, excluded.zone)
                                    THEN $2::timestamptz ELSE s.handled_through END`,
          [rowsJson(declared), at],
        );
        const { rows } = await tx.query<ScheduleRow>(
          `SELECT dataset, cron, zone, handled_through AS "handledThrough", paused_by AS "pausedBy", paused_at AS "pausedAt"
             FROM dataset_schedules WHERE declared ORDER BY dataset`,
        );
        return rows.map(({ pausedBy, pausedAt, ...row }) => ({
          ...row,
          pause: pausedBy === null || pausedAt === null ? null : { by: pausedBy, at: pausedAt },
        }));
      }),

    begin: (epoch, datasets, runId) =>
      guarded(epoch, async (tx) => {
        await tx.query("UPDATE dataset_schedules SET run_id = $2 WHERE dataset = ANY($1::text[])", [datasets, runId]);
        await announce(tx, "dataset", datasets);
      }),

    settle: (epoch, dataset, through) =>
      guarded(epoch, async (tx) => {
        await tx.query(
          "UPDATE dataset_schedules SET handled_through = greatest(handled_through, $2) WHERE dataset = $1",
          [dataset, through],
        );
        await announce(tx, "dataset", [dataset]);
      }),

    async pause(tx, epoch, dataset, { by, at }) {
      await guardLease(tx, epoch);
      await tx.query(
        "UPDATE dataset_schedules SET paused_by = $2, paused_at = $3 WHERE dataset = $1 AND paused_by IS NULL",
        [dataset, by, at],
      );
      await announce(tx as Sql, "dataset", [dataset]);
    },

    async resume(tx, epoch, dataset, at) {
      await guardLease(tx, epoch);
      await tx.query(
        `UPDATE dataset_schedules SET paused_by = NULL, paused_at = NULL,
                handled_through = CASE WHEN handled_through IS NULL THEN NULL ELSE $2::timestamptz END WHERE dataset = $1`,
        [dataset, at],
      );
      await announce(tx as Sql, "dataset", [dataset]);
    },
  };
}
