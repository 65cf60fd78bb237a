import type { DuckDBConnection } from "@duckdb/node-api";
import { duckdbType, type StagedChange, type Table } from "@nova/iceberg";
import type { ModelFile } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { CompiledModel } from "../sql/index.ts";
import type { Lake } from "./lake.ts";
import type { PinnedInput } from "./model-inputs.ts";
import { firstRow } from "./rows.ts";
import { ident, idents } from "./sql-text.ts";
import type { UsedColumns } from "./used-columns.ts";

/** What a model is computed with. */
export interface Work {
  readonly lake: Lake;
  readonly connection: DuckDBConnection;
  readonly model: CompiledModel;
  readonly table: Table;
  readonly pinned: readonly PinnedInput[];
  /** Columns by input that the model reads. */
  readonly used: UsedColumns;
  readonly rebuild: boolean;
  readonly notes: string[];
}

/** Computes into `temp.result` and audits it: what is wrong never reaches readers. */
export async function createResult({ lake, connection, model }: Work, select: string): Promise<void> {
  await connection.run(lake.meters.tagged(`CREATE TEMP TABLE result AS ${select}`));
  const { header, name } = model.file;
  const required = Object.entries(header.columns)
    .filter(([, column]) => column.required)
    .map(([column]) => column);
  const missing = required.map((column) => `count(*) FILTER (${ident(column)} IS NULL) AS ${ident(column)}`);
  if (missing.length > 0) {
    const counts = await firstRow<Record<string, bigint>>(connection, `SELECT ${missing.join(", ")} FROM temp.result`);
    const wrong = Object.entries(counts).filter(([, rows]) => rows > 0n);
    if (wrong.length > 0)
      throw new PlatformError(
        "check-failed",
        `${name}: required columns are null: ${wrong.map(([column, rows]) => `${column} in ${rows} rows`).join(", ")}; nothing was published`,
      );
  }
  if (header.key === undefined) return;
  const { rows } = await firstRow<{ rows: bigint }>(
    connection,
    `SELECT count(*) AS rows FROM (SELECT 1 FROM temp.result GROUP BY ${idents(header.key)} HAVING count(*) > 1)`,
  );
  if (rows > 0n)
    throw new PlatformError("check-failed", `${name}: ${rows} keys stand in more than one row; nothing was published`);
}

/** Writes only what differs: new and changed rows, and deletes for keys that are gone. */
export async function stageDifference(
  { connection, model, table }: Work,
  current: string,
): Promise<StagedChange | null> {
  const key = model.file.header.key ?? [];
  const columns = Object.keys(model.file.header.columns);
  const others = columns.filter((column) => !key.includes(column));
  const same = key.map((column) => `r.${ident(column)} = c.${ident(column)}`).join(" AND ");
  const differs = others.map((column) => `r.${ident(column)} IS DISTINCT FROM c.${ident(column)}`);
  const gone = columns.map((column) =>
    key.includes(column)
      ? `c.${ident(column)}`
      : `CAST(NULL AS ${duckdbType(model.file.header.columns[column]?.type ?? "string")}) AS ${ident(column)}`,
  );
  await connection.run(`CREATE TEMP TABLE current_rows AS SELECT ${idents(columns)} FROM ${current}`);
  await connection.run(
    `CREATE TEMP TABLE difference AS
     SELECT ${idents(columns, "r.")}, false AS _delete FROM temp.result r LEFT JOIN temp.current_rows c ON ${same} WHERE ${[`c.${ident(key[0] ?? "")} IS NULL`, ...differs].join(" OR ")}
     UNION ALL
     SELECT ${gone.join(", ")}, true AS _delete FROM temp.current_rows c WHERE NOT EXISTS (SELECT 1 FROM temp.result r WHERE ${same})`,
  );
  const { rows } = await firstRow<{ rows: bigint }>(connection, "SELECT count(*) AS rows FROM temp.difference");
  return rows === 0n
    ? null
    : table.stageMerge({ connection, query: "SELECT * FROM temp.difference", key, deleteColumn: "_delete" });
}

/**
 * Writes all rows of the affected keys and deletes for those that have none, without a look at the rows of now; null when
 * there is nothing of either. Only where the keys of the change are the keys of the rows.
 */
export async function stageAffected({ connection, model, table }: Work): Promise<StagedChange | null> {
  const key = model.file.header.key ?? [];
  const gone = `SELECT *, true AS _delete FROM (SELECT ${idents(key)} FROM temp.affected ANTI JOIN temp.result USING (${idents(key)}))`;
  const query = `SELECT *, false AS _delete FROM temp.result UNION ALL BY NAME ${gone}`;
  const staged = await table.stageMerge({ connection, query, key, deleteColumn: "_delete" });
  if (staged.summary.addedRecords > 0 || staged.summary.deletedRecords > 0) return staged;
  await staged.discard();
  return null;
}

/** The model's SELECT with every column cast to its declared type, in the header's order; a value that does not fit fails the step. */
export function typedSelect(model: CompiledModel): string {
  return `SELECT ${castColumns(model.file)} FROM (${model.select})`;
}

function castColumns(file: ModelFile): string {
  return Object.entries(file.header.columns)
    .map(([column, { type }]) => `CAST(${ident(column)} AS ${duckdbType(type)}) AS ${ident(column)}`)
    .join(", ");
}
