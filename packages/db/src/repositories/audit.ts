import type { AuditEntry, AuditStore, QueryStore } from "@nova/pipeline-core/access";
import { addScanned, NOTHING_SCANNED } from "@nova/pipeline-core/lakehouse";
import { announce, type Sql } from "./announce.ts";
import { chargeScans } from "./charge-scan.ts";
import { inTransaction, type StoreContext, type StoreDb } from "./store-context.ts";

export function auditStore(db: StoreDb, context: StoreContext): AuditStore {
  return { append: (entry) => writeAudit(db.pool, context, entry) };
}

/** Writes an audit entry in the transaction of the act it records. */
export async function writeAudit(sql: Sql, { clock, ids }: StoreContext, entry: AuditEntry): Promise<void> {
  await sql.query(
    "INSERT INTO audit_entries (id, at, actor, action, resource, detail) VALUES ($1, $2, $3, $4, $5, $6)",
    [ids.next(), clock.now(), entry.actor, entry.action, entry.resource, JSON.stringify(entry.detail)],
  );
}

export function queryStore(db: StoreDb, context: StoreContext): QueryStore {
  const { clock } = context;
  return {
    async start({ id, userId, actor, sql, datasets }) {
      await inTransaction(db.pool, async (tx) => {
        await tx.query(
          "INSERT INTO queries (id, user_id, actor, sql, datasets, state, started_at) VALUES ($1, $2, $3, $4, $5, 'running', $6)",
          [id, userId, actor, sql, datasets, clock.now()],
        );
        await writeAudit(tx, context, { actor, action: "query.run", resource: `query/${id}`, detail: { datasets } });
        await announce(tx, "query", [id]);
      });
    },
    async finish(id, outcome) {
      await inTransaction(db.pool, async (tx) => {
        const at = clock.now();
        const scanned = [...outcome.scanned.values()].reduce(addScanned, NOTHING_SCANNED);
        const { rowCount } = await tx.query(
          `UPDATE queries SET state = $2, ended_at = $3, rows = $4, bytes = $5, error_kind = $6, error_message = $7, scanned_bytes = $8, billed_bytes = $9 WHERE id = $1 AND state = 'running'`,
          [
            id,
            outcome.state,
            at,
            outcome.rows,
            outcome.bytes,
            outcome.error?.kind ?? null,
            outcome.error?.message ?? null,
            scanned.bytes,
            scanned.billedBytes,
          ],
        );
        if (rowCount === 0) return;
        await chargeScans(tx, at, "query", [...outcome.scanned]);
        if (outcome.state === "succeeded")
          await tx.query(
            "UPDATE datasets SET query_count = query_count + 1 WHERE name = ANY (SELECT unnest(datasets) FROM queries WHERE id = $1)",
            [id],
          );
        await announce(tx, "query", [id]);
      });
    },
    async closeAbandoned() {
      const { rowCount } = await db.pool.query(
        `UPDATE queries SET state = 'failed', ended_at = $1, error_kind = 'stale-writer', error_message = 'the worker ended before this query did' WHERE state IN ('queued', 'running')`,
        [clock.now()],
      );
      return rowCount ?? 0;
    },
  };
}
