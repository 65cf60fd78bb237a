import type { QualityStore } from "@nova/pipeline-core/quality";
import { announce } from "./announce.ts";
import { chargeScans } from "./charge-scan.ts";
import { inTransaction, rowsJson, type StoreDb } from "./store-context.ts";

export function qualityStore(db: StoreDb): QualityStore {
  return {
    async saveChecks(datasets, checks) {
      const rows = rowsJson(checks);
      await inTransaction(db.pool, async (tx) => {
        await tx.query(
          `DELETE FROM checks k WHERE k.dataset = ANY($2::text[])
              AND NOT EXISTS (SELECT FROM jsonb_to_recordset($1::jsonb) AS c (dataset text, name text) WHERE c.dataset = k.dataset AND c.name = k.name)`,
          [rows, datasets],
        );
        await tx.query(
          `INSERT INTO checks (dataset, name, kind, "column", severity, blocking, threshold, description)
           SELECT dataset, name, kind, "column", severity, blocking, threshold, description FROM jsonb_to_recordset($1::jsonb)
               AS c (dataset text, name text, kind text, "column" text, severity text, blocking boolean, threshold float8, description text)
           ON CONFLICT (dataset, name) DO UPDATE SET kind = excluded.kind, "column" = excluded."column", severity = excluded.severity,
             blocking = excluded.blocking, threshold = excluded.threshold, description = excluded.description`,
          [rows],
        );
        await announce(tx, "check", datasets);
      });
    },

    async recordResults(results) {
      if (results.length === 0) return;
      await inTransaction(db.pool, async (tx) => {
        const { rows: fresh } = await tx.query<{ dataset: string; check: string; at: Date }>(
          `INSERT INTO check_results (dataset, "check", at, outcome, value, threshold, snapshot_id, run_id, message, scanned_bytes, billed_bytes)
           SELECT dataset, "check", at, outcome, value, threshold, "snapshotId", "runId", message, (scanned->>'bytes')::bigint, (scanned->>'billedBytes')::bigint
             FROM jsonb_to_recordset($1::jsonb)
               AS r (dataset text, "check" text, at timestamptz, outcome text, value float8, threshold float8, "snapshotId" text, "runId" uuid, message text, scanned jsonb)
           ON CONFLICT (dataset, "check", at) DO NOTHING RETURNING dataset, "check", at`,
          [rowsJson(results)],
        );
        // A result that is recorded again is not charged again.
        const isFresh = new Set(fresh.map(({ dataset, check, at }) => `${dataset} ${check} ${at.getTime()}`));
        for (const [at, together] of Map.groupBy(results, (result) => result.at.getTime())) {
          const scans = together.flatMap(({ dataset, check, scanned }) =>
            scanned === undefined || !isFresh.has(`${dataset} ${check} ${at}`) ? [] : [[dataset, scanned] as const],
          );
          await chargeScans(tx, new Date(at), "check", scans);
        }
        // The newest of this call per check; a result older than the last known one (a replay) changes nothing.
        await tx.query(
          `UPDATE checks k SET outcome_since = CASE WHEN k.last_outcome = r.outcome THEN k.outcome_since ELSE r.at END,
                  last_outcome = r.outcome, last_value = r.value, last_message = r.message, last_at = r.at
             FROM (SELECT DISTINCT ON (dataset, "check") * FROM jsonb_to_recordset($1::jsonb)
                       AS r (dataset text, "check" text, at timestamptz, outcome text, value float8, message text)
                    ORDER BY dataset, "check", at DESC) r
            WHERE k.dataset = r.dataset AND k.name = r."check" AND (k.last_at IS NULL OR k.last_at < r.at)`,
          [rowsJson(results)],
        );
        await announce(
          tx,
          "check",
          results.map((result) => result.dataset),
        );
      });
    },
  };
}
