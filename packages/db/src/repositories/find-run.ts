import type { ConsumedInputs, RunState, StepState, StoredRun, Trigger } from "@nova/pipeline-core/orchestration";
import type { Sql } from "./announce.ts";

interface RunRow {
  id: string;
  pipeline: string;
  trigger: Trigger;
  state: RunState;
  created_at: Date;
  retry_of: string | null;
  requested_by: string | null;
}

interface StepRow {
  dataset: string;
  state: StepState;
  reason: string;
  after: string[];
  attempt: number;
  started_at: Date | null;
  skip_reason: string | null;
  snapshot_before: string | null;
  snapshot_after: string | null;
  inputs_before: ConsumedInputs | null;
  inputs_after: ConsumedInputs | null;
  through_before: Date | null;
  idempotency_key: string | null;
}

export async function findRun(sql: Sql, runId: string): Promise<StoredRun | null> {
  const [runs, steps] = await Promise.all([
    sql.query<RunRow>(
      "SELECT id, pipeline, trigger, state, created_at, retry_of, requested_by FROM runs WHERE id = $1",
      [runId],
    ),
    sql.query<StepRow>(
      `SELECT dataset, state, reason, after, attempt, started_at, skip_reason, snapshot_before, snapshot_after,
              inputs_before, inputs_after, through_before, idempotency_key
         FROM steps WHERE run_id = $1 ORDER BY ordinal`,
      [runId],
    ),
  ]);
  const [run] = runs.rows;
  if (run === undefined) return null;
  return {
    id: run.id,
    pipeline: run.pipeline,
    trigger: run.trigger,
    state: run.state,
    createdAt: run.created_at,
    retryOf: run.retry_of,
    requestedBy: run.requested_by,
    steps: steps.rows.map((step) => ({
      dataset: step.dataset,
      state: step.state,
      reason: step.reason,
      after: step.after,
      attempt: step.attempt,
      startedAt: step.started_at,
      skipReason: step.skip_reason,
      snapshotBefore: step.snapshot_before,
      snapshotAfter: step.snapshot_after,
      progress:
        step.inputs_before === null || step.inputs_after === null
          ? null
          : {
              inputsBefore: step.inputs_before,
              inputsAfter: step.inputs_after,
              throughBefore: step.through_before,
              key: step.idempotency_key ?? "",
            },
    })),
  };
}
