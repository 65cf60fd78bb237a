import type { DuckDBConnection } from "@duckdb/node-api";
import { stageChange } from "../commit/stage.ts";
import type { StagedChange } from "../commit/staged-change.ts";
import type { Context, TableState } from "../context.ts";
import { currentSchema } from "../metadata/table-metadata.ts";
import { projectToSchema, writeDataFiles } from "./data-files.ts";

/** See `Table.stageAppend`. */
export async function stageAppend(
  context: Context,
  state: TableState,
  input: { connection: DuckDBConnection; query: string },
): Promise<StagedChange> {
  const rows = await projectToSchema(input.connection, currentSchema(state.metadata), input.query);
  const addedDataFiles = await writeDataFiles(context, state.metadata, input.connection, rows);
  return stageChange(context, state, { operation: "append", concurrency: "always", addedDataFiles });
}
