import type { Reconciliation, ReconciliationStore, SourceId } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { announce, type Sql } from "./announce.ts";
import { writeAudit } from "./audit.ts";
import { inTransaction, type StoreContext, type StoreDb } from "./store-context.ts";

const COLUMNS = `id, source_id AS source, stream, repair, state, requested_by AS "requestedBy", requested_at AS "requestedAt",
  ended_at AS "endedAt", outcome`;

export function reconciliationStore(db: StoreDb, context: StoreContext): ReconciliationStore {
  const { clock } = context;
  return {
    ask: (request) =>
      inTransaction(db.pool, async (tx) => {
        const { source, stream, repair, requestedBy } = request;
        await refuseUnfit(tx, source, stream);
        const made = { ...request, id: context.ids.next(), state: "asked", requestedAt: clock.now() } as const;
        await tx.query(
          `INSERT INTO reconciliations (id, source_id, stream, repair, state, requested_by, requested_at)
           VALUES ($1, $2, $3, $4, 'asked', $5, $6)`,
          [made.id, source, stream, repair, requestedBy, made.requestedAt],
        );
        if (requestedBy !== null)
          await writeAudit(tx, context, {
            actor: requestedBy,
            action: repair ? "stream.compare-and-repair" : "stream.compare",
            resource: `${source}/${stream}`,
            detail: { reconciliation: made.id },
          });
        await announce(tx, "source", [source]);
        return { ...made, endedAt: null, outcome: null };
      }),

    async take(source) {
      const { rows } = await db.pool.query<Reconciliation>(
        `UPDATE reconciliations SET state = 'running'
          WHERE id = (SELECT id FROM reconciliations WHERE source_id = $1 AND state = 'asked' ORDER BY requested_by IS NULL, requested_at, id LIMIT 1)
         RETURNING ${COLUMNS}`,
        [source],
      );
      await announce(db.pool, "source", rows.length > 0 ? [source] : []);
      return rows[0] ?? null;
    },

    async finish(id, outcome) {
      const { rows } = await db.pool.query<{ source: SourceId }>(
        `UPDATE reconciliations SET state = $2, outcome = $3, ended_at = $4 WHERE id = $1 AND state IN ('asked', 'running')
         RETURNING source_id AS source`,
        [id, outcome.state, JSON.stringify(outcome), clock.now()],
      );
      await announce(
        db.pool,
        "source",
        rows.map((row) => row.source),
      );
    },

    async find(id) {
      const { rows } = await db.pool.query<Reconciliation>(`SELECT ${COLUMNS} FROM reconciliations WHERE id = $1`, [
        id,
      ]);
      return rows[0] ?? null;
    },

    async list(source, stream) {
      const { rows } = await db.pool.query<Reconciliation>(
        `SELECT ${COLUMNS} FROM reconciliations WHERE source_id = $1 AND ($2::text IS NULL OR stream = $2)
          ORDER BY requested_at DESC, id DESC LIMIT 100`,
        [source, stream],
      );
      return rows;
    },

    async reopen() {
      await db.pool.query("UPDATE reconciliations SET state = 'asked' WHERE state = 'running'");
    },

    async mostDue(source, before) {
      const { rows } = await db.pool.query<{ stream: string }>(
        `SELECT s.name AS stream FROM streams s
           LEFT JOIN LATERAL (SELECT requested_at FROM reconciliations r WHERE r.source_id = s.source_id AND r.stream = s.name
                               ORDER BY requested_at DESC LIMIT 1) last ON true
          WHERE s.source_id = $1 AND s.state = 'streaming' AND cardinality(s.key_columns) > 0
            AND (last.requested_at IS NULL OR last.requested_at < $2)
          ORDER BY last.requested_at NULLS FIRST, s.name LIMIT 1`,
        [source, before],
      );
      return rows[0]?.stream ?? null;
    },
  };
}

async function refuseUnfit(tx: Sql, source: SourceId, stream: string): Promise<void> {
  const known = await tx.query("SELECT FROM streams WHERE source_id = $1 AND name = $2 FOR UPDATE", [source, stream]);
  if (known.rowCount === 0) throw new PlatformError("not-found", `${source} has no stream ${stream}`);
  const open = await tx.query(
    "SELECT FROM reconciliations WHERE source_id = $1 AND stream = $2 AND state IN ('asked', 'running')",
    [source, stream],
  );
  if (open.rowCount !== 0) throw new PlatformError("conflict", `${stream} is being compared already`);
}
