import type { DuckDBConnection } from "@duckdb/node-api";
import { commitChange } from "../commit/commit-change.ts";
import { stageChange } from "../commit/stage.ts";
import { manifestsOf, type Context, type TableState } from "../context.ts";
import { query, run } from "../engine.ts";
import { IcebergError, isIcebergError } from "../errors.ts";
import { CONTENT, partitionKey, type DataFile, type ManifestEntry } from "../manifest/data-file.ts";
import { currentSchema, currentSnapshot } from "../metadata/table-metadata.ts";
import { liveEntries } from "../read/live-entries.ts";
import { comparePaths } from "../read/match-deletes.ts";
import { planFiles } from "../read/plan-files.ts";
import { deletedKeysSql } from "../read/scan-sql.ts";
import { reloadState } from "../refs/branch-view.ts";
import { Table } from "../table.ts";
import { dropTemporary, writePositionDeletes, type FoundRows } from "../write/position-deletes.ts";
import { withLocalFiles } from "../read/local-files.ts";

/** Delete files to join, per partition, and delete files that reach no data any more. Plain data. */
export interface RewriteDeletesPlan {
  readonly kind: "rewrite-position-deletes";
  readonly tableUuid: string;
  readonly groups: readonly { readonly partition: string; readonly deleteFiles: readonly string[] }[];
  readonly dangling: readonly string[];
  /** Bytes of all these files. */
  readonly bytes: number;
  explain(): string;
}

/** Partitions with at least `minInputFiles` (default 10) position delete files, and all delete files that reach nothing. */
export async function planRewriteDeletes(
  table: Table,
  options: { minInputFiles?: number } = {},
): Promise<RewriteDeletesPlan> {
  const { context, state } = Table.internals(table);
  const planned = await planFiles(
    context,
    state.metadata,
    currentSchema(state.metadata),
    currentSnapshot(state.metadata),
  );
  const byPartition = new Map<string, Set<string>>();
  const sizes = new Map<string, number>();
  for (const { deletes } of planned)
    for (const { file } of deletes) {
      sizes.set(file.path, file.sizeBytes);
      if (file.content !== CONTENT.positionDeletes) continue;
      const key = partitionKey(file);
      const paths = byPartition.get(key) ?? new Set<string>();
      byPartition.set(key, paths.add(file.path));
    }
  const dangling = (await liveDeletes(context, state)).filter((file) => !sizes.has(file.path));
  const groups = [...byPartition]
    .filter(([, paths]) => paths.size >= Math.max(2, options.minInputFiles ?? 10))
    .map(([partition, paths]) => ({ partition, deleteFiles: [...paths].sort() }));
  const count = groups.reduce((sum, group) => sum + group.deleteFiles.length, 0);
  const bytes = [
    ...dangling.map((file) => file.sizeBytes),
    ...groups.flatMap((group) => group.deleteFiles.map((path) => sizes.get(path) ?? 0)),
  ].reduce((sum, size) => sum + size, 0);
  return {
    kind: "rewrite-position-deletes",
    tableUuid: state.metadata["table-uuid"],
    groups,
    dangling: dangling.map((file) => file.path),
    bytes,
    explain: () =>
      count + dangling.length === 0
        ? "no partition has enough position delete files to join"
        : `join ${count} position delete file(s) into ${groups.length}, drop ${dangling.length} that reach no data, ${bytes} bytes`,
  };
}

async function liveDeletes(context: Context, { metadata }: TableState): Promise<DataFile[]> {
  const files: DataFile[] = [];
  const lines = await manifestsOf(context, currentSnapshot(metadata));
  const ofDeletes = lines.filter((line) => line.content === 1);
  for await (const entries of liveEntries(context, metadata, ofDeletes))
    for (const entry of entries) files.push(entry.file);
  return files;
}

/**
 * Joins the planned delete files into one per partition and drops deletes of data files that are gone. It does not touch
 * data files, so it does not stand in the way of merges; a conflict means that a compaction was faster, and is skipped.
 */
export async function executeRewriteDeletes(
  table: Table,
  plan: RewriteDeletesPlan,
  options: { connection: DuckDBConnection },
): Promise<{
  table: Table;
  removedFiles: number;
  addedFiles: number;
  bytesBefore: number;
  bytesAfter: number;
  skippedGroups: number;
}> {
  const { context, state: from } = Table.internals(table);
  if (plan.tableUuid !== from.metadata["table-uuid"])
    throw new IcebergError("invalid-input", "the plan was made for another table");
  const total = { removedFiles: 0, addedFiles: 0, bytesBefore: 0, bytesAfter: 0, skippedGroups: 0 };
  const size = (files: readonly DataFile[]): number => files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const dropped = await dropDangling(context, from, new Set(plan.dangling));
  total.removedFiles += dropped.length;
  total.bytesBefore += size(dropped);
  for (const group of plan.groups) {
    const state = await reloadState(context, from);
    const planned = await planFiles(
      context,
      state.metadata,
      currentSchema(state.metadata),
      currentSnapshot(state.metadata),
    );
    const wanted = new Set(group.deleteFiles);
    const data = planned
      .filter((file) => file.deletes.some((entry) => wanted.has(entry.file.path)))
      .toSorted((a, b) => comparePaths(a.entry.file.path, b.entry.file.path));
    const deletes = new Map<string, ManifestEntry>(
      data.flatMap((file) =>
        file.deletes.filter((entry) => wanted.has(entry.file.path)).map((entry) => [entry.file.path, entry] as const),
      ),
    );
    if (deletes.size < 2) {
      total.skippedGroups += 1;
      continue;
    }
    const files = data.map((file) => file.entry);
    const found = await withLocalFiles(context, [...deletes.keys()], async () =>
      foundRows(options.connection, context.uuid(), files, deletedKeysSql(context, files, [...deletes.values()])),
    );
    let addedDeleteFiles: DataFile[];
    try {
      addedDeleteFiles = await writePositionDeletes(context, state.metadata, options.connection, found);
    } finally {
      await dropTemporary(options.connection, [found.table]);
    }
    const removedFiles = [...deletes.values()].map((entry) => entry.file);
    const staged = stageChange(context, state, {
      operation: "replace",
      concurrency: "always",
      addedDeleteFiles,
      removedFiles,
    });
    try {
      await commitChange(context, staged, {});
      total.removedFiles += removedFiles.length;
      total.addedFiles += addedDeleteFiles.length;
      total.bytesBefore += size(removedFiles);
      total.bytesAfter += size(addedDeleteFiles);
    } catch (error) {
      if (!isIcebergError(error, "commit-state-unknown")) await staged.discard();
      if (!isIcebergError(error, "commit-conflict")) throw error;
      total.skippedGroups += 1;
    }
  }
  return { ...total, table: await table.refresh() };
}

/** Drops planned delete files that still reach nothing. New data cannot come into their reach: it gets newer numbers and paths. */
async function dropDangling(context: Context, from: TableState, asked: ReadonlySet<string>): Promise<DataFile[]> {
  if (asked.size === 0) return [];
  const state = await reloadState(context, from);
  const { metadata } = state;
  const planned = await planFiles(context, metadata, currentSchema(metadata), currentSnapshot(metadata));
  const needed = new Set(planned.flatMap((file) => file.deletes.map((entry) => entry.file.path)));
  const removedFiles = (await liveDeletes(context, state)).filter(
    (file) => asked.has(file.path) && !needed.has(file.path),
  );
  if (removedFiles.length === 0) return [];
  // Decided on every row there is: with a newer commit in between it is left to the next run.
  const staged = stageChange(context, state, { operation: "replace", concurrency: "no-new-rows", removedFiles });
  try {
    await commitChange(context, staged, {});
  } catch (error) {
    if (!isIcebergError(error, "commit-conflict")) throw error;
    return [];
  }
  return removedFiles;
}

async function foundRows(
  connection: DuckDBConnection,
  uuid: string,
  files: readonly ManifestEntry[],
  keys: string,
): Promise<FoundRows> {
  const table = `_iceberg_rows_${uuid.replaceAll("-", "")}`;
  await run(
    connection,
    `CREATE TEMP TABLE ${table} AS SELECT DISTINCT (k >> 40) AS i, k & ((1::BIGINT << 40) - 1) AS pos FROM (${keys})`,
  );
  const counted = await query(connection, `SELECT i, count(*) AS n FROM ${table} GROUP BY i`);
  return { table, files, counts: new Map(counted.map((row) => [Number(row["i"]), Number(row["n"])])) };
}
