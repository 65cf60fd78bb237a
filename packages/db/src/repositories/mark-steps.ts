import type { DatasetName } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import {
  beforeMark,
  chooseMarked,
  chooseUnmarked,
  type MarkRequest,
  type SinceMarked,
  type StoredRun,
  type UnmarkRequest,
} from "@nova/pipeline-core/orchestration";
import { announce, type Sql } from "./announce.ts";
import { findRun } from "./find-run.ts";
import { rowsJson } from "./store-context.ts";

/** What the steps `s` of a run come to together: the worst of them, with the first failure by the order of the plan. */
export const OUTCOME_OF_STEPS = `SELECT coalesce(sum(rows_out), 0) AS rows_out, coalesce(bool_or(state = 'failed'), false) AS failed,
       coalesce(bool_or(state = 'cancelled'), false) AS cancelled,
       (array_agg(error_kind ORDER BY ordinal) FILTER (WHERE state = 'failed'))[1] AS error_kind,
       (array_agg(dataset || ': ' || error_message ORDER BY ordinal) FILTER (WHERE state = 'failed'))[1] AS error_message
  FROM steps WHERE run_id = $1`;
export const STATE_OF_OUTCOME =
  "CASE WHEN s.failed THEN 'failed' WHEN s.cancelled THEN 'cancelled' ELSE 'succeeded' END";

/** Marks steps of a run by hand inside a transaction. A commit under way holds its step: this waits for it and then sees it published. */
export async function markSteps(tx: Sql, runId: string, request: MarkRequest, now: Date): Promise<DatasetName[]> {
  const run = await lockRun(tx, runId);
  const datasets = chooseMarked(run, request);
  const { as, by, reason } = request;
  if (as === "done")
    // What it failed of stays on it: the mark says what a person made of that.
    await tx.query(
      "UPDATE steps SET state = 'done-by-hand', marked_by = $3, marked_at = $4, mark_reason = $5 WHERE run_id = $1 AND dataset = ANY($2::text[])",
      [runId, datasets, by, now, reason],
    );
  else {
    const message = `marked as failed by ${by}: ${reason}`;
    await tx.query(
      `UPDATE steps SET state = 'failed', ended_at = $4, retry_at = NULL, marked_by = $3, marked_at = $4, mark_reason = $5,
              error_kind = 'failed-by-hand', error_message = $6 WHERE run_id = $1 AND dataset = ANY($2::text[])`,
      [runId, datasets, by, now, reason, message],
    );
    await tx.query(
      `UPDATE attempts SET state = 'failed', ended_at = $3, error_kind = 'failed-by-hand', error_message = $4
        WHERE run_id = $1 AND dataset = ANY($2::text[]) AND state = 'running'`,
      [runId, datasets, now, message],
    );
  }
  await judgeAgain(tx, runId);
  await announce(tx, "run", [runId]);
  return datasets;
}

/** Takes marks as done back inside a transaction, while nothing went on from them. */
export async function unmarkSteps(tx: Sql, runId: string, request: UnmarkRequest): Promise<DatasetName[]> {
  const run = await lockRun(tx, runId);
  const followed = await tx.query<{ id: string }>(
    `SELECT id FROM runs r WHERE retry_of = $1 AND created_at >= (SELECT min(marked_at) FROM steps WHERE run_id = $1) ORDER BY created_at LIMIT 1`,
    [runId],
  );
  const again = await tx.query<{ dataset: string; runId: string }>(
    `SELECT s.dataset, l.run_id AS "runId" FROM steps s
      CROSS JOIN LATERAL (SELECT run_id FROM steps WHERE dataset = s.dataset AND started_at >= s.marked_at AND run_id <> s.run_id
                           ORDER BY started_at DESC LIMIT 1) l
      WHERE s.run_id = $1 AND s.marked_at IS NOT NULL`,
    [runId],
  );
  const since: SinceMarked = {
    followedBy: followed.rows[0]?.id ?? null,
    begunAgain: new Map(again.rows.map((row) => [row.dataset, row.runId])),
  };
  const datasets = chooseUnmarked(run, request, since);
  const before = run.steps
    .filter(({ dataset }) => datasets.includes(dataset))
    .map((step) => ({ dataset: step.dataset, state: beforeMark(step) }));
  await tx.query(
    `UPDATE steps s SET state = b.state, marked_by = NULL, marked_at = NULL, mark_reason = NULL
       FROM jsonb_to_recordset($2::jsonb) AS b (dataset text, state text) WHERE s.run_id = $1 AND s.dataset = b.dataset`,
    [runId, rowsJson(before)],
  );
  await judgeAgain(tx, runId);
  await announce(tx, "run", [runId]);
  return datasets;
}

async function lockRun(tx: Sql, runId: string): Promise<StoredRun> {
  await tx.query("SELECT FROM runs WHERE id = $1 FOR UPDATE", [runId]);
  await tx.query("SELECT FROM steps WHERE run_id = $1 ORDER BY ordinal FOR UPDATE", [runId]);
  const run = await findRun(tx, runId);
  if (run === null) throw new PlatformError("not-found", `run ${runId} is not known`);
  return run;
}

/** Counts the marks of a run, and what its steps come to when it has ended. */
async function judgeAgain(tx: Sql, runId: string): Promise<void> {
  await tx.query(
    "UPDATE runs SET by_hand = (SELECT count(*) FROM steps WHERE run_id = $1 AND marked_by IS NOT NULL) WHERE id = $1",
    [runId],
  );
  await tx.query(
    `UPDATE runs r SET state = ${STATE_OF_OUTCOME}, error_kind = s.error_kind, error_message = s.error_message
       FROM (${OUTCOME_OF_STEPS}) s WHERE r.id = $1 AND r.state NOT IN ('queued', 'running')`,
    [runId],
  );
}
