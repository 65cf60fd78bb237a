import type { LineageStore } from "@nova/pipeline-core/lineage";
import { announce } from "./announce.ts";
import { inTransaction, rowsJson, type StoreDb } from "./store-context.ts";

export function lineageStore(db: StoreDb): LineageStore {
  return {
    async saveColumnLineage(dataset, edges) {
      await inTransaction(db.pool, async (tx) => {
        await tx.query("DELETE FROM column_lineage WHERE to_dataset = $1", [dataset]);
        await tx.query(
          `INSERT INTO column_lineage (from_dataset, from_column, to_dataset, to_column, kind, expression)
           SELECT "fromDataset", "fromColumn", "toDataset", "toColumn", kind, expression FROM jsonb_to_recordset($1::jsonb)
               AS e ("fromDataset" text, "fromColumn" text, "toDataset" text, "toColumn" text, kind text, expression text)
           ON CONFLICT DO NOTHING`,
          [rowsJson(edges)],
        );
        await announce(tx, "dataset", [dataset]);
      });
    },
  };
}
