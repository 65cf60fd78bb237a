import type { Layer } from "@nova/pipeline-core/catalog";
import type { SourceId, SourceState } from "@nova/pipeline-core/connectors";
import type { ColumnLineageEdge } from "@nova/pipeline-core/lineage";
import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { Pool } from "pg";
import { CHECK_COUNTS, HEALTH_COLUMNS, type HealthFacts } from "./catalog.ts";

export interface LineageDatasetRow extends HealthFacts {
  readonly name: string;
  readonly layer: Layer;
  readonly owner: string;
  readonly rowCount: number | null;
  readonly columns: number;
  /** End of the last step that succeeded; null when no run makes the dataset. */
  readonly lastGoodRun: Date | null;
}

export interface LineageSourceRow {
  readonly id: SourceId;
  readonly state: SourceState;
  readonly since: Date;
  readonly errorKind: ErrorKind | null;
}

export interface LineageGraph {
  readonly datasets: readonly LineageDatasetRow[];
  readonly sources: readonly LineageSourceRow[];
  /** Who reads what; a source is an input of its raw dataset. */
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

export function lineageReadModel(pool: Pick<Pool, "query">) {
  return {
    /** The whole table graph: hundreds of datasets, so walking and trimming is cheapest in the caller. Three small queries side by side. */
    async graph(): Promise<LineageGraph> {
      const [datasets, sources, edges] = await Promise.all([
        pool.query<LineageDatasetRow>(
          `SELECT d.name, d.layer, d.owner, d.row_count::float8 AS "rowCount", ${HEALTH_COLUMNS}, coalesce(n.columns, 0) AS columns, s.at AS "lastGoodRun"
             FROM datasets d ${CHECK_COUNTS}
             LEFT JOIN (SELECT dataset, count(*)::int AS columns FROM dataset_columns GROUP BY dataset) n ON n.dataset = d.name
             LEFT JOIN LATERAL (SELECT ended_at AS at FROM steps WHERE dataset = d.name AND started_at IS NOT NULL AND state = 'succeeded' ORDER BY started_at DESC LIMIT 1) s ON true
            ORDER BY d.name`,
        ),
        pool.query<LineageSourceRow>(
          `SELECT id, state, state_since AS since, error_kind AS "errorKind" FROM sources ORDER BY id`,
        ),
        pool.query<{ from: string; to: string }>(
          `SELECT input AS "from", dataset AS "to" FROM dataset_inputs i WHERE EXISTS (SELECT FROM datasets d WHERE d.name = i.input)
           UNION ALL SELECT s.id, d.name FROM sources s JOIN datasets d ON d.name = 'raw.' || s.id ORDER BY 1, 2`,
        ),
      ]);
      return { datasets: datasets.rows, sources: sources.rows, edges: edges.rows };
    },
    /**
     * Every edge on a path into or out of one column, with its distance in steps (negative upstream). Indirect edges
     * (a filter, a join) end the path they are on: what such a column is made from does not make this one.
     */
    async column(
      dataset: string,
      column: string,
      most: number,
    ): Promise<(ColumnLineageEdge & { readonly distance: number })[]> {
      const { rows } = await pool.query<ColumnLineageEdge & { distance: number }>(
        `WITH RECURSIVE up AS (
           SELECT l.*, -1 AS distance FROM column_lineage l WHERE l.to_dataset = $1 AND l.to_column = $2
           UNION SELECT l.*, up.distance - 1 FROM up JOIN column_lineage l ON l.to_dataset = up.from_dataset AND l.to_column = up.from_column WHERE up.kind <> 'indirect' AND up.distance > -12),
         down AS (
           SELECT l.*, 1 AS distance FROM column_lineage l WHERE l.from_dataset = $1 AND l.from_column = $2
           UNION SELECT l.*, down.distance + 1 FROM down JOIN column_lineage l ON l.from_dataset = down.to_dataset AND l.from_column = down.to_column WHERE down.kind <> 'indirect' AND down.distance < 12)
         SELECT from_dataset AS "fromDataset", from_column AS "fromColumn", to_dataset AS "toDataset", to_column AS "toColumn", kind, expression, distance
           FROM (SELECT * FROM up UNION ALL SELECT * FROM down) path ORDER BY abs(distance), from_dataset, from_column, to_dataset, to_column LIMIT $3`,
        [dataset, column, most],
      );
      return rows;
    },
  };
}
