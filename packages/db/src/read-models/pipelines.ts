import type { DatasetKind, Layer } from "@nova/pipeline-core/catalog";
import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { Pool } from "pg";
import { CHECK_COUNTS, HEALTH_COLUMNS, type HealthFacts } from "./catalog.ts";

/** A dataset as a node of the graph: what does not change while data flows. */
export interface PipelineNode {
  readonly name: string;
  readonly layer: Layer;
  readonly pipeline: string;
  readonly kind: DatasetKind;
  readonly owner: string;
  /** Datasets it reads. */
  readonly inputs: readonly string[];
}

/** The last step of a dataset that ended by running. */
export interface EndedStep {
  readonly runId: string;
  readonly state: "succeeded" | "failed" | "cancelled";
  readonly startedAt: Date;
  readonly endedAt: Date;
  readonly reason: string;
  readonly rowsOut: number | null;
  readonly errorKind: ErrorKind | null;
}

/** A step of a run that has not ended. */
export interface OpenStep {
  readonly runId: string;
  readonly state: "waiting" | "running" | "retrying";
  readonly reason: string;
}

export interface PipelineNodeState extends HealthFacts {
  readonly name: string;
  readonly rowCount: number | null;
  readonly lastStep: EndedStep | null;
  readonly openStep: OpenStep | null;
  /** Who paused its pipeline; null while nobody has. */
  readonly pausedBy: string | null;
  /** Who rolled it back; it stays where it is until released. Null while nobody has. */
  readonly heldBy: string | null;
}

interface StateRow extends Omit<PipelineNodeState, "lastStep" | "openStep"> {
  readonly lastStep: (Omit<EndedStep, "startedAt" | "endedAt"> & { startedAt: string; endedAt: string }) | null;
  readonly openStep: OpenStep | null;
}

/** The graph of all datasets. Two queries that never wait for each other: what is drawn, and how it is. */
export function pipelinesReadModel(pool: Pick<Pool, "query">) {
  return {
    async graph(): Promise<PipelineNode[]> {
      const { rows } = await pool.query<PipelineNode>(
        `SELECT d.name, d.layer, d.pipeline, d.kind, d.owner, coalesce(i.inputs, '{}') AS inputs
           FROM datasets d
           LEFT JOIN (SELECT i.dataset, array_agg(i.input ORDER BY i.input) AS inputs FROM dataset_inputs i JOIN datasets read ON read.name = i.input GROUP BY i.dataset) i
             ON i.dataset = d.name
          ORDER BY d.name`,
      );
      return rows;
    },

    /** The state of every dataset, in one query however many there are. */
    async states(): Promise<PipelineNodeState[]> {
      const { rows } = await pool.query<StateRow>(
        `WITH open AS (
           SELECT DISTINCT ON (s.dataset) s.dataset, s.run_id, s.state, s.reason FROM runs r JOIN steps s ON s.run_id = r.id
            WHERE r.state IN ('queued', 'running') AND s.state IN ('waiting', 'running', 'retrying')
            ORDER BY s.dataset, array_position(ARRAY['running', 'retrying', 'waiting'], s.state))
         SELECT d.name, d.row_count::float8 AS "rowCount", ${HEALTH_COLUMNS}, p.by AS "pausedBy", h.by AS "heldBy",
                CASE WHEN o.dataset IS NOT NULL THEN jsonb_build_object('runId', o.run_id, 'state', o.state, 'reason', o.reason) END AS "openStep",
                CASE WHEN last.run_id IS NOT NULL THEN
                  jsonb_build_object('runId', last.run_id, 'state', last.state, 'startedAt', last.started_at, 'endedAt', last.ended_at,
                                     'reason', last.reason, 'rowsOut', last.rows_out, 'errorKind', last.error_kind) END AS "lastStep"
           FROM datasets d ${CHECK_COUNTS}
           LEFT JOIN open o ON o.dataset = d.name
           LEFT JOIN pipeline_pauses p ON p.pipeline = d.pipeline
           LEFT JOIN dataset_holds h ON h.dataset = d.name
           LEFT JOIN LATERAL (SELECT s.run_id, s.state, s.started_at, s.ended_at, s.reason, s.rows_out, s.error_kind FROM steps s
                               WHERE s.dataset = d.name AND s.started_at IS NOT NULL AND s.state IN ('succeeded', 'failed', 'cancelled')
                               ORDER BY s.started_at DESC LIMIT 1) last ON true
          ORDER BY d.name`,
      );
      return rows.map(({ lastStep, ...row }) => ({
        ...row,
        lastStep:
          lastStep === null
            ? null
            : { ...lastStep, startedAt: new Date(lastStep.startedAt), endedAt: new Date(lastStep.endedAt) },
      }));
    },
  };
}
