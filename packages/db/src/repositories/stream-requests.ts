import {
  type KeptRefusals,
  refuseUnfit,
  replayedReason,
  type SourceId,
  type SettledRequest,
  type StreamRequest,
  type StreamRequests,
} from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { announce, type Sql } from "./announce.ts";
import { writeAudit } from "./audit.ts";
import { inTransaction, rowsJson, type StoreContext, type StoreDb } from "./store-context.ts";
import { loadStreams } from "./stream-schemas.ts";

const COLUMNS = `id, source_id AS source, stream, action, requested_by AS "requestedBy", requested_at AS "requestedAt", keys, range, why`;

type RequestRow = Omit<StreamRequest, "keys" | "range" | "why"> & {
  readonly keys: NonNullable<StreamRequest["keys"]> | null;
  readonly range: NonNullable<StreamRequest["range"]> | null;
  readonly why: string | null;
};

export function streamRequests(db: StoreDb, context: StoreContext): StreamRequests {
  const { clock } = context;
  return {
    ask: (request) => inTransaction(db.pool, (tx) => askOfStream(tx, context, request)),
    open: (source) => openRequests(db.pool, source),
    async outcome(id) {
      const { rows } = await db.pool.query<{ state: "open" | SettledRequest["state"]; message: string }>(
        "SELECT state, message FROM stream_requests WHERE id = $1",
        [id],
      );
      const [found] = rows;
      if (found === undefined) throw new PlatformError("not-found", `there is no request ${id}`);
      const { state, message } = found;
      return state === "open" ? null : { state, message };
    },
    async lastDone({ source, stream, action }, since) {
      const { rows } = await db.pool.query<SettledRequest>(
        `SELECT state, message FROM stream_requests
          WHERE source_id = $1 AND stream IS NOT DISTINCT FROM $2 AND action = $3 AND requested_at >= $4
            AND state = 'done' AND range IS NULL
          ORDER BY requested_at DESC, id DESC LIMIT 1`,
        [source, stream, action, since],
      );
      return rows[0] ?? null;
    },
    settle: (id, outcome) =>
      inTransaction(db.pool, async (tx) => {
        const { rows } = await tx.query<RequestRow>(
          `UPDATE stream_requests SET state = $2, message = $3, settled_at = $4 WHERE id = $1 AND state = 'open' RETURNING ${COLUMNS}`,
          [id, outcome.state, outcome.message, clock.now()],
        );
        const [settled] = rows;
        if (settled === undefined) return;
        await announce(tx, "source", [settled.source]);
        if (settled.action === "replay" && outcome.state === "done")
          await takeReplayed(tx, context, settled, outcome.kept ?? { again: [], left: [] });
      }),
  };
}

/** What was replayed leaves the quarantine; what was refused again comes back as new rows, with what is wrong today. */
async function takeReplayed(
  tx: Sql,
  { clock, ids }: StoreContext,
  { source, stream, requestedAt, why }: RequestRow,
  { again, left }: KeptRefusals,
): Promise<void> {
  const now = clock.now();
  await tx.query(
    `UPDATE quarantine_items SET replayed_at = $3 WHERE source_id = $1 AND stream IS NOT DISTINCT FROM $2 AND replayed_at IS NULL
        AND reason = $5 AND received_at <= $4 AND ($6::text IS NULL OR detail = $6) AND id <> ALL ($7::uuid[])`,
    [source, stream, now, requestedAt, replayedReason(source, stream), why, left],
  );
  // Its batch was acknowledged, or it would have been left: the ledger may forget it before the quarantine does.
  await tx.query(
    `INSERT INTO quarantine_items (id, source_id, stream, reason, detail, payload, received_at, origin)
     SELECT a.id, q.source_id, q.stream, q.reason, a.why, q.payload, $2, q.origin || '{"batchId": null}'
       FROM jsonb_to_recordset($1::jsonb) AS a (id uuid, former uuid, why text) JOIN quarantine_items q ON q.id = a.former
         ON CONFLICT DO NOTHING`,
    [rowsJson(again.map((each) => ({ id: ids.next(), former: each.id, why: each.why }))), now],
  );
  await announce(tx, "quarantine", [source]);
}

async function openRequests(sql: Sql, source: SourceId): Promise<StreamRequest[]> {
  const { rows } = await sql.query<RequestRow>(
    `SELECT ${COLUMNS} FROM stream_requests WHERE source_id = $1 AND state = 'open' ORDER BY requested_at, id`,
    [source],
  );
  return rows.map(({ keys, range, why, ...row }) => ({
    ...row,
    ...(why === null ? {} : { why }),
    ...(keys === null ? {} : { keys }),
    ...(range === null ? {} : { range }),
  }));
}

/** Records a request in the transaction of what it follows from; throws as `StreamRequests.ask` does. */
export async function askOfStream(
  tx: Sql,
  context: StoreContext,
  request: Parameters<StreamRequests["ask"]>[0],
): Promise<StreamRequest> {
  const { source, stream, action, requestedBy, keys, range, why } = request;
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
    ...(range === undefined ? {} : { range }),
    ...(why === undefined ? {} : { why }),
  };
  await tx.query(
    "INSERT INTO stream_requests (id, source_id, stream, action, requested_by, requested_at, keys, range, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    [
      made.id,
      source,
      stream,
      action,
      requestedBy,
      made.requestedAt,
      keys === undefined ? null : JSON.stringify(keys),
      range === undefined ? null : JSON.stringify(range),
      why ?? null,
    ],
  );
  await writeAudit(tx, context, {
    actor: requestedBy,
    action: `stream.${action}`,
    resource: `${source}/${stream ?? "*"}`,
    detail: { request: made.id, ...(range === undefined ? {} : { range }), ...(why === undefined ? {} : { why }) },
  });
  await announce(tx, "source", [source]);
  return made;
}
