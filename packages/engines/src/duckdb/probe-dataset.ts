import { where } from "@nova/iceberg";
import type { DatasetColumn } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { LakeEngine, ProbeResult, TableStats } from "@nova/pipeline-core/orchestration";
import { trinoToDuckdb } from "../sql/index.ts";
import { findTable, type Lake, lineage, snapshotText, typeOf, withConnection, withScratch } from "./lake.ts";
import { showInput } from "./model-inputs.ts";
import { firstRow } from "./rows.ts";
import { ident, idents } from "./sql-text.ts";

export async function scanSql(lake: Lake, dataset: string): Promise<string> {
  const table = await findTable(lake, dataset);
  if (table === null) throw new PlatformError("not-found", `${dataset} has no table yet`);
  return table.scan().toSql();
}

/** Read from the snapshot's summary: costs no scan. */
export async function tableStats(lake: Lake, dataset: string): Promise<TableStats> {
  const table = await findTable(lake, dataset);
  const summary = table === null ? undefined : lineage(table).at(-1)?.summary;
  const total = (name: string) => Number(summary?.[name] ?? 0);
  return {
    snapshotId: snapshotText(table),
    rowCount: total("total-records") - total("total-position-deletes"),
    bytes: total("total-files-size"),
    fileCount: total("total-data-files"),
  };
}

export async function datasetColumns(lake: Lake, dataset: string): Promise<DatasetColumn[]> {
  const table = await findTable(lake, dataset);
  return (table?.columns ?? []).map((column) => ({
    name: column.name,
    type: typeOf(column),
    description: column.doc ?? "",
    pii: "none",
  }));
}

/** One pass over the dataset for its counts; keys are counted apart, since that needs memory in their number. */
export async function probe(lake: Lake, request: Parameters<LakeEngine["probe"]>[0]): Promise<ProbeResult> {
  const table = await findTable(lake, request.dataset);
  if (table === null) throw new PlatformError("not-found", `${request.dataset} has no table yet`);
  const scan = await table
    .scan(request.recent === null ? {} : { filter: where.gte(request.recent.column, request.recent.after) })
    .toSql();
  return withScratch(lake, async (connection) => {
    const nulls = request.nullRateOf.map((column, index) => `count(*) FILTER (${ident(column)} IS NULL) AS n${index}`);
    const counts = await firstRow<Record<string, bigint>>(
      connection,
      `SELECT ${["count(*) AS total", ...nulls].join(", ")} FROM ${scan}`,
    );
    const total = counts.total ?? 0n;
    const duplicates =
      request.key.length === 0
        ? { rows: 0n }
        : await firstRow<{ rows: bigint }>(
            connection,
            `SELECT count(*) AS rows FROM (SELECT 1 FROM ${scan} GROUP BY ${idents(request.key)} HAVING count(*) > 1)`,
          );
    const custom = new Map<string, number>();
    if (request.custom.length > 0) await showInput(connection, request.dataset, scan, false);
    for (const { name, sql } of request.custom) {
      const row = await firstRow<Record<string, bigint | number>>(
        connection,
        trinoToDuckdb(sql, { path: `${request.dataset}, check ${name}`, firstLine: 1 }),
      );
      custom.set(name, Number(Object.values(row)[0] ?? 0));
    }
    const nullRates = new Map(
      request.nullRateOf.map((column, index) => [
        column,
        total === 0n ? null : Number(counts[`n${index}`]) / Number(total),
      ]),
    );
    return { rowCount: Number(total), duplicateKeys: Number(duplicates.rows), nullRates, custom };
  });
}

export async function profile(lake: Lake, dataset: string): Promise<{ name: string; nullRate: number | null }[]> {
  const table = await findTable(lake, dataset);
  if (table === null || table.columns.length === 0) return [];
  const scan = await table.scan().toSql();
  return withConnection(lake, async (connection) => {
    const nulls = table.columns.map((column, index) => `count(*) FILTER (${ident(column.name)} IS NULL) AS n${index}`);
    const counts = await firstRow<Record<string, bigint>>(
      connection,
      `SELECT count(*) AS total, ${nulls.join(", ")} FROM ${scan}`,
    );
    const total = Number(counts.total ?? 0n);
    return table.columns.map((column, index) => ({
      name: column.name,
      nullRate: total === 0 ? null : Number(counts[`n${index}`]) / total,
    }));
  });
}
