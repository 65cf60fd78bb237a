import type { Pool } from "pg";

export const SEARCH_KINDS = ["dataset", "column", "stream", "run"] as const;
export type SearchKind = (typeof SEARCH_KINDS)[number];

export interface SearchHit {
  readonly kind: SearchKind;
  /** Dataset name, dataset name of the column, source id of the stream, run id. */
  readonly id: string;
  /** Dataset, column or stream name; pipeline of a run. */
  readonly name: string;
  readonly detail: string;
}

const PER_KIND = 8;

export function searchReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Datasets, columns, streams and recent runs whose name holds `text` anywhere; best first within a kind. */
    async all(text: string): Promise<SearchHit[]> {
      const { rows } = await pool.query<SearchHit>(
        `WITH asked AS (SELECT lower($1::text) AS text, '%' || replace(replace(replace(lower($1::text), '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%' AS pattern)
         SELECT kind, id, name, detail FROM (
           (SELECT 1 AS part, 'dataset' AS kind, d.name AS id, d.name, d.description AS detail,
                   row_number() OVER (ORDER BY split_part(d.name, '.', 2) = a.text DESC, d.layer IN ('curated', 'mart', 'export') DESC,
                                              position(a.text IN split_part(d.name, '.', 2)) > 0 DESC, length(d.name), d.name) AS place
              FROM datasets d, asked a WHERE lower(d.name) LIKE a.pattern ORDER BY place LIMIT $2)
           UNION ALL
           (SELECT 2, 'column', c.dataset, c.name, c.dataset,
                   row_number() OVER (ORDER BY lower(c.name) = a.text DESC, position('.' IN c.dataset) > 0 AND c.dataset LIKE 'curated.%' DESC, position(a.text IN lower(c.name)), c.dataset)
              FROM dataset_columns c, asked a WHERE lower(c.name) LIKE a.pattern ORDER BY 6 LIMIT $2)
           UNION ALL
           (SELECT 3, 'stream', s.source_id, s.name, s.source_id || '/' || s.name,
                   row_number() OVER (ORDER BY position(a.text IN lower(s.name)), s.name)
              FROM streams s, asked a WHERE lower(s.source_id || '/' || s.name) LIKE a.pattern ORDER BY 6 LIMIT $2)
           UNION ALL
           (SELECT 4, 'run', r.id::text, r.pipeline, r.state || ', ' || cardinality(r.datasets) || ' datasets',
                   row_number() OVER (ORDER BY r.created_at DESC)
              FROM (SELECT * FROM runs ORDER BY created_at DESC LIMIT 500) r, asked a
             WHERE lower(r.pipeline) LIKE a.pattern OR r.id::text LIKE a.pattern ORDER BY 6 LIMIT 5)
         ) hits ORDER BY part, place`,
        [text, PER_KIND],
      );
      return rows;
    },
  };
}
