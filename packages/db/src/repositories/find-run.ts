import type { ParameterValues } from "@nova/pipeline-core/catalog";
import type {
  ConsumedInputs,
  RunState,
  StepMark,
  StepState,
  StoredRun,
  StoredStep,
  Trigger,
} from "@nova/pipeline-core/orchestration";
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
  parameters: ParameterValues | null;
  attempt: number;
  started_at: Date | null;
  skip_reason: string | null;
  published: boolean;
  marked_by: string | null;
  marked_at: Date | null;
  mark_reason: string | null;
  snapshot_before: string | null;
  snapshot_after: string | null;
  inputs_before: ConsumedInputs | null;
  inputs_after: ConsumedInputs | null;
  through_before: Date | null;
  through_after: Date | null;
  code_version: string | null;
  idempotency_key: string | null;
}

export async function findRun(sql: Sql, runId: string): Promise<StoredRun | null> {
  // One after the other: inside a transaction they share a connection.
  const runs = await sql.query<RunRow>(
    "SELECT id, pipeline, trigger, state, created_at, retry_of, requested_by FROM runs WHERE id = $1",
    [runId],
  );
  const steps = await sql.query<StepRow>(
    `SELECT dataset, state, reason, after, parameters, attempt, started_at, skip_reason, snapshot_before, snapshot_after, published_at IS NOT NULL AS published, marked_by, marked_at, mark_reason,
              inputs_before, inputs_after, through_before, through_after, code_version, idempotency_key
         FROM steps WHERE run_id = $1 ORDER BY ordinal`,
    [runId],
  );
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
      ...(step.parameters === null ? {} : { parameters: step.parameters }),
      attempt: step.attempt,
      startedAt: step.started_at,
      skipReason: step.skip_reason,
      published: step.published,
      mark: markOf(step),
      snapshotBefore: step.snapshot_before,
      snapshotAfter: step.snapshot_after,
      ...movement(step),
    })),
  };
}

function markOf({ marked_by: by, marked_at: at, mark_reason: reason }: StepRow): StepMark | null {
  return by === null || at === null || reason === null ? null : { by, at, reason };
}

/** Columns of what the step made of its inputs serve one that failed for what it tried. */
function movement(step: StepRow): Pick<StoredStep, "progress" | "tried"> {
  const { inputs_before: inputsBefore, inputs_after: inputsAfter, through_before: throughBefore } = step;
  if (inputsBefore === null || inputsAfter === null) return { progress: null, tried: null };
  const codeVersion = step.code_version === null ? {} : { codeVersion: step.code_version };
  if (step.state !== "succeeded")
    return { progress: null, tried: { inputsBefore, inputs: inputsAfter, throughBefore, ...codeVersion } };
  const throughAfter = step.through_after === null ? {} : { throughAfter: step.through_after };
  const key = step.idempotency_key ?? "";
  return { progress: { inputsBefore, inputsAfter, throughBefore, ...throughAfter, ...codeVersion, key }, tried: null };
}
