import { refuseUnfit, type SourceId, type StreamRequest, type StreamRequests } from "@nova/pipeline-core/connectors";
import { announce, type Sql } from "./announce.ts";
import { writeAudit } from "./audit.ts";
import { inTransaction, type StoreContext, type StoreDb } from "./store-context.ts";
import { loadStreams } from "./stream-schemas.ts";

const COLUMNS = `id, source_id AS source, stream, action, requested_by AS "requestedBy", requested_at AS "requestedAt", keys`;

type RequestRow = Omit<StreamRequest, "keys"> & { readonly keys: NonNullable<StreamRequest["keys"]> | null };

export function streamRequests(db: StoreDb, context: StoreContext): StreamRequests {
  const { clock } = context;
  return {
    ask: (request) => inTransaction(db.pool, (tx) => askOfStream(tx, context, request)),
    open: (source) => openRequests(db.pool, source),
    settle: (id, outcome) =>
      inTransaction(db.pool, async (tx) => {
        const { rows } = await tx.query<RequestRow>(
          `UPDATE stream_requests SET state = $2, message = $3, settled_at = $4 WHERE id = $1 AND state = 'open' RETURNING ${COLUMNS}`,
          [id, outcome.state, outcome.message, clock.now()],
        );
        const [settled] = rows;
        if (settled === undefined) return;
        await announce(tx, "source", [settled.source]);
        if (settled.action !== "replay" || outcome.state !== "done") return;
        // What is refused again comes back as new rows of the quarantine.
        await tx.query(
          `UPDATE quarantine_items SET replayed_at = $3 WHERE source_id = $1 AND stream = $2 AND replayed_at IS NULL
             AND reason = 'type-mismatch' AND received_at <= $4`,
          [settled.source, settled.stream, clock.now(), settled.requestedAt],
        );
        await announce(tx, "quarantine", [settled.source]);
      }),
  };
}

async function openRequests(sql: Sql, source: SourceId): Promise<StreamRequest[]> {
  const { rows } = await sql.query<RequestRow>(
    `SELECT ${COLUMNS} FROM stream_requests WHERE source_id = $1 AND state = 'open' ORDER BY requested_at, id`,
    [source],
  );
  return rows.map(({ keys, ...row }) => (keys === null ? row : { ...row, keys }));
}

/** Records a request in the transaction of what it follows from; throws as `StreamRequests.ask` does. */
export async function askOfStream(
  tx: Sql,
  context: StoreContext,
  request: Parameters<StreamRequests["ask"]>[0],
): Promise<StreamRequest> {
  const { source, stream, action, requestedBy, keys } = request;
  // One asks at a time, so that what is judged is what is written.
  await tx.query("SELECT FROM sources WHERE id = $1 FOR UPDATE", [source]);
  refuseUnfit(request, await loadStreams(tx, source), await openRequests(tx, source));
  const made = {
    source,
    stream,
    action,
    requestedBy,
    id: context.ids.next(),
    requestedAt: context.clock.now(),
    ...(keys === undefined ? {} : { keys }),
  };
  await tx.query(
    "INSERT INTO stream_requests (id, source_id, stream, action, requested_by, requested_at, keys) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [made.id, source, stream, action, requestedBy, made.requestedAt, keys === undefined ? null : JSON.stringify(keys)],
  );
  await writeAudit(tx, context, {
    actor: requestedBy,
    action: `stream.${action}`,
    resource: `${source}/${stream ?? "*"}`,
    detail: { request: made.id },
  });
  await announce(tx, "source", [source]);
  return made;
}
