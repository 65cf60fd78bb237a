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
import { dropTemporary, findRows, semiJoin } from "./position-deletes.ts";
import { withTheirDeletes } from "./removal.ts";
import { NOTHING_ELSE, removeFoundRows, type RemovedRows } from "./remove-found-rows.ts";
import { rowDeleteMode, type RowDeleteMode } from "./row-delete-mode.ts";
import { refuseEqualityDeletes } from "./stage-merge.ts";
import { filesOfPartitions, refuseOtherPartitioning } from "./touched-partitions.ts";

export interface OverwriteInput {
  readonly connection: DuckDBConnection;
  readonly query: string;
  /** Rows to replace; "all" empties the table first, "touched-partitions" the partitions that the query has rows of. */
  readonly where: Filter | "all" | "touched-partitions";
  /** How rows go from files that hold others too; when left out, as the property `write.delete.mode` says. */
  readonly mode?: RowDeleteMode | undefined;
}

export interface DeleteInput {
  readonly connection: DuckDBConnection;
  readonly where?: Filter | undefined;
  /** Deletes rows whose columns equal a row of the query. */
  readonly keys?: { readonly query: string; readonly columns: readonly string[] } | undefined;
  /** How rows go from files that hold others too; when left out, as the property `write.delete.mode` says. */
  readonly mode?: RowDeleteMode | undefined;
}

interface Removal {
  readonly removedFiles: DataFile[];
  readonly addedDeleteFiles: readonly DataFile[];
  /** Files written anew with the rows that stay. */
  readonly addedDataFiles: readonly DataFile[];
  readonly deletedRecords: number;
}

/** See `Table.stageOverwrite`. */
export async function stageOverwrite(
  context: Context,
  state: TableState,
  input: OverwriteInput,
): Promise<StagedChange> {
  const { connection, where } = input;
  const { metadata } = state;
  const mode = rowDeleteMode(metadata.properties, "write.delete.mode", input.mode);
  const rows = await projectToSchema(connection, currentSchema(metadata), input.query);
  const byFilter = typeof where === "string" ? null : await removeMatching(context, state, connection, where, mode);
  const planned = byFilter === null ? await planAll(context, state) : [];
  if (where === "touched-partitions") refuseOtherPartitioning(metadata, planned);
  const written = await writeDataFiles(context, metadata, connection, rows);
  const whole = where === "all" ? planned : filesOfPartitions(planned, written);
  const removal = byFilter ?? removalOf(planned, pathsOf(whole), NOTHING_ELSE, 0);
  return stageChange(context, state, {
    operation: "overwrite",
    concurrency: "no-new-rows",
    ...removal,
    addedDataFiles: [...written, ...removal.addedDataFiles],
  });
}

/** See `Table.stageDelete`. */
export async function stageDelete(context: Context, state: TableState, input: DeleteInput): Promise<StagedChange> {
  const { connection, where, keys } = input;
  if ((where === undefined) === (keys === undefined))
    throw new IcebergError("invalid-input", "a delete needs either where or keys");
  const mode = rowDeleteMode(state.metadata.properties, "write.delete.mode", input.mode);
  const removal =
    where === undefined
      ? await removeKeys(context, state, connection, keys as NonNullable<typeof keys>, mode)
      : await removeMatching(context, state, connection, where, mode);
  // Spec "Snapshots": an operation that also adds data files is no "delete", even if all their rows were there before.
  const operation = removal.addedDataFiles.length > 0 ? "overwrite" : "delete";
  return stageChange(context, state, { operation, concurrency: "no-new-rows", ...removal });
}

async function planAll(context: Context, { metadata }: TableState): Promise<PlannedFile[]> {
  return planFiles(context, metadata, currentSchema(metadata), currentSnapshot(metadata));
}

const pathsOf = (planned: readonly PlannedFile[]): Set<string> => new Set(planned.map((file) => file.entry.file.path));

/** Files that are sure to match as a whole go without being read; of the others the matching rows are position-deleted. */
async function removeMatching(
  context: Context,
  state: TableState,
  connection: DuckDBConnection,
  filter: Filter,
  mode: RowDeleteMode,
): Promise<Removal> {
  const { metadata } = state;
  const schema = currentSchema(metadata);
  const condition = filterSql(filter, schema);
  const planned = await planAll(context, state);
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
  const plan = { planned, whole, partial, mode };
  return removeRows(context, state, connection, plan, fieldsIn(filter, schema), { where: condition });
}

async function removeKeys(
  context: Context,
  state: TableState,
  connection: DuckDBConnection,
  keys: { query: string; columns: readonly string[] },
  mode: RowDeleteMode,
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
  const planned = await planAll(context, state);
  return removeRows(context, state, connection, { planned, whole: [], partial: planned, mode }, fields, {
    join: semiJoin(`(SELECT ${cast} FROM ${parenthesised(keys.query)})`, keys.columns),
  });
}

interface RowRemoval {
  /** The whole table. */
  readonly planned: readonly PlannedFile[];
  /** Files that go unread, and files that are looked into. */
  readonly whole: readonly PlannedFile[];
  readonly partial: readonly PlannedFile[];
  readonly mode: RowDeleteMode;
}

async function removeRows(
  context: Context,
  state: TableState,
  connection: DuckDBConnection,
  { planned, whole, partial, mode }: RowRemoval,
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
    const inParts = await removeFoundRows(
      context,
      state.metadata,
      connection,
      partial,
      found,
      mode,
      (index) => !complete.has(index),
    );
    const removed = new Set([
      ...whole.map((file) => file.entry.file.path),
      ...[...complete].map((index) => found.files[index]?.file.path as string),
    ]);
    const deleted = [...found.counts].reduce((sum, [index, count]) => (complete.has(index) ? sum : sum + count), 0);
    return removalOf(planned, removed, inParts, deleted);
  } finally {
    await dropTemporary(connection, [found.table]);
  }
}

function removalOf(
  planned: readonly PlannedFile[],
  removed: ReadonlySet<string>,
  inParts: RemovedRows,
  deletedInParts: number,
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
    removedFiles: withTheirDeletes(planned, new Set([...removed, ...inParts.rewritten])),
    addedDeleteFiles: inParts.addedDeleteFiles,
    addedDataFiles: inParts.addedDataFiles,
    deletedRecords: Math.max(0, rows - hidden) + deletedInParts,
  };
}

function fieldsIn(filter: Filter, schema: Schema): NestedField[] {
  const names = new Set(filterColumns(filter));
  const fields = schema.fields.filter((field) => names.has(field.name));
  return fields.length > 0 ? fields : schema.fields.slice(0, 1);
}
