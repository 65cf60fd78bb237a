import { MINUTE } from "@nova/pipeline-core/kernel";
import type { Sql } from "../../repositories/announce.ts";

/** Three marts by the calendar, with the last run that holds them; one is paused. */
export async function seedSchedules(sql: Sql, now: Date): Promise<void> {
  await sql.query(
    `INSERT INTO dataset_schedules (dataset, cron, zone, declared, handled_through, run_id, paused_by, paused_at)
     SELECT s.dataset, s.cron, s.zone, true, r.created_at, r.id, s.by, CASE WHEN s.by IS NULL THEN NULL ELSE $1::timestamptz END
       FROM (VALUES ('mart.campaign_return', '0 7 * * 1', 'Europe/London', NULL),
                    ('mart.inventory_cover', '30 5 * * *', 'America/New_York', 'dev.okafor@novaretail.example'),
                    ('mart.payment_reconciliation', '15 6-20 * * *', 'Europe/Berlin', NULL)) AS s (dataset, cron, zone, by)
       LEFT JOIN LATERAL (SELECT id, created_at FROM runs WHERE datasets @> ARRAY[s.dataset] AND state <> 'running' ORDER BY created_at DESC LIMIT 1) r ON true`,
    [new Date(now.getTime() - 90 * MINUTE)],
  );
}
