import type { DuckDBConnection } from "@duckdb/node-api";
import { PlatformError } from "@nova/pipeline-core/kernel";

/** All rows of a small result as plain objects (bigint for BIGINT, string for VARCHAR). */
export async function rowsOf<Row extends object>(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRowObjects() as unknown as Row[];
}

/** The only row of a result that has exactly one. */
export async function firstRow<Row extends object>(connection: DuckDBConnection, sql: string): Promise<Row> {
  const [row] = await rowsOf<Row>(connection, sql);
  if (row === undefined) throw new PlatformError("engine-failed", "the engine returned no row where one was due");
  return row;
}
