import { PlatformError } from "@nova/pipeline-core/kernel";
import {
  type Command,
  commandFingerprint,
  type CommandOutcome,
  commandRequestSchema,
  type CommandState,
  type CommandStore,
} from "@nova/pipeline-core/orchestration";
import { announce, type Sql } from "./announce.ts";
import { writeAudit } from "./audit.ts";
import { COMMAND_CHANNEL } from "./command-feed.ts";
import { leaseCte } from "./lease-guard.ts";
import { inTransaction, type StoreContext, type StoreDb } from "./store-context.ts";

const COLUMNS =
  "id, request, fingerprint, requested_by, idempotency_key, state, message, run_id, created_at, taken_at, settled_at";

interface CommandRow {
  id: string;
  request: unknown;
  fingerprint: string;
  requested_by: string;
  idempotency_key: string;
  state: CommandState;
  message: string;
  run_id: string | null;
  created_at: Date;
  taken_at: Date | null;
  settled_at: Date | null;
}

export function commandStore(db: StoreDb, context: StoreContext): CommandStore {
  const { clock, ids } = context;
  return {
    request: (request, { actor, key }) =>
      inTransaction(db.pool, async (tx) => {
        const fingerprint = commandFingerprint(request);
        const { rows: made } = await tx.query<CommandRow>(
          `INSERT INTO commands (id, kind, target, request, fingerprint, idempotency_key, requested_by, state, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $8) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
          [ids.next(), request.kind, request.target, JSON.stringify(request), fingerprint, key, actor, clock.now()],
        );
        const [created] = made;
        if (created === undefined) return { command: await onRecord(tx, fingerprint, key), created: false };
        const { kind, target, ...detail } = request;
        await writeAudit(tx, context, {
          actor,
          action: kind,
          resource: target,
          detail: { ...detail, command: created.id },
        });
        await tx.query("SELECT pg_notify($1, $2)", [COMMAND_CHANNEL, created.id]);
        await announce(tx, "command", [created.id]);
        return { command: asCommand(created), created: true };
      }),

    take: (epoch) =>
      inTransaction(db.pool, async (tx) => {
        const held = await tx.query(`WITH ${leaseCte(1)} SELECT epoch FROM lease`, [epoch]);
        if (held.rowCount === 0) throw noLease(epoch);
        const { rows } = await tx.query<CommandRow>(
          `UPDATE commands SET state = 'taken', epoch = $1, taken_at = $2
            WHERE id = (SELECT id FROM commands WHERE state = 'queued' OR (state = 'taken' AND epoch <> $1)
                         ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING ${COLUMNS}`,
          [epoch, clock.now()],
        );
        const [taken] = rows;
        if (taken === undefined) return null;
        await announce(tx, "command", [taken.id]);
        return asCommand(taken);
      }),

    settle: (id, epoch, outcome) => inTransaction(db.pool, (tx) => settle(tx, id, epoch, outcome, clock.now())),
    settleWithin: (tx, id, epoch, outcome) => settle(tx as Sql, id, epoch, outcome, clock.now()),

    async find(id) {
      const { rows } = await db.pool.query<CommandRow>(`SELECT ${COLUMNS} FROM commands WHERE id = $1`, [id]);
      return rows[0] === undefined ? null : asCommand(rows[0]);
    },
  };
}

/** The command that stood in the way of a new one. */
async function onRecord(tx: Sql, fingerprint: string, key: string): Promise<Command> {
  const { rows } = await tx.query<CommandRow>(
    `SELECT ${COLUMNS} FROM commands WHERE idempotency_key = $1 OR (fingerprint = $2 AND state IN ('queued', 'taken'))
      ORDER BY idempotency_key = $1 DESC LIMIT 1`,
    [key, fingerprint],
  );
  const [row] = rows;
  if (row === undefined)
    throw new PlatformError("conflict", "the same was asked at this very moment and is settled already");
  if (row.fingerprint !== fingerprint)
    throw new PlatformError("conflict", `key ${key} belongs to another command (${row.id})`);
  return asCommand(row);
}

async function settle(tx: Sql, id: string, epoch: bigint, outcome: CommandOutcome, at: Date): Promise<void> {
  const { rowCount } = await tx.query(
    `WITH ${leaseCte(2)}
     UPDATE commands SET state = $3, message = $4, run_id = $5, settled_at = $6
      WHERE id = $1 AND epoch = $2 AND state = 'taken' AND EXISTS (SELECT FROM lease)`,
    [id, epoch, outcome.state, outcome.message, outcome.runId, at],
  );
  if (rowCount === 0)
    throw new PlatformError("stale-writer", `command ${id} is settled, or lease ${epoch} was taken over`);
  await announce(tx, "command", [id]);
}

function noLease(epoch: bigint): PlatformError {
  return new PlatformError("stale-writer", `lease ${epoch} is no longer held`);
}

function asCommand(row: CommandRow): Command {
  return {
    id: row.id,
    request: commandRequestSchema.parse(row.request),
    requestedBy: row.requested_by,
    key: row.idempotency_key,
    state: row.state,
    message: row.message,
    runId: row.run_id,
    createdAt: row.created_at,
    takenAt: row.taken_at,
    settledAt: row.settled_at,
  };
}
