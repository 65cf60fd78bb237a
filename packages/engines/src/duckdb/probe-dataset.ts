import type { DuckDBConnection } from "@duckdb/node-api";
import { type Table, where } from "@nova/iceberg";
import type { DatasetColumn } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { Scanned } from "@nova/pipeline-core/lakehouse";
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
  const { meters } = lake;
  const read = table.scan(
    request.recent === null ? {} : { filter: where.gte(request.recent.column, request.recent.after) },
  );
  const { result: scan, count } = await meters.held(() => read.toSql());
  const filtered = request.recent === null ? [] : [request.recent.column];
  /** One query over these columns. */
  const ask = <Row extends object>(columns: readonly string[], connection: DuckDBConnection, sql: string) =>
    meters.measured(() => {
      count([...columns, ...filtered]);
      return firstRow<Row>(connection, meters.tagged(sql));
    });
  return withScratch(lake, async (connection) => {
    const nulls = request.nullRateOf.map((column, index) => `count(*) FILTER (${ident(column)} IS NULL) AS n${index}`);
    const { result: counts, scanned: pass } = await ask<Record<string, bigint>>(
      request.nullRateOf,
      connection,
      `SELECT ${["count(*) AS total", ...nulls].join(", ")} FROM ${scan}`,
    );
    const total = counts.total ?? 0n;
    const duplicates =
      request.key.length === 0
        ? { result: { rows: 0n }, scanned: null }
        : await ask<{ rows: bigint }>(
            request.key,
            connection,
            `SELECT count(*) AS rows FROM (SELECT 1 FROM ${scan} GROUP BY ${idents(request.key)} HAVING count(*) > 1)`,
          );
    const custom = new Map<string, number>();
    const scannedBy = new Map<string, Scanned>();
    if (request.custom.length > 0) await showInput(connection, request.dataset, scan, false);
    for (const { name, sql } of request.custom) {
      const { result: row, scanned } = await ask<Record<string, bigint | number>>(
        namedIn(sql, table),
        connection,
        trinoToDuckdb(sql, { path: `${request.dataset}, check ${name}`, firstLine: 1 }),
      );
      custom.set(name, Number(Object.values(row)[0] ?? 0));
      scannedBy.set(name, scanned);
    }
    const nullRates = new Map(
      request.nullRateOf.map((column, index) => [
        column,
        total === 0n ? null : Number(counts[`n${index}`]) / Number(total),
      ]),
    );
    return {
      rowCount: Number(total),
      duplicateKeys: Number(duplicates.result.rows),
      nullRates,
      custom,
      scanned: { pass, keys: duplicates.scanned, custom: scannedBy },
    };
  });
}

/** Columns whose names the text of a check says; all of them when it takes whole rows. */
export function namedIn(sql: string, table: Table): string[] {
  const names = table.columns.map(({ name }) => name);
  if (/\bselect\s+(\w+\.)?\*/i.test(sql)) return names;
  const words = new Set(sql.toLowerCase().match(/\w+/g));
  return names.filter((name) => words.has(name.toLowerCase()));
}

/** From the manifests alone. */
export async function columnBytes(lake: Lake, dataset: string): Promise<ReadonlyMap<string, number>> {
  const table = await findTable(lake, dataset);
  const bytes = new Map<string, number>();
  const deletes = new Map<string, number>();
  for (const { columnBytes: columns, sizeBytes, deleteFiles } of (await table?.scan().files()) ?? []) {
    const add = (name: string, more: number): void => void bytes.set(name, (bytes.get(name) ?? 0) + more);
    if (columns === null) add("", sizeBytes);
    else for (const [name, size] of columns) add(name, size);
    for (const file of deleteFiles) deletes.set(file.path, file.sizeBytes);
  }
  for (const size of deletes.values()) bytes.set("", (bytes.get("") ?? 0) + size);
  return bytes;
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
