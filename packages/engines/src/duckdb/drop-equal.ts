import type { DuckDBConnection } from "@duckdb/node-api";
import type { Table } from "@nova/iceberg";
import { ident } from "./sql-text.ts";
import { type EventShape, valueColumns } from "./staged-events-sql.ts";

/** Of rows that were computed anew, leaves out those that are stored already, whenever they were merged. */
export async function dropEqual(
  connection: DuckDBConnection,
  rows: string,
  stored: string,
  table: Table,
  shape: EventShape,
): Promise<void> {
  const compared = new Set([...valueColumns(shape), "_op", "_source_ts", "_position", "_deleted_at"]);
  const same = table.columns
    .filter((column) => compared.has(column.name))
    .map((column) => `s.${ident(column.name)} IS NOT DISTINCT FROM f.${ident(column.name)}`);
  await connection.run(
    `DELETE FROM temp.${rows} f WHERE EXISTS (SELECT 1 FROM ${stored} s WHERE ${same.join(" AND ")})`,
  );
}
