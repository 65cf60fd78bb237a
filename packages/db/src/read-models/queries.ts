import type { QueryState } from "@nova/pipeline-core/access";
import type { Layer, PiiTag } from "@nova/pipeline-core/catalog";
import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { Pool } from "pg";

export interface PastQuery {
  readonly id: string;
  readonly userId: string | null;
  readonly sql: string;
  readonly datasets: readonly string[];
  readonly state: QueryState;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
}

export interface QueryableColumn {
  readonly name: string;
  readonly type: string;
  readonly pii: PiiTag;
}

export interface QueryableDataset {
  readonly name: string;
  readonly layer: Layer;
  readonly owner: string;
  readonly description: string;
  readonly columns: readonly QueryableColumn[];
}

const PAST = `id, user_id AS "userId", sql, datasets, state, started_at AS "startedAt", ended_at AS "endedAt", rows::float8 AS rows, bytes::float8 AS bytes,
              error_kind AS "errorKind", error_message AS "errorMessage"`;

export function queriesReadModel(pool: Pick<Pool, "query">) {
  return {
    /** A person's queries, newest first; `before` continues behind the last one of a page. */
    async mine(userId: string, before: Date | null, limit: number): Promise<PastQuery[]> {
      const { rows } = await pool.query<PastQuery>(
        `SELECT ${PAST} FROM queries WHERE user_id = $1 AND ($2::timestamptz IS NULL OR started_at < $2) ORDER BY started_at DESC LIMIT $3`,
        [userId, before, limit],
      );
      return rows;
    },
    async one(id: string): Promise<PastQuery | null> {
      const { rows } = await pool.query<PastQuery>(`SELECT ${PAST} FROM queries WHERE id = $1`, [id]);
      return rows[0] ?? null;
    },
    /** What may be queried in these layers, with columns in their own order: for completion and the side list. */
    async datasets(layers: readonly Layer[]): Promise<QueryableDataset[]> {
      const { rows } = await pool.query<QueryableDataset>(
        `SELECT d.name, d.layer, d.owner, d.description, coalesce(c.columns, '[]'::jsonb) AS columns
           FROM datasets d
           LEFT JOIN (SELECT dataset, jsonb_agg(jsonb_build_object('name', name, 'type', type, 'pii', pii) ORDER BY ordinal) AS columns
                        FROM dataset_columns GROUP BY dataset) c ON c.dataset = d.name
          WHERE d.layer = ANY($1)
          ORDER BY array_position(ARRAY['mart', 'curated', 'staged', 'raw', 'export'], d.layer), d.name`,
        [layers],
      );
      return rows;
    },
  };
}
