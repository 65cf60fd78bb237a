import type { ParameterValues } from "@nova/pipeline-core/catalog";
import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { CheckOutcome } from "@nova/pipeline-core/quality";
import type { ConsumedInputs, StepState } from "@nova/pipeline-core/orchestration";
import type { Pool } from "pg";

/** What one run did with one dataset. */
export interface ComparedStep {
  readonly runId: string;
  readonly state: StepState;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Null while it runs. */
  readonly seconds: number | null;
  readonly rowsIn: number | null;
  readonly rowsOut: number | null;
  readonly bytes: number | null;
  /** Of the dataset; null before its first rows, after: also when it published nothing. */
  readonly snapshotBefore: string | null;
  readonly snapshotAfter: string | null;
  /** Snapshot of each input that it had read when it ended, or tried when it failed; null when it did not get that far. */
  readonly inputs: ConsumedInputs | null;
  readonly codeVersion: string | null;
  /** Of the model, where they are not the defaults. */
  readonly parameters?: ParameterValues | null;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
  /** Judged on what the step made, or on the first that stood there after it; freshness follows the clock and is none of them. */
  readonly checks: readonly ComparedCheck[];
}

export interface ComparedCheck {
  readonly name: string;
  readonly outcome: CheckOutcome;
  readonly value: number | null;
  readonly at: Date;
  /** Judged on just what the step made; else on that with what came after it. */
  readonly own: boolean;
}

export interface DatasetComparison {
  readonly dataset: string;
  readonly now: ComparedStep;
  /** The last run before this one in which the dataset succeeded; null when there is none any more. */
  readonly lastGood: ComparedStep | null;
  /**
   * Of a backfill's run: whether `lastGood` did the same partitions. `other`: none did that is still known, and the newest good
   * run stands there instead. Null for every other run.
   */
  readonly partitions: "same" | "other" | null;
  /** Checks that the dataset has. */
  readonly checks: number;
}

/** As JSON has it. */
interface StoredStep extends Omit<ComparedStep, "startedAt" | "endedAt" | "checks"> {
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly checks: readonly (Omit<ComparedCheck, "at"> & { readonly at: string })[];
}

/**
 * SQL that gives step `s` as a ComparedStep. What was judged with later rows counts up to `until`: beyond, it tells of others.
 */
const stepJudgedUntil = (
  until: string,
): string => `jsonb_build_object('runId', s.run_id, 'state', s.state, 'startedAt', s.started_at, 'endedAt', s.ended_at, 'seconds', extract(epoch FROM s.ended_at - s.started_at)::float8,
  'rowsIn', s.rows_in, 'rowsOut', s.rows_out, 'bytes', s.bytes,
  'snapshotBefore', s.snapshot_before, 'snapshotAfter', s.snapshot_after, 'inputs', s.inputs_after, 'codeVersion', s.code_version, 'parameters', s.parameters,
  'errorKind', s.error_kind, 'errorMessage', s.error_message,
  'checks', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', k.name, 'outcome', r.outcome, 'value', r.value, 'at', r.at, 'own', r.own) ORDER BY k.name), '[]')
               FROM checks k CROSS JOIN LATERAL (
                 SELECT c.outcome, c.value, c.at, (c.run_id = s.run_id OR c.snapshot_id = s.snapshot_after) IS TRUE AS own FROM check_results c
                  WHERE c.dataset = k.dataset AND c."check" = k.name AND c.at BETWEEN s.started_at AND s.started_at + interval '6 hours'
                    AND (c.run_id = s.run_id OR c.snapshot_id = s.snapshot_after OR (s.state = 'succeeded' AND c.at BETWEEN s.ended_at AND ${until}))
                  ORDER BY own DESC, CASE WHEN (c.run_id = s.run_id OR c.snapshot_id = s.snapshot_after) IS TRUE THEN c.at END DESC, c.at LIMIT 1) r
              WHERE k.dataset = s.dataset AND k.kind <> 'freshness'))`;

const JUDGED_SOON = stepJudgedUntil("s.ended_at + interval '1 hour'");
const JUDGED_BEFORE = stepJudgedUntil("now.started_at");

/** The last good run before step `now` that did exactly the partitions of `parts`. */
const SAME_PARTITIONS = `SELECT p.run_id FROM backfill_partitions p JOIN steps s ON s.run_id = p.run_id AND s.dataset = p.dataset
   WHERE p.dataset = now.dataset AND p.part = ANY(parts.listed) AND p.run_id <> now.run_id AND s.state = 'succeeded' AND s.started_at < now.started_at
   GROUP BY p.run_id, s.started_at
  HAVING count(*) = cardinality(parts.listed)
     AND count(*) = (SELECT count(*) FROM backfill_partitions q WHERE q.run_id = p.run_id AND q.dataset = now.dataset)
   ORDER BY s.started_at DESC LIMIT 1`;

/** A run beside what went before it: each of its steps and the last good run of the same dataset. */
export function runComparisonReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Steps that did anything, in the order of the plan; at most 200. */
    async ofRun(runId: string): Promise<DatasetComparison[]> {
      const { rows } = await pool.query<
        Pick<DatasetComparison, "dataset" | "partitions" | "checks"> & { now: StoredStep; lastGood: StoredStep | null }
      >(
        `SELECT now.dataset, good.step AS "lastGood", CASE WHEN parts.listed IS NOT NULL AND good.step IS NOT NULL THEN CASE WHEN same.run_id IS NULL THEN 'other' ELSE 'same' END END AS partitions,
                (SELECT count(*)::int FROM checks k WHERE k.dataset = now.dataset AND k.kind <> 'freshness') AS checks,
                (SELECT ${JUDGED_SOON} FROM steps s WHERE s.run_id = now.run_id AND s.dataset = now.dataset) AS now
           FROM steps now
           LEFT JOIN LATERAL (SELECT array_agg(part) AS listed FROM backfill_partitions WHERE run_id = now.run_id AND dataset = now.dataset) parts ON true
           LEFT JOIN LATERAL (${SAME_PARTITIONS}) same ON parts.listed IS NOT NULL
           LEFT JOIN LATERAL (SELECT ${JUDGED_BEFORE} AS step FROM steps s
                               WHERE s.dataset = now.dataset AND s.run_id <> now.run_id AND s.started_at < now.started_at AND s.state = 'succeeded'
                                 AND (same.run_id IS NULL OR s.run_id = same.run_id)
                               ORDER BY s.started_at DESC LIMIT 1) good ON true
          WHERE now.run_id = $1 AND now.started_at IS NOT NULL ORDER BY now.ordinal LIMIT 200`,
        [runId],
      );
      return rows.map(({ now, lastGood, ...row }) => ({
        ...row,
        now: withDates(now),
        lastGood: lastGood === null ? null : withDates(lastGood),
      }));
    },
  };
}

function withDates({ startedAt, endedAt, checks, ...step }: StoredStep): ComparedStep {
  return {
    ...step,
    startedAt: startedAt === null ? null : new Date(startedAt),
    endedAt: endedAt === null ? null : new Date(endedAt),
    checks: checks.map((check) => ({ ...check, at: new Date(check.at) })),
  };
}
