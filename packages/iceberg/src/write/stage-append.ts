import type { DuckDBConnection } from "@duckdb/node-api";
import { stageChange } from "../commit/stage.ts";
import type { StagedChange } from "../commit/staged-change.ts";
import type { Context, TableState } from "../context.ts";
import { parenthesised } from "../engine.ts";
import { currentSchema } from "../metadata/table-metadata.ts";
import { duckdbType, quoteName } from "../schema/duckdb-type.ts";
import { fieldNamed, type Schema } from "../schema/schema.ts";
import { projectToSchema, writeDataFiles } from "./data-files.ts";

export interface AppendInput {
  readonly connection: DuckDBConnection;
  readonly query: string;
  /**
   * Literals of columns that the query lacks: the same in every row. Where they decide the partition, all rows go into it
   * without being told apart, which costs a third of a wide write.
   */
  readonly constants?: Readonly<Record<string, string>>;
  /**
   * Literals, by column, of one row that is in the partition that all rows of the query are in; taken at its word. They are
   * then not told apart either.
   */
  readonly samePartition?: Readonly<Record<string, string>>;
}

/** See `Table.stageAppend`. */
export async function stageAppend(
  context: Context,
  state: TableState,
  { connection, query, constants, samePartition }: AppendInput,
): Promise<StagedChange> {
  const schema = currentSchema(state.metadata);
  const literals = typed(schema, constants);
  const beside = Object.entries(literals).map(([name, value]) => `, ${value} AS ${quoteName(name)}`);
  const all = beside.length === 0 ? query : `SELECT *${beside.join("")} FROM ${parenthesised(query)}`;
  const rows = await projectToSchema(connection, schema, all);
  const addedDataFiles = await writeDataFiles(context, state.metadata, connection, rows, {
    constants: { ...literals, ...typed(schema, samePartition) },
  });
  return stageChange(context, state, { operation: "append", concurrency: "always", addedDataFiles });
}

/** In the types of their columns, as the rows have them: a partition is made of those. */
function typed(schema: Schema, constants: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(constants).map(([name, value]) => {
      const field = fieldNamed(schema, name);
      return [name, field === undefined ? value : `CAST(${value} AS ${duckdbType(field.type)})`];
    }),
  );
}
