import type { DuckDBConnection } from "@duckdb/node-api";
import { replacedByKey } from "../commit/replaced-keys.ts";
import { stageChange } from "../commit/stage.ts";
import type { StagedChange } from "../commit/staged-change.ts";
import { type Context, type TableState } from "../context.ts";
import { query, run } from "../engine.ts";
import { IcebergError } from "../errors.ts";
import { currentSchema, currentSnapshot } from "../metadata/table-metadata.ts";
import { numberRanges } from "../read/number-ranges.ts";
import { planFiles, type PlannedFile } from "../read/plan-files.ts";
import { quoteName } from "../schema/duckdb-type.ts";
import { fieldNamed, type NestedField, type Schema } from "../schema/schema.ts";
import { projectToSchema, writeDataFiles } from "./data-files.ts";
import { filesThatMayHold, keyRange } from "./key-pruning.ts";
import { dropTemporary, findRows, semiJoin } from "./position-deletes.ts";
import { withTheirDeletes } from "./removal.ts";
import { removeFoundRows } from "./remove-found-rows.ts";
import { rowDeleteMode, type RowDeleteMode } from "./row-delete-mode.ts";

export interface MergeInput {
  readonly connection: DuckDBConnection;
  /** At most one row per key. */
  readonly query: string;
  readonly key: readonly string[];
  /** Boolean column of the query: true = remove this key's row. It is not stored. */
  readonly deleteColumn?: string | undefined;
  /** How old versions go from files that hold other rows too; when left out, as the property `write.merge.mode` says. */
  readonly mode?: RowDeleteMode | undefined;
}

const FLAG = "_iceberg_delete";

/** See `Table.stageMerge`. */
export async function stageMerge(context: Context, state: TableState, input: MergeInput): Promise<StagedChange> {
  const { metadata } = state;
  const { connection, key } = input;
  const schema = currentSchema(metadata);
  const mode = rowDeleteMode(metadata.properties, "write.merge.mode", input.mode);
  const keyFields = keyColumns(schema, key);
  const source = `_iceberg_merge_${context.uuid().replaceAll("-", "")}`;
  const temporary = [source];
  try {
    await run(connection, `CREATE TEMP TABLE ${source} AS ${await sourceQuery(schema, input)}`);
    const { goes } = await refuseBadKeys(connection, source, key);
    const planned = await planFiles(context, metadata, schema, currentSnapshot(metadata));
    const candidates = filesThatMayHold(planned, await keyRange(connection, source, keyFields));
    refuseEqualityDeletes(candidates);
    const found = await findRows(context, connection, candidates, keyFields, {
      join: semiJoin(source, key),
      within: await keyRanges(connection, source, keyFields),
    });
    temporary.push(found.table);
    const columns = schema.fields.map((field) => quoteName(field.name)).join(", ");
    const merged = await writeDataFiles(
      context,
      metadata,
      connection,
      `SELECT ${columns} FROM ${source} WHERE NOT ${FLAG}`,
    );
    const old = await removeFoundRows(context, metadata, connection, candidates, found, mode);
    const addedDataFiles = [...merged, ...old.addedDataFiles];
    const operation = found.counts.size === 0 ? "append" : addedDataFiles.length === 0 ? "delete" : "overwrite";
    const deletedRecords = [...found.counts.values()].reduce((sum, count) => sum + count, 0);
    return stageChange(context, state, {
      operation,
      concurrency: "no-new-rows",
      addedDataFiles,
      addedDeleteFiles: old.addedDeleteFiles,
      removedFiles: withTheirDeletes(planned, new Set(old.rewritten)),
      deletedRecords,
      properties: goes === 0 ? replacedByKey(keyFields.map(({ id }) => id)) : {},
    });
  } finally {
    await dropTemporary(connection, temporary);
  }
}

/** Merging and deleting by position needs to know which rows live; equality deletes of other writers are not looked into. */
export function refuseEqualityDeletes(planned: readonly PlannedFile[]): void {
  if (planned.some((file) => file.deletes.some((entry) => entry.file.content === 2)))
    throw new IcebergError(
      "unsupported-feature",
      "the table has equality deletes by another writer; compact it first, then merge",
    );
}

/** Ranges of the first key column that is a whole number; undefined without one. */
async function keyRanges(connection: DuckDBConnection, source: string, fields: readonly NestedField[]) {
  const field = fields.find(({ type }) => type === "long" || type === "int");
  if (field === undefined) return undefined;
  const ranges = await numberRanges(connection, source, field.name);
  return ranges.length === 0 ? undefined : { column: field.name, ranges };
}

function keyColumns(schema: Schema, key: readonly string[]): NestedField[] {
  if (key.length === 0) throw new IcebergError("invalid-input", "a merge needs at least one key column");
  return key.map((name) => {
    const field = fieldNamed(schema, name);
    if (!field || typeof field.type !== "string")
      throw new IcebergError("invalid-input", `key column ${name} is no primitive column of the table`, {
        column: name,
      });
    return field;
  });
}

async function sourceQuery(schema: Schema, input: MergeInput): Promise<string> {
  const { connection, deleteColumn } = input;
  if (deleteColumn === undefined)
    return `SELECT *, false AS ${FLAG} FROM (${await projectToSchema(connection, schema, input.query)})`;
  if (fieldNamed(schema, deleteColumn))
    throw new IcebergError(
      "invalid-input",
      `deleteColumn ${deleteColumn} is also a column of the table; give the flag another name`,
      { column: deleteColumn },
    );
  const flag = `coalesce(CAST(${quoteName(deleteColumn)} AS BOOLEAN), false) AS ${FLAG}`;
  return projectToSchema(connection, schema, input.query, { column: deleteColumn, sql: flag });
}

/** Says how many rows only take away what has their key. */
async function refuseBadKeys(
  connection: DuckDBConnection,
  source: string,
  key: readonly string[],
): Promise<{ goes: number }> {
  const names = key.map(quoteName);
  const [nulls] = await query(
    connection,
    `SELECT count(*) FILTER (${names.map((name) => `${name} IS NULL`).join(" OR ")}) AS n, count(*) FILTER (${FLAG}) AS goes FROM ${source}`,
  );
  if (Number(nulls?.["n"]) > 0)
    throw new IcebergError(
      "null-key",
      `${Number(nulls?.["n"])} row(s) have no value in the key (${key.join(", ")}); quarantine them before merging`,
      { key },
    );
  const twice = await query(
    connection,
    `SELECT 1 AS n FROM ${source} GROUP BY ${names.join(", ")} HAVING count(*) > 1 LIMIT 1`,
  );
  if (twice.length > 0)
    throw new IcebergError(
      "duplicate-key",
      `the query has several rows for one key (${key.join(", ")}); keep the newest of each before merging`,
      { key },
    );
  return { goes: Number(nulls?.["goes"]) };
}
