import {
  type Reconciliation,
  type ReconciliationStore,
  type SourceId,
  stagedDatasetName,
  type StreamState,
  whyLeft,
} from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { announce, type Sql } from "./announce.ts";
import { writeAudit } from "./audit.ts";
import { chargeScans } from "./charge-scan.ts";
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

    askAll: ({ source, repair, requestedBy }) =>
      inTransaction(db.pool, async (tx) => {
        const { rows } = await tx.query<{ stream: string; state: StreamState; key: string[]; open: string | null }>(
          `SELECT s.name AS stream, s.state, s.key_columns AS key,
                  (SELECT id FROM reconciliations r WHERE r.source_id = s.source_id AND r.stream = s.name AND r.state IN ('asked', 'running') LIMIT 1) AS open
             FROM streams s WHERE s.source_id = $1 ORDER BY s.name FOR UPDATE OF s`,
          [source],
        );
        const streams = rows.map((row) => ({ ...row, why: whyLeft(row) }));
        const compared = streams.filter(({ why }) => why === null);
        const made = compared
          .filter(({ open }) => open === null)
          .map(({ stream }) => ({ stream, id: context.ids.next() }));
        await tx.query(
          `INSERT INTO reconciliations (id, source_id, stream, repair, state, requested_by, requested_at)
           SELECT each.id, $1, each.stream, $2, 'asked', $3, $4 FROM unnest($5::uuid[], $6::text[]) AS each (id, stream)`,
          [source, repair, requestedBy, clock.now(), made.map((each) => each.id), made.map((each) => each.stream)],
        );
        if (requestedBy !== null)
          await writeAudit(tx, context, {
            actor: requestedBy,
            action: repair ? "stream.compare-and-repair" : "stream.compare",
            resource: source,
            detail: { reconciliations: made.length },
          });
        await announce(tx, "source", [source]);
        const ids = [...compared.flatMap(({ open }) => open ?? []), ...made.map((each) => each.id)];
        const { rows: asked } = await tx.query<Reconciliation>(
          `SELECT ${COLUMNS} FROM reconciliations WHERE id = ANY($1::uuid[]) ORDER BY stream`,
          [ids],
        );
        return { asked, left: streams.flatMap(({ stream, why }) => (why === null ? [] : [{ stream, why }])) };
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

    finish: (id, outcome) =>
      inTransaction(db.pool, async (tx) => {
        const at = clock.now();
        const { rows } = await tx.query<{ source: SourceId; stream: string }>(
          `UPDATE reconciliations SET state = $2, outcome = $3, ended_at = $4 WHERE id = $1 AND state IN ('asked', 'running')
           RETURNING source_id AS source, stream`,
          [id, outcome.state, JSON.stringify(outcome), at],
        );
        const { scanned } = outcome;
        if (scanned !== undefined)
          await chargeScans(
            tx,
            at,
            "comparison",
            rows.map(({ source, stream }) => [stagedDatasetName(source, stream), scanned] as const),
          );
        await announce(
          tx,
          "source",
          rows.map((row) => row.source),
        );
      }),

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

    async reopen(source, underWay) {
      await db.pool.query(
        "UPDATE reconciliations SET state = 'asked' WHERE source_id = $1 AND state = 'running' AND id <> ALL($2::uuid[])",
        [source, underWay],
      );
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
