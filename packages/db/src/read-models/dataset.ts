import type { BackfillOptions, DatasetKind, Layer, PiiTag } from "@nova/pipeline-core/catalog";
import type { SourceState, StreamState } from "@nova/pipeline-core/connectors";
import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { StepState } from "@nova/pipeline-core/orchestration";
import type { CheckKind, CheckOutcome, Severity } from "@nova/pipeline-core/quality";
import type { Pool } from "pg";
import { CHECK_COUNTS, HEALTH_COLUMNS, type HealthFacts } from "./catalog.ts";

/** A dataset beside this one: an input, or one that reads it. */
export interface NeighbourRow extends HealthFacts {
  readonly name: string;
  readonly layer: Layer;
}

export interface TroubledCheck {
  readonly name: string;
  readonly outcome: CheckOutcome;
  readonly severity: Severity;
  readonly message: string;
  readonly since: Date | null;
}

export interface DatasetHead extends HealthFacts {
  readonly name: string;
  readonly layer: Layer;
  readonly kind: DatasetKind;
  readonly description: string;
  readonly owner: string;
  readonly pipeline: string;
  readonly keyColumns: readonly string[];
  readonly modelPath: string;
  readonly codeVersion: string;
  readonly hasModel: boolean;
  /** Null for a dataset without a model. */
  readonly backfillOptions: BackfillOptions | null;
  readonly snapshotId: string | null;
  readonly rowCount: number | null;
  readonly bytes: number | null;
  readonly fileCount: number | null;
  readonly committedAt: Date | null;
  readonly queryCount: number;
  readonly inputs: readonly NeighbourRow[];
  readonly usedBy: readonly NeighbourRow[];
  /** Columns in order with what a ready-made query and the PII badge need. */
  readonly columns: readonly { readonly name: string; readonly type: string; readonly pii: PiiTag }[];
  readonly checks: number;
  /** Checks by their last outcome, freshness ones included. */
  readonly outcomes: Readonly<Partial<Record<CheckOutcome, number>>>;
  readonly troubled: readonly TroubledCheck[];
  /** The stream a staged dataset is loaded from; null for all others. */
  readonly stream: {
    readonly source: string;
    readonly name: string;
    readonly state: StreamState;
    readonly sourceState: SourceState;
  } | null;
  readonly lastStep: {
    readonly runId: string;
    readonly state: StepState;
    readonly endedAt: Date | null;
    readonly rowsOut: number | null;
  } | null;
}

export interface ColumnRow {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  readonly pii: PiiTag;
  readonly isKey: boolean;
  readonly nullRate: number | null;
  readonly profiledAt: Date | null;
  /** Columns it is made from, and columns made from it, one step away. */
  readonly upstream: number;
  readonly downstream: number;
  /** Names of the checks on it. */
  readonly checks: readonly {
    readonly name: string;
    readonly kind: CheckKind;
    readonly outcome: CheckOutcome | null;
  }[];
}

export interface StepRow {
  readonly runId: string;
  readonly pipeline: string;
  readonly trigger: string;
  readonly state: StepState;
  readonly reason: string;
  readonly attempt: number;
  readonly waitingSince: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly rowsIn: number | null;
  readonly rowsOut: number | null;
  readonly skipReason: string | null;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
}

/** Dates inside JSON come as text. */
type JsonDates<Row> = { readonly [Key in keyof Row]: Row[Key] extends Date | null ? string | null : Row[Key] };

const neighbours = (join: string): string =>
  `(SELECT coalesce(json_agg(json_build_object('name', n.name, 'layer', n.layer, 'targetLagSeconds', n."targetLagSeconds", 'dataThrough', n."dataThrough",
           'failingChecks', n."failingChecks", 'warningChecks', n."warningChecks", 'checkMessage', n."checkMessage") ORDER BY n.name), '[]')
      FROM (SELECT d.name, d.layer, ${HEALTH_COLUMNS} FROM dataset_inputs i JOIN datasets d ON ${join} ${CHECK_COUNTS}) n)`;

export function datasetReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Everything the page's head and overview show; null when there is no such dataset. */
    async head(name: string): Promise<DatasetHead | null> {
      type Raw = Omit<DatasetHead, "inputs" | "usedBy" | "troubled" | "lastStep"> & {
        inputs: JsonDates<NeighbourRow>[];
        usedBy: JsonDates<NeighbourRow>[];
        troubled: JsonDates<TroubledCheck>[];
        lastStep: { runId: string; state: StepState; endedAt: string | null; rowsOut: number | null } | null;
      };
      const { rows } = await pool.query<Raw>(
        `SELECT d.name, d.layer, d.kind, d.description, d.owner, d.pipeline, d.key_columns AS "keyColumns", d.model_path AS "modelPath", d.code_version AS "codeVersion",
                d.model_sql <> '' AS "hasModel", d.backfill_options AS "backfillOptions", d.snapshot_id AS "snapshotId", d.row_count::float8 AS "rowCount", d.bytes::float8 AS bytes, d.file_count AS "fileCount",
                d.committed_at AS "committedAt", d.query_count::float8 AS "queryCount", ${HEALTH_COLUMNS},
                ${neighbours("d.name = i.input AND i.dataset = $1")} AS inputs,
                ${neighbours("d.name = i.dataset AND i.input = $1")} AS "usedBy",
                (SELECT coalesce(json_agg(json_build_object('name', name, 'type', type, 'pii', pii) ORDER BY ordinal), '[]') FROM dataset_columns WHERE dataset = $1) AS columns,
                (SELECT count(*)::int FROM checks WHERE dataset = $1) AS checks,
                (SELECT coalesce(json_object_agg(o.outcome, o.count), '{}') FROM (SELECT coalesce(last_outcome, 'skipped') AS outcome, count(*) FROM checks WHERE dataset = $1 GROUP BY 1) o) AS outcomes,
                (SELECT coalesce(json_agg(json_build_object('name', name, 'outcome', last_outcome, 'severity', severity, 'message', coalesce(last_message, ''), 'since', outcome_since)
                                 ORDER BY last_outcome, outcome_since), '[]') FROM checks WHERE dataset = $1 AND last_outcome IN ('failed', 'warned') AND kind <> 'freshness') AS troubled,
                (SELECT json_build_object('source', st.source_id, 'name', st.name, 'state', st.state, 'sourceState', so.state)
                   FROM (SELECT DISTINCT from_dataset FROM column_lineage WHERE to_dataset = $1 AND position('/' IN from_dataset) > 0) origin
                   JOIN streams st ON st.source_id = split_part(origin.from_dataset, '/', 1) AND st.name = substr(origin.from_dataset, position('/' IN origin.from_dataset) + 1)
                   JOIN sources so ON so.id = st.source_id LIMIT 1) AS stream,
                (SELECT json_build_object('runId', run_id, 'state', state, 'endedAt', ended_at, 'rowsOut', rows_out) FROM steps
                  WHERE dataset = $1 AND started_at IS NOT NULL ORDER BY started_at DESC LIMIT 1) AS "lastStep"
           FROM datasets d ${CHECK_COUNTS} WHERE d.name = $1`,
        [name],
      );
      const row = rows[0];
      if (row === undefined) return null;
      return {
        ...row,
        inputs: row.inputs.map((one) => ({ ...one, dataThrough: date(one.dataThrough) })),
        usedBy: row.usedBy.map((one) => ({ ...one, dataThrough: date(one.dataThrough) })),
        troubled: row.troubled.map((one) => ({ ...one, since: date(one.since) })),
        lastStep: row.lastStep === null ? null : { ...row.lastStep, endedAt: date(row.lastStep.endedAt) },
      };
    },
    /** In the dataset's own order. */
    async columns(name: string): Promise<ColumnRow[]> {
      const { rows } = await pool.query<ColumnRow>(
        `SELECT c.name, c.type, c.description, c.pii, c.name = ANY(d.key_columns) AS "isKey", c.null_rate AS "nullRate", c.profiled_at AS "profiledAt",
                (SELECT count(DISTINCT (from_dataset, from_column))::int FROM column_lineage WHERE to_dataset = c.dataset AND to_column = c.name) AS upstream,
                (SELECT count(DISTINCT (to_dataset, to_column))::int FROM column_lineage WHERE from_dataset = c.dataset AND from_column = c.name) AS downstream,
                (SELECT coalesce(json_agg(json_build_object('name', k.name, 'kind', k.kind, 'outcome', k.last_outcome) ORDER BY k.name), '[]')
                   FROM checks k WHERE k.dataset = c.dataset AND k."column" = c.name) AS checks
           FROM dataset_columns c JOIN datasets d ON d.name = c.dataset WHERE c.dataset = $1 ORDER BY c.ordinal`,
        [name],
      );
      return rows;
    },
    /** The SQL the dataset is made by; null when it is loaded, not modelled, or does not exist. */
    async model(name: string): Promise<{ sql: string; path: string; codeVersion: string } | null> {
      const { rows } = await pool.query<{ sql: string; path: string; codeVersion: string }>(
        `SELECT model_sql AS sql, model_path AS path, code_version AS "codeVersion" FROM datasets WHERE name = $1 AND model_sql <> ''`,
        [name],
      );
      return rows[0] ?? null;
    },
    /** The runs that published these snapshots of the dataset. Upkeep is none. */
    async runsOfSnapshots(
      name: string,
      snapshots: readonly { readonly snapshotId: string; readonly committedAt: Date }[],
    ): Promise<{ snapshotId: string; runId: string }[]> {
      const oldest = snapshots.reduce((least, { committedAt }) => Math.min(least, committedAt.getTime()), Infinity);
      if (snapshots.length === 0) return [];
      const { rows } = await pool.query<{ snapshotId: string; runId: string }>(
        `SELECT s.snapshot_after AS "snapshotId", s.run_id AS "runId" FROM steps s
          WHERE s.dataset = $1 AND s.started_at > $2::timestamptz - interval '1 day' AND s.snapshot_after = ANY($3) AND s.snapshot_before IS DISTINCT FROM s.snapshot_after`,
        [name, new Date(oldest), snapshots.map(({ snapshotId }) => snapshotId)],
      );
      return rows;
    },
    /** Steps of the dataset that began, newest first; `before` is the start of the last one shown. */
    async steps(name: string, before: Date | null, limit: number): Promise<StepRow[]> {
      const { rows } = await pool.query<StepRow>(
        `SELECT s.run_id AS "runId", r.pipeline, r.trigger, s.state, s.reason, s.attempt, s.waiting_since AS "waitingSince", s.started_at AS "startedAt", s.ended_at AS "endedAt",
                s.rows_in::float8 AS "rowsIn", s.rows_out::float8 AS "rowsOut", s.skip_reason AS "skipReason", s.error_kind AS "errorKind", s.error_message AS "errorMessage"
           FROM steps s JOIN runs r ON r.id = s.run_id
          WHERE s.dataset = $1 AND s.started_at IS NOT NULL AND ($2::timestamptz IS NULL OR s.started_at < $2) ORDER BY s.started_at DESC LIMIT $3`,
        [name, before, limit],
      );
      return rows;
    },
  };
}

function date(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
