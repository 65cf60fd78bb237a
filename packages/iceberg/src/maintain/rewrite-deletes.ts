import type { DuckDBConnection } from "@duckdb/node-api";
import { commitChange } from "../commit/commit-change.ts";
import { stageChange } from "../commit/stage.ts";
import { query, run } from "../engine.ts";
import { IcebergError, isIcebergError } from "../errors.ts";
import { CONTENT, partitionKey, type DataFile, type ManifestEntry } from "../manifest/data-file.ts";
import { currentSchema, currentSnapshot } from "../metadata/table-metadata.ts";
import { planFiles } from "../read/plan-files.ts";
import { deletedKeysSql } from "../read/scan-sql.ts";
import { reloadState } from "../refs/branch-view.ts";
import { Table } from "../table.ts";
import { dropTemporary, writePositionDeletes, type FoundRows } from "../write/position-deletes.ts";

/** Delete files to join, per partition. Plain data. */
export interface RewriteDeletesPlan {
  readonly kind: "rewrite-position-deletes";
  readonly tableUuid: string;
  readonly groups: readonly { readonly partition: string; readonly deleteFiles: readonly string[] }[];
  explain(): string;
}

/** Partitions with at least `minInputFiles` (default 10) position delete files. */
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
  for (const { deletes } of planned)
    for (const { file } of deletes) {
      if (file.content !== CONTENT.positionDeletes) continue;
      const key = partitionKey(file);
      const paths = byPartition.get(key) ?? new Set<string>();
      byPartition.set(key, paths.add(file.path));
    }
  const groups = [...byPartition]
    .filter(([, paths]) => paths.size >= Math.max(2, options.minInputFiles ?? 10))
    .map(([partition, paths]) => ({ partition, deleteFiles: [...paths].sort() }));
  const count = groups.reduce((sum, group) => sum + group.deleteFiles.length, 0);
  return {
    kind: "rewrite-position-deletes",
    tableUuid: state.metadata["table-uuid"],
    groups,
    explain: () =>
      count === 0
        ? "no partition has enough position delete files to join"
        : `join ${count} position delete file(s) into ${groups.length}`,
  };
}

/**
 * Joins the planned delete files into one per partition and drops deletes of data files that are gone. It does not touch
 * data files, so it does not stand in the way of merges; a conflict means that a compaction was faster, and is skipped.
 */
export async function executeRewriteDeletes(
  table: Table,
  plan: RewriteDeletesPlan,
  options: { connection: DuckDBConnection },
): Promise<{ table: Table; removedFiles: number; addedFiles: number; skippedGroups: number }> {
  const { context, state: from } = Table.internals(table);
  if (plan.tableUuid !== from.metadata["table-uuid"])
    throw new IcebergError("invalid-input", "the plan was made for another table");
  const total = { removedFiles: 0, addedFiles: 0, skippedGroups: 0 };
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
      .toSorted((a, b) => (a.entry.file.path < b.entry.file.path ? -1 : 1));
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
    const found = await foundRows(
      options.connection,
      context.uuid(),
      files,
      deletedKeysSql(context, files, [...deletes.values()]),
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
    } catch (error) {
      if (!isIcebergError(error, "commit-state-unknown")) await staged.discard();
      if (!isIcebergError(error, "commit-conflict")) throw error;
      total.skippedGroups += 1;
    }
  }
  return { ...total, table: await table.refresh() };
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
