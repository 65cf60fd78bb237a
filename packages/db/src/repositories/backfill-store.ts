import { PlatformError, type Transaction } from "@nova/pipeline-core/kernel";
import {
  BACKFILL_STATES,
  BACKFILL_TRANSITIONS,
  type BackfillEvent,
  type BackfillState,
  type BackfillStore,
  type Day,
  mayBackfill,
  PART_STATES,
  partsOf,
  type PartState,
  rangesOf,
  type StoredBackfill,
  WHOLE,
} from "@nova/pipeline-core/orchestration";
import { announce, type Sql, throttledAnnounce } from "./announce.ts";
import { asBackfill, type BackfillRow, BACKFILL_COLUMNS, planJson } from "./backfill-rows.ts";
import { guardLease } from "./lease-guard.ts";
import { inTransaction, rowsJson, type StoreContext, type StoreDb } from "./store-context.ts";

const OPEN = "('running', 'paused')";

export function backfillStore(db: StoreDb, { clock, ids }: StoreContext): BackfillStore {
  const announceOften = throttledAnnounce(clock);
  const read = async (sql: Sql, id: string): Promise<StoredBackfill | null> => {
    const { rows } = await sql.query<BackfillRow>(`SELECT ${BACKFILL_COLUMNS} FROM backfills WHERE id = $1`, [id]);
    return rows[0] === undefined ? null : asBackfill(rows[0]);
  };
  /** The row is locked until the transaction ends: whoever changes a backfill goes one after another. */
  const apply = async (tx: Sql, id: string, event: BackfillEvent): Promise<StoredBackfill> => {
    const { rows } = await tx.query<BackfillRow>(`SELECT ${BACKFILL_COLUMNS} FROM backfills WHERE id = $1 FOR UPDATE`, [
      id,
    ]);
    const [row] = rows;
    if (row === undefined)
      throw new PlatformError("not-found", `backfill ${id} is not known; plans are kept for an hour`);
    const next = BACKFILL_TRANSITIONS[row.state][event];
    if (next === null) throw new PlatformError("conflict", `backfill ${id} is ${row.state}; it cannot ${event}`);
    const startedAt = row.started_at ?? clock.now();
    const endedAt = next === "running" || next === "paused" ? null : clock.now();
    await tx.query("UPDATE backfills SET state = $2, started_at = $3, ended_at = $4 WHERE id = $1", [
      id,
      next,
      startedAt,
      endedAt,
    ]);
    await announce(tx, "backfill", [id]);
    return asBackfill({ ...row, state: next, started_at: startedAt, ended_at: endedAt });
  };
  const change = async (tx: Transaction, epoch: bigint, id: string, event: BackfillEvent): Promise<StoredBackfill> => {
    await guardLease(tx, epoch);
    return apply(tx as Sql, id, event);
  };
  const own = <Result>(work: (tx: Sql) => Promise<Result>): Promise<Result> => inTransaction(db.pool, work);

  return {
    async plan(plan, by) {
      const backfill: StoredBackfill = {
        id: ids.next(),
        plan,
        state: "planned",
        parallelism: plan.spec.parallelism,
        requestedBy: by,
        createdAt: clock.now(),
        startedAt: null,
        endedAt: null,
      };
      await db.pool.query(
        `INSERT INTO backfills (id, dataset, state, plan, parallelism, requested_by, created_at) VALUES ($1, $2, 'planned', $3, $4, $5, $6)`,
        [backfill.id, plan.spec.dataset, planJson(plan), backfill.parallelism, by, backfill.createdAt],
      );
      return backfill;
    },

    find: (id) => read(db.pool, id),

    async open() {
      const { rows } = await db.pool.query<BackfillRow>(
        `SELECT ${BACKFILL_COLUMNS} FROM backfills WHERE state IN ${OPEN} ORDER BY created_at, id`,
      );
      return rows.map(asBackfill);
    },

    async submit(tx, epoch, id) {
      const { plan } = await change(tx, epoch, id, "submit");
      await tx.query(
        `INSERT INTO backfill_partitions (backfill_id, dataset, part, number, wave, ordinal, state)
         SELECT $1, dataset, part, number, wave, ordinal, 'queued' FROM jsonb_to_recordset($2::jsonb)
             AS p (dataset text, part text, number int, wave int, ordinal int)`,
        [id, rowsJson(partsOf(plan))],
      );
    },

    pause: async (tx, epoch, id) => void (await change(tx, epoch, id, "pause")),
    resume: async (tx, epoch, id) => void (await change(tx, epoch, id, "resume")),

    async setParallelism(tx, epoch, id, parallelism) {
      await guardLease(tx, epoch);
      const { rowCount } = await tx.query(`UPDATE backfills SET parallelism = $2 WHERE id = $1 AND state IN ${OPEN}`, [
        id,
        parallelism,
      ]);
      if (rowCount === 0) throw await whyNot(tx as Sql, id);
      await announce(tx as Sql, "backfill", [id]);
    },

    async cancel(tx, epoch, id) {
      await change(tx, epoch, id, "cancel");
      await tx.query(
        "UPDATE backfill_partitions SET state = 'cancelled', ended_at = $2 WHERE backfill_id = $1 AND state = 'queued'",
        [id, clock.now()],
      );
      const { rows } = await (tx as Sql).query<{ runId: string }>(
        `SELECT DISTINCT run_id AS "runId" FROM backfill_partitions WHERE backfill_id = $1 AND state = 'running' AND run_id IS NOT NULL`,
        [id],
      );
      return rows.map(({ runId }) => runId);
    },

    async retry(tx, epoch, id) {
      await change(tx, epoch, id, "retry");
      const { rowCount } = await tx.query(
        `UPDATE backfill_partitions SET state = 'queued', run_id = NULL, epoch = NULL, started_at = NULL, ended_at = NULL, error_kind = NULL, error_message = NULL
          WHERE backfill_id = $1 AND state IN ('failed', 'skipped', 'cancelled')`,
        [id],
      );
      if (rowCount === 0 || rowCount === null)
        throw new PlatformError("conflict", `backfill ${id} has nothing to do again: no part failed or was cancelled`);
      return rowCount;
    },

    claim: (epoch, id) =>
      own(async (tx) => {
        await guardLease(tx as Transaction, epoch);
        // The lock makes those who take at once go one after another.
        const locked = await tx.query("SELECT FROM backfills WHERE id = $1 AND state = 'running' FOR UPDATE", [id]);
        if (locked.rowCount === 0) return null;
        const { rows } = await tx.query<{
          number: number;
          dataset: string;
          ordinal: number;
          part: string;
          broken: number;
        }>(
          // Whether it may be taken is found out once, not for each of its parts.
          `WITH lowest AS (SELECT number, wave FROM backfill_partitions WHERE backfill_id = $1 AND state = 'queued' ORDER BY number LIMIT 1),
                next AS MATERIALIZED (
                  SELECT l.number, (SELECT count(*)::int FROM backfill_partitions e WHERE l.wave > 0 AND e.backfill_id = $1 AND e.wave < l.wave AND e.state <> 'succeeded') AS broken
                    FROM lowest l
                   WHERE NOT EXISTS (SELECT FROM backfill_partitions b WHERE b.backfill_id = $1 AND b.state = 'running' AND (b.wave < l.wave OR b.number = l.number)))
           UPDATE backfill_partitions p SET state = 'running', epoch = $2, started_at = $3
             FROM next WHERE p.backfill_id = $1 AND p.number = next.number AND p.state = 'queued'
           RETURNING p.number, p.dataset, p.ordinal, p.part, next.broken`,
          [id, epoch, clock.now()],
        );
        const [first] = rows;
        if (first === undefined) return null;
        await announceOften(tx, "backfill", [id]);
        const datasets = [...Map.groupBy(rows, (row) => row.dataset)].toSorted(
          ([, [left]], [, [right]]) => (left?.ordinal ?? 0) - (right?.ordinal ?? 0),
        );
        return {
          number: first.number,
          broken: first.broken,
          steps: datasets.map(([dataset, parts]) => ({
            dataset,
            ranges: parts.some(({ part }) => part === WHOLE) ? null : rangesOf(parts.map(({ part }) => part)),
          })),
        };
      }),

    attach: (epoch, id, number, runId) =>
      own(async (tx) => {
        await guardLease(tx as Transaction, epoch);
        // Cancelling takes the same lock: either it sees the run, or the run sees that it is cancelled.
        const { rows } = await tx.query<{ state: BackfillState }>(
          "SELECT state FROM backfills WHERE id = $1 FOR UPDATE",
          [id],
        );
        await tx.query(
          "UPDATE backfill_partitions SET run_id = $3 WHERE backfill_id = $1 AND number = $2 AND state = 'running'",
          [id, number, runId],
        );
        return rows[0]?.state !== "cancelled";
      }),

    settle: (epoch, id, number, dataset, { state, failure }) =>
      own(async (tx) => {
        await guardLease(tx as Transaction, epoch);
        await tx.query(
          `UPDATE backfill_partitions SET state = $4, ended_at = $5, error_kind = $6, error_message = $7
            WHERE backfill_id = $1 AND number = $2 AND dataset = $3 AND state = 'running'`,
          [id, number, dataset, state, clock.now(), failure?.kind ?? null, failure?.message ?? null],
        );
        await announce(tx, "backfill", [id]);
      }),

    finishIfDone: (epoch, id) =>
      own(async (tx) => {
        await guardLease(tx as Transaction, epoch);
        const { rows } = await tx.query<{ left: boolean; good: boolean }>(
          `SELECT coalesce(bool_or(state IN ('queued', 'running')), false) AS left, coalesce(bool_and(state = 'succeeded'), true) AS good
             FROM backfill_partitions WHERE backfill_id = $1`,
          [id],
        );
        const [parts] = rows;
        const backfill = await read(tx, id);
        if (backfill === null) throw await whyNot(tx, id);
        if (parts?.left !== false || !mayBackfill(backfill.state, "succeed")) return backfill;
        return apply(tx, id, parts.good ? "succeed" : "fail");
      }),

    reclaim: (epoch) =>
      own(async (tx) => {
        await guardLease(tx as Transaction, epoch);
        const { rows: done } = await tx.query<{ id: string }>(
          `UPDATE backfill_partitions p SET state = 'succeeded', ended_at = s.published_at
             FROM steps s JOIN datasets d ON d.name = s.dataset AND d.kind <> 'append'
            WHERE s.run_id = p.run_id AND s.dataset = p.dataset AND s.published_at IS NOT NULL
              AND p.state = 'running' AND p.epoch IS DISTINCT FROM $1 RETURNING p.backfill_id AS id`,
          [epoch],
        );
        const { rows } = await tx.query<{ id: string }>(
          `UPDATE backfill_partitions p SET state = CASE WHEN b.state IN ${OPEN} THEN 'queued' ELSE 'cancelled' END, run_id = NULL, epoch = NULL
             FROM backfills b WHERE b.id = p.backfill_id AND p.state = 'running' AND p.epoch IS DISTINCT FROM $1 RETURNING b.id`,
          [epoch],
        );
        await announce(tx, "backfill", [...new Set([...done, ...rows].map((row) => row.id))]);
        return done.length + rows.length;
      }),

    async tried(dataset) {
      const { rows } = await db.pool.query<{ day: Day; state: PartState }>(
        `SELECT DISTINCT ON (part) part AS day, state FROM backfill_partitions
          WHERE dataset = $1 AND part <> '${WHOLE}' AND state IN ('succeeded', 'failed') ORDER BY part, ended_at DESC, backfill_id DESC`,
        [dataset],
      );
      const days = (state: PartState) => rangesOf(rows.filter((row) => row.state === state).map(({ day }) => day));
      return { succeeded: days("succeeded"), failed: days("failed") };
    },

    async counts(id) {
      const { rows } = await db.pool.query<{ state: PartState; parts: number }>(
        "SELECT state, count(*)::int AS parts FROM backfill_partitions WHERE backfill_id = $1 GROUP BY state",
        [id],
      );
      const counted = new Map(rows.map(({ state, parts }) => [state, parts]));
      return Object.fromEntries(PART_STATES.map((state) => [state, counted.get(state) ?? 0])) as Record<
        PartState,
        number
      >;
    },

    async forgetPlans(before) {
      const { rowCount } = await db.pool.query(
        `DELETE FROM backfills WHERE state = '${BACKFILL_STATES[0]}' AND created_at < $1`,
        [before],
      );
      return rowCount ?? 0;
    },
  };
}

async function whyNot(tx: Sql, id: string): Promise<PlatformError> {
  const { rows } = await tx.query<{ state: string }>("SELECT state FROM backfills WHERE id = $1", [id]);
  const [row] = rows;
  return row === undefined
    ? new PlatformError("not-found", `backfill ${id} is not known`)
    : new PlatformError("conflict", `backfill ${id} is ${row.state}`);
}
