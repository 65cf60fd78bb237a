import type { DuckDBConnection } from "@duckdb/node-api";
import { stageChange } from "../commit/stage.ts";
import type { StagedChange } from "../commit/staged-change.ts";
import { specOf, type Context, type TableState } from "../context.ts";
import { parenthesised } from "../engine.ts";
import { IcebergError } from "../errors.ts";
import type { DataFile } from "../manifest/data-file.ts";
import { currentSchema, currentSnapshot } from "../metadata/table-metadata.ts";
import { filterColumns, filterSql, type Filter } from "../read/filter.ts";
import { planFiles, type PlannedFile } from "../read/plan-files.ts";
import { fileMayMatch, fileSurelyMatches, partitionMayMatch } from "../read/prune.ts";
import { duckdbType, quoteName } from "../schema/duckdb-type.ts";
import { fieldNamed, type NestedField, type Schema } from "../schema/schema.ts";
import { projectToSchema, writeDataFiles } from "./data-files.ts";
import { dropTemporary, findRows, semiJoin, writePositionDeletes } from "./position-deletes.ts";
import { danglingDeletes } from "./removal.ts";
import { refuseEqualityDeletes } from "./stage-merge.ts";

export interface OverwriteInput {
  readonly connection: DuckDBConnection;
  readonly query: string;
  /** Rows to replace; "all" empties the table first. */
  readonly where: Filter | "all";
}

export interface DeleteInput {
  readonly connection: DuckDBConnection;
  readonly where?: Filter | undefined;
  /** Deletes rows whose columns equal a row of the query. */
  readonly keys?: { readonly query: string; readonly columns: readonly string[] } | undefined;
}

interface Removal {
  readonly removedFiles: DataFile[];
  readonly addedDeleteFiles: DataFile[];
  readonly deletedRecords: number;
}

/** See `Table.stageOverwrite`. */
export async function stageOverwrite(
  context: Context,
  state: TableState,
  input: OverwriteInput,
): Promise<StagedChange> {
  const { connection } = input;
  const rows = await projectToSchema(connection, currentSchema(state.metadata), input.query);
  const removal =
    input.where === "all"
      ? await removeAll(context, state)
      : await removeMatching(context, state, connection, input.where);
  const addedDataFiles = await writeDataFiles(context, state.metadata, connection, rows);
  return stageChange(context, state, {
    operation: "overwrite",
    concurrency: "no-new-rows",
    addedDataFiles,
    ...removal,
  });
}

/** See `Table.stageDelete`. */
export async function stageDelete(context: Context, state: TableState, input: DeleteInput): Promise<StagedChange> {
  const { connection, where, keys } = input;
  if ((where === undefined) === (keys === undefined))
    throw new IcebergError("invalid-input", "a delete needs either where or keys");
  const removal =
    where === undefined
      ? await removeKeys(context, state, connection, keys as NonNullable<typeof keys>)
      : await removeMatching(context, state, connection, where);
  return stageChange(context, state, { operation: "delete", concurrency: "no-new-rows", ...removal });
}

async function removeAll(context: Context, state: TableState): Promise<Removal> {
  const planned = await planFiles(
    context,
    state.metadata,
    currentSchema(state.metadata),
    currentSnapshot(state.metadata),
  );
  return removal(planned, new Set(planned.map((file) => file.entry.file.path)), [], 0);
}

/** Files that are sure to match as a whole go without being read; of the others the matching rows are position-deleted. */
async function removeMatching(
  context: Context,
  state: TableState,
  connection: DuckDBConnection,
  filter: Filter,
): Promise<Removal> {
  const { metadata } = state;
  const schema = currentSchema(metadata);
  const condition = filterSql(filter, schema);
  const planned = await planFiles(context, metadata, schema, currentSnapshot(metadata));
  const whole: PlannedFile[] = [];
  const partial: PlannedFile[] = [];
  for (const file of planned) {
    const spec = specOf(metadata, file.entry.file.specId);
    if (
      !partitionMayMatch(filter, schema, spec, file.entry.file.partition) ||
      !fileMayMatch(filter, schema, file.entry.file)
    )
      continue;
    (fileSurelyMatches(filter, schema, spec, file.entry.file) ? whole : partial).push(file);
  }
  return removeRows(context, state, connection, planned, whole, partial, fieldsIn(filter, schema), {
    where: condition,
  });
}

async function removeKeys(
  context: Context,
  state: TableState,
  connection: DuckDBConnection,
  keys: { query: string; columns: readonly string[] },
): Promise<Removal> {
  const schema = currentSchema(state.metadata);
  if (keys.columns.length === 0) throw new IcebergError("invalid-input", "a delete by keys needs at least one column");
  const fields = keys.columns.map((name) => {
    const field = fieldNamed(schema, name);
    if (!field)
      throw new IcebergError("invalid-input", `the table has no column ${name} to delete by`, { column: name });
    return field;
  });
  const cast = fields
    .map((field) => `CAST(${quoteName(field.name)} AS ${duckdbType(field.type)}) AS ${quoteName(field.name)}`)
    .join(", ");
  const planned = await planFiles(context, state.metadata, schema, currentSnapshot(state.metadata));
  return removeRows(context, state, connection, planned, [], planned, fields, {
    join: semiJoin(`(SELECT ${cast} FROM ${parenthesised(keys.query)})`, keys.columns),
  });
}

async function removeRows(
  context: Context,
  state: TableState,
  connection: DuckDBConnection,
  planned: readonly PlannedFile[],
  whole: readonly PlannedFile[],
  partial: readonly PlannedFile[],
  fields: readonly NestedField[],
  condition: { join?: string; where?: string },
): Promise<Removal> {
  refuseEqualityDeletes(partial);
  const found = await findRows(context, connection, partial, fields, condition);
  try {
    // A file all of whose rows are found is dropped: cheaper for every later reader than a delete file.
    const complete = new Set(
      [...found.counts]
        .filter(([index, count]) => count === found.files[index]?.file.recordCount)
        .map(([index]) => index),
    );
    const addedDeleteFiles = await writePositionDeletes(
      context,
      state.metadata,
      connection,
      found,
      (index) => !complete.has(index),
    );
    const removed = new Set([
      ...whole.map((file) => file.entry.file.path),
      ...[...complete].map((index) => found.files[index]?.file.path as string),
    ]);
    const deleted = [...found.counts].reduce((sum, [index, count]) => (complete.has(index) ? sum : sum + count), 0);
    return removal(planned, removed, addedDeleteFiles, deleted);
  } finally {
    await dropTemporary(connection, [found.table]);
  }
}

function removal(
  planned: readonly PlannedFile[],
  removed: ReadonlySet<string>,
  addedDeleteFiles: DataFile[],
  deletedByPosition: number,
): Removal {
  const gone = planned.filter((file) => removed.has(file.entry.file.path));
  // Rows of a dropped file that deletes had hidden before are not deleted again.
  const hidden = gone.reduce(
    (sum, file) =>
      sum +
      file.deletes.reduce(
        (rows, entry) => rows + (entry.file.referencedDataFile === file.entry.file.path ? entry.file.recordCount : 0),
        0,
      ),
    0,
  );
  const rows = gone.reduce((sum, file) => sum + file.entry.file.recordCount, 0);
  return {
    removedFiles: [...gone.map((file) => file.entry.file), ...danglingDeletes(planned, removed)],
    addedDeleteFiles,
    deletedRecords: Math.max(0, rows - hidden) + deletedByPosition,
  };
}

function fieldsIn(filter: Filter, schema: Schema): NestedField[] {
  const names = new Set(filterColumns(filter));
  const fields = schema.fields.filter((field) => names.has(field.name));
  return fields.length > 0 ? fields : schema.fields.slice(0, 1);
}
