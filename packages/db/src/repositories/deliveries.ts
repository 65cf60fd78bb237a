import { type DeliveryLedger, type Quarantine, type RefusedRow, replayedReason } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { announce } from "./announce.ts";
import { rowsJson, type StoreContext, type StoreDb } from "./store-context.ts";

export function deliveryLedger(db: StoreDb): DeliveryLedger {
  return {
    async unseen(source, ids) {
      const { rows } = await db.pool.query<{ id: string }>(
        `SELECT DISTINCT given.id FROM unnest($2::text[]) AS given (id)
          WHERE NOT EXISTS (SELECT FROM delivery_ledger l WHERE l.source_id = $1 AND l.id = given.id)`,
        [source, ids],
      );
      return new Set(rows.map((row) => row.id));
    },
    async claim(tx, source, ids, at) {
      const distinct = [...new Set(ids)];
      const { rowCount } = await tx.query(
        `INSERT INTO delivery_ledger (source_id, id, at) SELECT $1, id, $3 FROM unnest($2::text[]) AS id ON CONFLICT DO NOTHING`,
        [source, distinct, at],
      );
      const again = distinct.length - (rowCount ?? 0);
      if (again > 0)
        throw new PlatformError("commit-conflict", `${again} deliveries of ${source} were taken in by another commit`);
    },
  };
}

/** More refused rows of one stream than this are not named at once. */
const MOST_REFUSED = 5_000;

export function quarantine(db: StoreDb, { ids }: Pick<StoreContext, "ids">): Quarantine {
  return {
    async add(items) {
      if (items.length === 0) return;
      // PostgreSQL text holds no NUL; refused bytes may.
      const storable = (text: string): string => text.replaceAll("\u0000", "\uFFFD");
      const rows = items.map((item) => ({
        ...item,
        id: ids.next(),
        detail: storable(item.detail),
        payload: storable(item.payload),
      }));
      await db.pool.query(
        `INSERT INTO quarantine_items (id, source_id, stream, reason, detail, payload, received_at, origin)
         SELECT id, source, stream, reason, detail, payload, "receivedAt", origin FROM jsonb_to_recordset($1::jsonb)
             AS q (id uuid, source text, stream text, reason text, detail text, payload text, "receivedAt" timestamptz, origin jsonb)
         ON CONFLICT DO NOTHING`,
        [rowsJson(rows)],
      );
      await announce(db.pool, "quarantine", [...new Set(items.map((item) => item.source))]);
    },
    async refused(source, { stream, why, until, after, most = MOST_REFUSED }) {
      // The load that refuses keeps a sample and says so in the detail ("one of 900 rows").
      const { rows } = await db.pool.query<RefusedRow & { readonly sampled: boolean }>(
        `SELECT id, payload, origin, detail ~ '[(]one of [0-9]+ rows;' AS sampled FROM quarantine_items
          WHERE source_id = $1 AND stream IS NOT DISTINCT FROM $2 AND reason = $3 AND replayed_at IS NULL
            AND ($5::text IS NULL OR detail = $5) AND ($6::timestamptz IS NULL OR received_at <= $6) AND ($7::uuid IS NULL OR id > $7)
          ORDER BY id LIMIT $4`,
        [source, stream, replayedReason(source, stream), most + 1, why ?? null, until ?? null, after ?? null],
      );
      return {
        rows: rows.slice(0, most).map(({ id, payload, origin }) => ({ id, payload, origin })),
        complete: rows.length <= most && !rows.some((row) => row.sampled),
      };
    },
  };
}
