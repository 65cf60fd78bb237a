import type { DuckDBConnection } from "@duckdb/node-api";
import { commitChange } from "../commit/commit-change.ts";
import { stageChange } from "../commit/stage.ts";
import type { Context, TableState } from "../context.ts";
import { IcebergError, isIcebergError } from "../errors.ts";
import { currentSchema, currentSnapshot } from "../metadata/table-metadata.ts";
import { planFiles, type PlannedFile } from "../read/plan-files.ts";
import { liveRowsSql } from "../read/scan-sql.ts";
import { reloadState } from "../refs/branch-view.ts";
import { quoteName } from "../schema/duckdb-type.ts";
import { Table } from "../table.ts";
import { writeDataFiles } from "../write/data-files.ts";
import { withTheirDeletes } from "../write/removal.ts";
import type { CompactionGroup, CompactionPlan } from "./plan-compaction.ts";
import { filesOf, withLocalFiles } from "../read/local-files.ts";

export interface CompactionResult {
  readonly table: Table;
  readonly rewrittenFiles: number;
  readonly addedFiles: number;
  readonly removedDeleteFiles: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Groups left alone because their files had been replaced since the plan. */
  readonly skippedGroups: number;
}

/** How often one group is tried again after a concurrent commit deleted rows of its files. */
const ATTEMPTS = 3;

/**
 * Rewrites the plan's files, one commit (a `replace` snapshot) per group: what is done stays done when a later group
 * fails, and running the plan again does the rest. `commit-conflict` when other commits kept deleting rows of a group.
 */
export async function executeCompaction(
  table: Table,
  plan: CompactionPlan,
  options: { connection: DuckDBConnection; properties?: Readonly<Record<string, string>> },
): Promise<CompactionResult> {
  const { context, state } = Table.internals(table);
  if (plan.tableUuid !== state.metadata["table-uuid"])
    throw new IcebergError("invalid-input", "the plan was made for another table");
  const total = {
    rewrittenFiles: 0,
    addedFiles: 0,
    removedDeleteFiles: 0,
    bytesBefore: 0,
    bytesAfter: 0,
    skippedGroups: 0,
  };
  for (const group of plan.groups) {
    const done = await compactGroup(context, state, group, plan, options);
    if (done === null) total.skippedGroups += 1;
    else
      for (const key of ["rewrittenFiles", "addedFiles", "removedDeleteFiles", "bytesBefore", "bytesAfter"] as const)
        total[key] += done[key];
  }
  return { ...total, table: await table.refresh() };
}

type GroupResult = Omit<CompactionResult, "table" | "skippedGroups">;

async function compactGroup(
  context: Context,
  from: TableState,
  group: CompactionGroup,
  plan: CompactionPlan,
  options: { connection: DuckDBConnection; properties?: Readonly<Record<string, string>> },
): Promise<GroupResult | null> {
  for (let attempt = 1; ; attempt += 1) {
    const state = await reloadState(context, from);
    const planned = await planFiles(
      context,
      state.metadata,
      currentSchema(state.metadata),
      currentSnapshot(state.metadata),
    );
    const wanted = new Set(group.files.map((file) => file.path));
    const inputs = planned.filter((file) => wanted.has(file.entry.file.path));
    if (inputs.length < wanted.size) return null;
    try {
      return await rewrite(context, state, planned, inputs, plan, options);
    } catch (error) {
      if (!isIcebergError(error, "commit-conflict") || attempt >= ATTEMPTS) throw error;
    }
  }
}

async function rewrite(
  context: Context,
  state: TableState,
  planned: readonly PlannedFile[],
  inputs: readonly PlannedFile[],
  plan: CompactionPlan,
  options: { connection: DuckDBConnection; properties?: Readonly<Record<string, string>> },
): Promise<GroupResult> {
  const schema = currentSchema(state.metadata);
  const order = plan.sortBy.map((one) => `${quoteName(one.column)} ${one.direction} NULLS ${one.nulls}`).join(", ");
  const rows = `SELECT * FROM (${liveRowsSql(context, schema, inputs, schema.fields)})`;
  const addedDataFiles = await withLocalFiles(context, filesOf(inputs), async () =>
    writeDataFiles(context, state.metadata, options.connection, rows, {
      targetBytes: plan.targetFileBytes,
      ...(order === "" ? {} : { order }),
    }),
  );
  const removedFiles = withTheirDeletes(planned, new Set(inputs.map((file) => file.entry.file.path)));
  const staged = stageChange(context, state, {
    operation: "replace",
    concurrency: "same-rows",
    addedDataFiles,
    removedFiles,
    dataSequenceNumber: currentSnapshot(state.metadata)?.["sequence-number"] ?? 0,
  });
  try {
    await commitChange(context, staged, { properties: options.properties });
  } catch (error) {
    if (!isIcebergError(error, "commit-state-unknown")) await staged.discard();
    throw error;
  }
  const size = (files: readonly { sizeBytes: number }[]): number =>
    files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return {
    rewrittenFiles: inputs.length,
    addedFiles: addedDataFiles.length,
    removedDeleteFiles: removedFiles.length - inputs.length,
    bytesBefore: size(removedFiles),
    bytesAfter: size(addedDataFiles),
  };
}
