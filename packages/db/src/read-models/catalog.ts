import type { DatasetKind, Layer, PiiTag } from "@nova/pipeline-core/catalog";
import type { SourceId } from "@nova/pipeline-core/connectors";
import type { Pool } from "pg";

/** What the health of a dataset is judged by. Freshness checks are left out of the counts: freshness is judged now, not when last checked. */
export interface HealthFacts {
  readonly targetLagSeconds: number;
  readonly dataThrough: Date | null;
  readonly failingChecks: number;
  readonly warningChecks: number;
  /** Message of the check that has been out of order longest, failing ones first; null when all is well. */
  readonly checkMessage: string | null;
}

export interface MatchedColumn {
  readonly name: string;
  readonly description: string;
  readonly pii: PiiTag;
}

export interface CatalogRow extends HealthFacts {
  readonly name: string;
  readonly layer: Layer;
  readonly kind: DatasetKind;
  readonly description: string;
  readonly owner: string;
  readonly pipeline: string;
  readonly rowCount: number | null;
  readonly queryCount: number;
  readonly columns: number;
  /** The most personal tag of any column. */
  readonly pii: PiiTag;
  /** Sources whose data is in it, over any number of inputs. */
  readonly sources: readonly SourceId[];
  /** The first columns that hold a searched word in name, description or tag; empty without a search. */
  readonly matchedColumns: readonly MatchedColumn[];
  readonly matchedColumnCount: number;
}

const MATCHED_COLUMNS = 3;

/** SQL that gives the check counts of dataset `d` as columns of `c`; joins behind it. */
export const CHECK_COUNTS = `LEFT JOIN (SELECT dataset, (count(*) FILTER (WHERE last_outcome = 'failed'))::int AS failing, (count(*) FILTER (WHERE last_outcome = 'warned'))::int AS warning,
                             (array_agg(last_message ORDER BY last_outcome, outcome_since))[1] AS message
                        FROM checks WHERE last_outcome IN ('failed', 'warned') AND kind <> 'freshness' GROUP BY dataset) c ON c.dataset = d.name`;

/** The columns of HealthFacts, from `datasets d` with CHECK_COUNTS. */
export const HEALTH_COLUMNS = `d.target_lag_seconds AS "targetLagSeconds", d.data_through AS "dataThrough",
                coalesce(c.failing, 0) AS "failingChecks", coalesce(c.warning, 0) AS "warningChecks", c.message AS "checkMessage"`;

export function catalogReadModel(pool: Pick<Pool, "query">) {
  return {
    /**
     * Every dataset that holds all `words` somewhere (name, columns, descriptions, owner, pipeline, tags), best match
     * first and among equals the most queried. Words are lower case; none = every dataset.
     */
    async list(words: readonly string[]): Promise<CatalogRow[]> {
      const { rows } = await pool.query<CatalogRow>(
        `WITH RECURSIVE asked AS (
           SELECT word, '%' || replace(replace(replace(word, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%' AS pattern FROM unnest($1::text[]) AS word),
         origin AS (
           SELECT name AS dataset, split_part(name, '.', 2) AS source FROM datasets WHERE layer = 'raw'
           UNION SELECT dataset, split_part(input, '/', 1) FROM dataset_inputs WHERE position('/' IN input) > 0
           UNION SELECT i.dataset, o.source FROM dataset_inputs i JOIN origin o ON o.dataset = i.input),
         found AS (SELECT * FROM datasets d WHERE NOT EXISTS (SELECT FROM asked a WHERE d.search_text NOT LIKE a.pattern))
         SELECT d.name, d.layer, d.kind, d.description, d.owner, d.pipeline, d.row_count::float8 AS "rowCount", d.query_count::float8 AS "queryCount",
                ${HEALTH_COLUMNS}, coalesce(n.columns, 0) AS columns, coalesce(n.pii, 'none') AS pii, coalesce(s.sources, '{}') AS sources,
                coalesce(m.matched, '[]') AS "matchedColumns", coalesce(m.count, 0) AS "matchedColumnCount"
           FROM found d
           ${CHECK_COUNTS}
           LEFT JOIN (SELECT dataset, count(*)::int AS columns,
                             CASE WHEN bool_or(pii = 'direct') THEN 'direct' WHEN bool_or(pii = 'indirect') THEN 'indirect' ELSE 'none' END AS pii
                        FROM dataset_columns GROUP BY dataset) n ON n.dataset = d.name
           LEFT JOIN (SELECT dataset, array_agg(source ORDER BY source) AS sources FROM origin GROUP BY dataset) s ON s.dataset = d.name
           LEFT JOIN LATERAL (
             SELECT count(*)::int AS count, json_agg(json_build_object('name', hit.name, 'description', hit.description, 'pii', hit.pii) ORDER BY hit.place) FILTER (WHERE hit.place <= $2) AS matched
               FROM (SELECT col.name, col.description, col.pii,
                            row_number() OVER (ORDER BY NOT EXISTS (SELECT FROM asked a WHERE lower(col.name) LIKE a.pattern), col.ordinal) AS place
                       FROM dataset_columns col
                      WHERE col.dataset = d.name AND left(col.name, 1) <> '_'
                        AND EXISTS (SELECT FROM asked a WHERE lower(concat_ws(' ', col.name, col.description, CASE WHEN col.pii <> 'none' THEN 'pii ' || col.pii END)) LIKE a.pattern)) hit) m ON true
          ORDER BY (SELECT coalesce(sum(CASE WHEN split_part(d.name, '.', 2) = a.word OR d.name = a.word THEN 8
                                             WHEN split_part(d.name, '.', 2) LIKE substr(a.pattern, 2) THEN 5
                                             WHEN d.name LIKE a.pattern THEN 4
                                             WHEN EXISTS (SELECT FROM dataset_columns col WHERE col.dataset = d.name AND lower(col.name) = a.word) THEN 3
                                             WHEN EXISTS (SELECT FROM dataset_columns col WHERE col.dataset = d.name AND lower(col.name) LIKE a.pattern) THEN 2
                                             ELSE 1 END), 0) FROM asked a) DESC,
                   d.query_count DESC, array_position(ARRAY['curated', 'mart', 'staged', 'raw', 'export'], d.layer), d.name`,
        [[...words], MATCHED_COLUMNS],
      );
      return rows;
    },
  };
}
