import type { IntakeRefusals } from "@nova/pipeline-core/connectors";
import { announce } from "./announce.ts";
import { rowsJson, type StoreDb } from "./store-context.ts";

export function intakeRefusals(db: StoreDb): IntakeRefusals {
  return {
    async add(refused) {
      if (refused.length === 0) return;
      await db.pool.query(
        `INSERT INTO intake_refusals AS kept (source_id, service, outcome, hour, requests, records, last_at)
         SELECT source, service, outcome, date_trunc('hour', "lastAt"), requests, records, "lastAt" FROM jsonb_to_recordset($1::jsonb)
             AS r (source text, service text, outcome text, requests bigint, records bigint, "lastAt" timestamptz)
         ON CONFLICT (source_id, service, outcome, hour) DO UPDATE
            SET requests = kept.requests + excluded.requests, records = kept.records + excluded.records, last_at = greatest(kept.last_at, excluded.last_at)`,
        [rowsJson(refused)],
      );
      await announce(db.pool, "source", [...new Set(refused.map(({ source }) => source))]);
    },
  };
}
