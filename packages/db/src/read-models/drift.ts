import { type DriftItem, type SourceId, type StreamColumn, stagedDatasetName } from "@nova/pipeline-core/connectors";
import type { Pool } from "pg";

/** A dataset that reads what changed, directly or through others. */
export interface AffectedDataset {
  readonly name: string;
  /** Its columns made from the changed one; empty when all of it is touched. */
  readonly columns: readonly string[];
  /** People and services that queried it in the last 30 days. */
  readonly readers: number;
}

export interface DriftRow extends DriftItem {
  /** The stream's own dataset. */
  readonly dataset: string;
  readonly affected: readonly AffectedDataset[];
  /** The stream's columns now, for choosing which one continues another. */
  readonly columns: readonly Pick<StreamColumn, "name" | "sourceType">[];
  /** The key of the stream's dataset. */
  readonly key: readonly string[];
}

export interface DriftFilter {
  readonly source: SourceId | null;
  /** A staged dataset: only what touches it or what it is made from. */
  readonly dataset: string | null;
  readonly openOnly: boolean;
}

const MOST_ITEMS = 100;

/** The drift inbox: what changed in the sources, what it touches, and what was decided. */
export function driftReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Open first, those that hold up a dataset before the others, then the newest; at most 100. */
    async items({ source, dataset, openOnly }: DriftFilter): Promise<DriftRow[]> {
      const { rows } = await pool.query<Omit<DriftRow, "dataset">>(
        `WITH RECURSIVE item AS (
           SELECT d.*, s.columns, coalesce(nullif(s.staged->'key', 'null'), to_jsonb(s.key_columns)) AS key
             FROM drift_items d JOIN streams s ON s.source_id = d.source_id AND s.name = d.stream
            WHERE ($1::text IS NULL OR d.source_id = $1) AND (NOT $3 OR d.state = 'open')
              AND ($2::text IS NULL OR EXISTS (SELECT FROM column_lineage l WHERE l.to_dataset = $2 AND l.from_dataset = d.source_id || '/' || d.stream))
            ORDER BY d.state <> 'open', d.waits DESC, d.seen_at DESC, d.id LIMIT ${MOST_ITEMS}
         ), touched AS (
           SELECT i.id, l.to_dataset AS dataset, l.to_column AS col FROM item i
             JOIN column_lineage l ON l.from_dataset = i.source_id || '/' || i.stream
                                  AND (l.from_column = i.change->>'column' OR i.change->>'kind' = 'key' AND l.from_column IN (SELECT jsonb_array_elements_text(i.key)))
            WHERE i.change->>'kind' NOT IN ('added', 'table')
           UNION
           SELECT t.id, l.to_dataset, l.to_column FROM touched t JOIN column_lineage l ON l.from_dataset = t.dataset AND l.from_column = t.col
         ), affected AS (
           SELECT id, dataset, array_agg(DISTINCT col ORDER BY col) AS cols FROM touched GROUP BY id, dataset
         ), readers AS (
           SELECT q.dataset, count(DISTINCT coalesce(user_id::text, actor))::int AS readers FROM queries, unnest(datasets) AS q(dataset)
            WHERE started_at > now() - interval '30 days' AND q.dataset IN (SELECT dataset FROM affected) GROUP BY q.dataset
         )
         SELECT i.id, i.source_id AS source, i.stream, i.from_version AS "fromVersion", i.to_version AS "toVersion", i.change, i.state, i.waits, i.position,
                i.seen_at AS "seenAt", i.decided_by AS "decidedBy", CASE WHEN i.decided_by IS NOT NULL THEN i.settled_at END AS "decidedAt", i.key,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('name', c->>'name', 'sourceType', c->>'sourceType')), '[]') FROM jsonb_array_elements(i.columns) c) AS columns,
                (SELECT coalesce(jsonb_agg(jsonb_build_object('name', a.dataset, 'columns', a.cols, 'readers', coalesce(r.readers, 0))
                                           ORDER BY split_part(a.dataset, '.', 1) <> 'staged', a.dataset), '[]')
                   FROM affected a LEFT JOIN readers r ON r.dataset = a.dataset WHERE a.id = i.id) AS affected
           FROM item i ORDER BY i.state <> 'open', i.waits DESC, i.seen_at DESC, i.id`,
        [source, dataset, openOnly],
      );
      return rows.map((row) => ({ ...row, dataset: stagedDatasetName(row.source, row.stream) }));
    },
    /** Items that wait for a person, over all sources. */
    async countOpen(): Promise<number> {
      const { rows } = await pool.query<{ open: number }>(
        "SELECT count(*)::int AS open FROM drift_items WHERE state = 'open'",
      );
      return rows[0]?.open ?? 0;
    },
  };
}
