import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { IcebergError, isIcebergError } from "./errors.ts";

/** Rows of a statement, every value in DuckDB's JSON form (longs as text). */
export async function query(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>[]> {
  try {
    return (await connection.runAndReadAll(sql)).getRowObjectsJson() as Record<string, unknown>[];
  } catch (error) {
    throw engineFailure(error);
  }
}

/** Runs a statement for its effect. */
export async function run(connection: DuckDBConnection, sql: string): Promise<void> {
  try {
    await connection.run(sql);
  } catch (error) {
    throw engineFailure(error);
  }
}

/** Result of a statement, chunk by chunk: the next one is computed when it is asked for. */
export async function* chunks(connection: DuckDBConnection, sql: string): AsyncGenerator<DuckDBDataChunk> {
  try {
    const result = await connection.stream(sql);
    for (let chunk = await result.fetchChunk(); chunk && chunk.rowCount > 0; chunk = await result.fetchChunk())
      yield chunk;
  } catch (error) {
    throw isIcebergError(error) ? error : engineFailure(error);
  }
}

/** Result of a statement as JavaScript values keyed by column, a chunk's rows at a time. */
export async function* rowBatches(
  connection: DuckDBConnection,
  sql: string,
): AsyncGenerator<Record<string, unknown>[]> {
  try {
    for await (const batch of (await connection.stream(sql)).yieldRowObjectJs()) yield batch;
  } catch (error) {
    throw isIcebergError(error) ? error : engineFailure(error);
  }
}

/** SQL of ours stops the engine with this text and the path of a part that a row lacks (`refusingMissingParts`). */
export const MISSING_PART = "iceberg: no value in required ";

/** The engine quotes offending values in its messages; ours carries only the class of failure, the rest is the cause. */
function engineFailure(error: unknown): IcebergError {
  const message = (error as Error).message;
  const family = /^([A-Z][A-Za-z ]*Error)/.exec(message)?.[1] ?? "Error";
  if (family === "Conversion Error" || family === "Out of Range Error")
    return new IcebergError(
      "schema-mismatch",
      "a value does not fit its column's type; cast or quarantine it before writing (see cause)",
      { family },
      error,
    );
  const part = new RegExp(`${MISSING_PART}(.+)`).exec(message)?.[1];
  if (part !== undefined)
    return new IcebergError("schema-mismatch", `${part} is required and the query has rows without it`, {
      column: part,
    });
  if (family === "Binder Error" || family === "Parser Error" || family === "Catalog Error")
    return new IcebergError("invalid-input", `the engine refused the query: ${message}`, { family }, error);
  return new IcebergError("engine-failed", `the engine failed: ${family} (see cause)`, { family }, error);
}

/** Column names of a query, without running it. */
export async function columnNames(connection: DuckDBConnection, sql: string): Promise<string[]> {
  return (await query(connection, `DESCRIBE ${parenthesised(sql)}`)).map((row) => String(row["column_name"]));
}

/** A query that can stand in FROM, without its final semicolon; a trailing line comment cannot swallow the parenthesis. */
export function parenthesised(sql: string): string {
  return `(${sql.trim().replace(/;\s*$/, "")}\n)`;
}
