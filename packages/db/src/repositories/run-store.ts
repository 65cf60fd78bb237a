import type { RunStore } from "@nova/pipeline-core/orchestration";
import { addToStep, chargeStep, scanParameters } from "./charge-scan.ts";
import { findRun } from "./find-run.ts";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { markSteps, OUTCOME_OF_STEPS, STATE_OF_OUTCOME, unmarkSteps } from "./mark-steps.ts";
import { rollUpRuns } from "./roll-up-runs.ts";
import { announce, announcement, type Sql, throttledAnnounce } from "./announce.ts";
import { FLUSHED_WITH_THE_NEXT, inTransaction, rowsJson, type StoreContext, type StoreDb } from "./store-context.ts";

/** Runs removed in one transaction: few enough that nobody waits for it. */
const PRUNED_AT_ONCE = 2_000;
const OPEN_STEP = "('waiting', 'running', 'retrying')";

export function runStore(db: StoreDb, { clock, ids }: StoreContext): RunStore {
  const announceOften = throttledAnnounce(clock);
  const change = (runId: string, work: (tx: Sql) => Promise<void>): Promise<void> =>
    inTransaction(db.pool, async (tx) => {
      await work(tx);
      await announce(tx, "run", [runId]);
    });
  return {
    async createRun(plan) {
      const id = ids.next();
      const now = clock.now();
      await change(id, async (tx) => {
        await tx.query(
          `INSERT INTO runs (id, pipeline, trigger, state, created_at, datasets, retry_of, requested_by)
           VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7)`,
          [
            id,
            plan.pipeline,
            plan.trigger,
            now,
            plan.steps.map((step) => step.dataset),
            plan.retryOf ?? null,
            plan.requestedBy ?? null,
          ],
        );
        await tx.query(
          `INSERT INTO steps (run_id, dataset, ordinal, state, reason, after, parameters, waiting_since)
           SELECT $1, dataset, ordinal, 'waiting', reason, after, parameters, $3
             FROM jsonb_to_recordset($2::jsonb) AS s (dataset text, ordinal int, reason text, after text[], parameters jsonb)`,
          [id, rowsJson(plan.steps.map((step, ordinal) => ({ ...step, ordinal }))), now],
        );
      });
      return id;
    },

    find: (runId) => findRun(db.pool, runId),

    cancelRun: (runId, by) =>
      inTransaction(db.pool, async (tx) => {
        const now = clock.now();
        const { rowCount } = await tx.query(
          "UPDATE runs SET cancelled_by = $2 WHERE id = $1 AND state IN ('queued', 'running')",
          [runId, by],
        );
        if (rowCount === 0) throw await whyNotOpen(tx, runId);
        // Waits for a commit under way (publishStep holds the row) and then leaves its step alone.
        const { rows } = await tx.query<{ dataset: string; ordinal: number }>(
          `UPDATE steps SET state = 'cancelled', ended_at = $2, retry_at = NULL, skip_reason = $3
            WHERE run_id = $1 AND state IN ${OPEN_STEP} AND published_at IS NULL RETURNING dataset, ordinal`,
          [runId, now, `cancelled by ${by}`],
        );
        const datasets = rows.toSorted((left, right) => left.ordinal - right.ordinal).map((row) => row.dataset);
        await tx.query(
          "UPDATE attempts SET state = 'cancelled', ended_at = $3 WHERE run_id = $1 AND state = 'running' AND dataset = ANY($2::text[])",
          [runId, datasets, now],
        );
        await announce(tx, "run", [runId]);
        return datasets;
      }),

    markSteps: (runId, request) => inTransaction(db.pool, (tx) => markSteps(tx, runId, request, clock.now())),
    unmarkSteps: (runId, request) => inTransaction(db.pool, (tx) => unmarkSteps(tx, runId, request)),

    async publishStep(tx, runId, dataset, attempt) {
      const { rowCount } = await tx.query(
        "UPDATE steps SET published_at = $4 WHERE run_id = $1 AND dataset = $2 AND attempt = $3 AND state = 'running'",
        [runId, dataset, attempt, clock.now()],
      );
      if (rowCount === 0) throw await staleAttempt(tx as Sql, runId, dataset, attempt);
    },

    startRun: (runId) =>
      change(runId, async (tx) => {
        const { rowCount } = await tx.query(
          "UPDATE runs SET state = 'running', started_at = coalesce(started_at, $2) WHERE id = $1 AND state IN ('queued', 'running')",
          [runId, clock.now()],
        );
        if (rowCount === 0) throw new PlatformError("conflict", `run ${runId} has ended or is not known`);
      }),

    finishRun: (runId) =>
      change(runId, async (tx) => {
        const now = clock.now();
        await tx.query(
          `UPDATE steps SET state = 'cancelled', ended_at = $2, skip_reason = 'the run ended before this step' WHERE run_id = $1 AND state IN ${OPEN_STEP}`,
          [runId, now],
        );
        await tx.query(
          "UPDATE attempts SET state = 'cancelled', ended_at = $2 WHERE run_id = $1 AND state = 'running'",
          [runId, now],
        );
        await tx.query(
          `UPDATE runs r SET ended_at = $2, rows_out = s.rows_out, error_kind = s.error_kind, error_message = s.error_message,
             state = ${STATE_OF_OUTCOME}
           FROM (${OUTCOME_OF_STEPS}) s
           WHERE r.id = $1 AND r.state IN ('queued', 'running')`,
          [runId, now],
        );
      }),

    // Steps begin and end many times a minute: each is one statement, one trip to the server and one write to its log.
    async startStep(runId, dataset) {
      const { rows } = await db.pool.query<{ attempt: number }>(
        `WITH step AS (
           UPDATE steps SET state = 'running', attempt = attempt + 1, started_at = coalesce(started_at, $3), retry_at = NULL, published_at = NULL
            WHERE run_id = $1 AND dataset = $2 AND state IN ('waiting', 'retrying') RETURNING run_id, dataset, attempt),
         begun AS (INSERT INTO attempts (run_id, dataset, number, state, started_at) SELECT run_id, dataset, attempt, 'running', $3 FROM step)
         SELECT attempt, pg_notify($4, $5), ${FLUSHED_WITH_THE_NEXT} FROM step`,
        [runId, dataset, clock.now(), ...announcement("run", runId)],
      );
      const [step] = rows;
      if (step === undefined) throw await whyNot(db.pool, runId, dataset);
      return step.attempt;
    },

    async succeedStep(runId, dataset, attempt, outcome) {
      const { rowCount } = await db.pool.query(
        `WITH step AS (
           UPDATE steps SET state = 'succeeded', ended_at = $4, rows_in = $5, rows_out = $6, bytes = $7, snapshot_before = $8, snapshot_after = $9,
             error_kind = NULL, error_message = NULL, inputs_before = $10, inputs_after = $11, through_before = $12, idempotency_key = $13,
             through_after = $14, code_version = $15, ${addToStep("$18", "$19", "$20")}
           WHERE run_id = $1 AND dataset = $2 AND attempt = $3 AND state = 'running' RETURNING run_id, dataset, attempt),
         ended AS (
           UPDATE attempts a SET state = 'succeeded', ended_at = $4, error_kind = NULL, error_message = NULL FROM step s
            WHERE a.run_id = s.run_id AND a.dataset = s.dataset AND a.number = s.attempt),
         ${chargeStep("$4", "$18", "$19", "$20")}
         SELECT pg_notify($16, $17), ${FLUSHED_WITH_THE_NEXT} FROM step`,
        [
          runId,
          dataset,
          attempt,
          clock.now(),
          outcome.rowsIn,
          outcome.rowsOut,
          outcome.bytes,
          outcome.snapshotBefore,
          outcome.snapshotAfter,
          outcome.progress === undefined ? null : JSON.stringify(outcome.progress.inputsBefore),
          outcome.progress === undefined ? null : JSON.stringify(outcome.progress.inputsAfter),
          outcome.progress?.throughBefore ?? null,
          outcome.progress?.key ?? null,
          outcome.progress?.throughAfter ?? null,
          outcome.progress?.codeVersion ?? null,
          ...announcement("run", runId),
          ...scanParameters(outcome.scanned),
        ],
      );
      if (rowCount === 0) throw await staleAttempt(db.pool, runId, dataset, attempt);
    },

    skipStep: (runId, dataset, reason, key) =>
      change(runId, async (tx) => {
        const { rowCount } = await tx.query(
          `UPDATE steps SET state = 'skipped', ended_at = $3, skip_reason = $4, idempotency_key = $5 WHERE run_id = $1 AND dataset = $2 AND state IN ${OPEN_STEP}`,
          [runId, dataset, clock.now(), reason, key ?? null],
        );
        if (rowCount === 0) throw await whyNot(tx, runId, dataset);
      }),

    failStep: (runId, dataset, attempt, failure, retryAt) =>
      change(runId, async (tx) => {
        const now = clock.now();
        const { rowCount } = await tx.query(
          `WITH step AS (
             UPDATE steps SET state = $4, ended_at = $5, retry_at = $6, error_kind = $7, error_message = $8,
               inputs_before = $9, inputs_after = $10, through_before = $11, code_version = $12, ${addToStep("$14", "$15", "$16")}
              WHERE run_id = $1 AND dataset = $2 AND attempt = $3 AND state = 'running' RETURNING run_id, dataset),
           ${chargeStep("$13", "$14", "$15", "$16")}
           SELECT FROM step`,
          [
            runId,
            dataset,
            attempt,
            retryAt === null ? "failed" : "retrying",
            retryAt === null ? now : null,
            retryAt,
            failure.kind,
            failure.message,
            failure.tried === undefined ? null : JSON.stringify(failure.tried.inputsBefore),
            failure.tried === undefined ? null : JSON.stringify(failure.tried.inputs),
            failure.tried?.throughBefore ?? null,
            failure.tried?.codeVersion ?? null,
            now,
            ...scanParameters(failure.scanned),
          ],
        );
        if (rowCount === 0) throw await staleAttempt(tx, runId, dataset, attempt);
        await tx.query(
          "UPDATE attempts SET state = 'failed', ended_at = $4, error_kind = $5, error_message = $6 WHERE run_id = $1 AND dataset = $2 AND number = $3",
          [runId, dataset, attempt, now, failure.kind, failure.message],
        );
      }),

    async chargeCancelled(runId, dataset, attempt, scanned) {
      if (scanned.queries === 0) return;
      await db.pool.query(
        `WITH step AS (
           UPDATE steps SET ${addToStep("$5", "$6", "$7")}
            WHERE run_id = $1 AND dataset = $2 AND attempt = $3 AND state IN ('cancelled', 'failed') RETURNING run_id, dataset),
         ${chargeStep("$4", "$5", "$6", "$7")}
         SELECT FROM step`,
        [runId, dataset, attempt, clock.now(), ...scanParameters(scanned)],
      );
    },

    async log(lines) {
      if (lines.length === 0) return;
      await db.pool.query(
        `WITH lines AS (
           INSERT INTO run_logs (run_id, dataset, at, level, message, fields)
           SELECT "runId", dataset, at, level, message, fields FROM jsonb_to_recordset($1::jsonb)
               AS l ("runId" uuid, dataset text, at timestamptz, level text, message text, fields jsonb))
         SELECT ${FLUSHED_WITH_THE_NEXT}`,
        [rowsJson(lines)],
      );
      await announceOften(db.pool, "run", [...new Set(lines.map((line) => line.runId))]);
    },

    closeAbandoned: () =>
      inTransaction(db.pool, async (tx) => {
        const now = clock.now();
        const message = "the worker ended before this step did";
        const { rows } = await tx.query<{ id: string }>(
          "UPDATE runs SET state = 'failed', ended_at = $1, error_kind = 'stale-writer', error_message = $2 WHERE state IN ('queued', 'running') RETURNING id",
          [now, message],
        );
        const open = rows.map((row) => row.id);
        await tx.query(
          `UPDATE steps SET state = 'failed', ended_at = $2, retry_at = NULL, error_kind = 'stale-writer', error_message = $3
            WHERE run_id = ANY($1::uuid[]) AND state IN ${OPEN_STEP}`,
          [open, now, message],
        );
        await tx.query(
          "UPDATE attempts SET state = 'failed', ended_at = $2, error_kind = 'stale-writer', error_message = $3 WHERE run_id = ANY($1::uuid[]) AND state = 'running'",
          [open, now, message],
        );
        await announce(tx, "run", open);
        return open.length;
      }),

    async prune(keep) {
      let pruned = 0;
      for (;;) {
        const some = await rollUpRuns(db.pool, keep, PRUNED_AT_ONCE);
        pruned += some;
        if (some < PRUNED_AT_ONCE) return pruned;
      }
    },
  };
}

async function staleAttempt(tx: Sql, runId: string, dataset: string, attempt: number): Promise<PlatformError> {
  return (
    endedByPerson(dataset, await stateOf(tx, runId, dataset)) ??
    new PlatformError("stale-writer", `attempt ${attempt} of ${dataset} is not the running one`)
  );
}

async function whyNot(tx: Sql, runId: string, dataset: string): Promise<PlatformError> {
  const state = await stateOf(tx, runId, dataset);
  if (state === undefined) return new PlatformError("not-found", `run ${runId} has no step ${dataset}`);
  return endedByPerson(dataset, state) ?? new PlatformError("conflict", `step ${dataset} is ${state}`);
}

function endedByPerson(dataset: string, state: string | undefined): PlatformError | null {
  if (state === "cancelled") return new PlatformError("cancelled", `step ${dataset} was cancelled`);
  return state === MARKED_FAILED ? new PlatformError("cancelled", `step ${dataset} was marked as failed`) : null;
}

const MARKED_FAILED = "failed by hand";

async function stateOf(tx: Sql, runId: string, dataset: string): Promise<string | undefined> {
  const { rows } = await tx.query<{ state: string }>(
    `SELECT CASE WHEN state = 'failed' AND marked_by IS NOT NULL THEN '${MARKED_FAILED}' ELSE state END AS state
       FROM steps WHERE run_id = $1 AND dataset = $2`,
    [runId, dataset],
  );
  return rows[0]?.state;
}

async function whyNotOpen(tx: Sql, runId: string): Promise<PlatformError> {
  const { rows } = await tx.query<{ state: string }>("SELECT state FROM runs WHERE id = $1", [runId]);
  const [run] = rows;
  return run === undefined
    ? new PlatformError("not-found", `run ${runId} is not known`)
    : new PlatformError("conflict", `run ${runId} has ${run.state}`);
}
