import type { DatasetColumn, DatasetName } from "@nova/pipeline-core/catalog";
import type { StoreDb } from "./store-context.ts";

/** The columns of a dataset as the catalog knows them, in order; null when it does not know the dataset. */
export async function catalogColumns(db: StoreDb, dataset: DatasetName): Promise<DatasetColumn[] | null> {
  const { rows } = await db.pool.query<{ columns: DatasetColumn[] | null }>(
    `SELECT (SELECT jsonb_agg(jsonb_build_object('name', c.name, 'type', c.type, 'description', c.description, 'pii', c.pii) ORDER BY c.ordinal)
               FROM dataset_columns c WHERE c.dataset = d.name) AS columns
       FROM datasets d WHERE d.name = $1`,
    [dataset],
  );
  return rows[0] === undefined ? null : (rows[0].columns ?? []);
}

/** Everything the sources did up to this time is in the dataset, by dataset; without those of which nobody knows. */
export async function datasetsThrough(db: StoreDb): Promise<Map<DatasetName, Date>> {
  const { rows } = await db.pool.query<{ name: string; through: Date }>(
    "SELECT name, data_through AS through FROM datasets WHERE data_through IS NOT NULL",
  );
  return new Map(rows.map(({ name, through }) => [name, through]));
}
