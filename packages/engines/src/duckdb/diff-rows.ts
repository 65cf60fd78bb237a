import type { DuckDBConnection } from "@duckdb/node-api";
import type { Difference, Table } from "@nova/iceberg";
import { PlatformError } from "@nova/pipeline-core/kernel";
import {
  type ComparedColumnShape,
  MOST_ROWS_COMPARED,
  type RowDiff,
  type RowsRequest,
  sharedColumns,
  tagOfCompared,
} from "@nova/pipeline-core/orchestration";
import { type CompareRows, compareByKey, compareWholeRows } from "./diff-rows-sql.ts";
import { columnsBefore, columnsOf, differenceOf, fieldIds, tablesOf } from "./diff-summary.ts";
import { type Lake, withConnection } from "./lake.ts";
import type { OtherLakes } from "./other-lakes.ts";
import { firstRow, rowsOf } from "./rows.ts";
import { ident } from "./sql-text.ts";

/** When a row was merged says nothing about it: rows that were computed again to the same values are the same. */
const NOT_COMPARED: ReadonlySet<string> = new Set(["_merged_at"]);

export async function diffRows(lake: Lake, others: OtherLakes, request: RowsRequest): Promise<RowDiff> {
  const tables = await tablesOf(lake, others, request);
  request.onPhase("finding");
  const difference = await differenceOf(tables, request);
  try {
    const rows = difference.before.estimatedRows + difference.after.estimatedRows;
    if (rows > MOST_ROWS_COMPARED)
      throw new PlatformError(
        "query-limit",
        `${rows.toLocaleString("en-US")} rows stand in files that only one of the snapshots has; at most ${MOST_ROWS_COMPARED.toLocaleString("en-US")} are compared at a time. Query the dataset for the rows in question instead`,
      );
    return await withConnection(
      lake,
      (connection) => compare(connection, tables.after, difference, request),
      request.signal,
    );
  } finally {
    difference.release();
  }
}

async function compare(
  connection: DuckDBConnection,
  table: Table,
  difference: Difference,
  request: RowsRequest,
): Promise<RowDiff> {
  const columns = comparedColumns(difference, request);
  const sharedRows = await difference.sharedRows(connection);
  request.onPhase("reading");
  const rowsRead = await readSides(connection, difference, columns);
  request.onPhase("comparing");
  const ids = table.columns.flatMap(({ id, name }) => (table.key.includes(name) ? [id] : []));
  const key = columns.flatMap(({ id }, index) => (ids.includes(id) ? [index] : []));
  const work: CompareRows = {
    connection,
    columns: await typed(connection, columns, request),
    key,
    salt: request.maskSalt,
    read: rowsRead,
    sharedRows,
    sampling: () => request.onPhase("sampling"),
  };
  if (key.length === 0) return compareWholeRows(work, null);
  if (key.length < table.key.length)
    return compareWholeRows(work, "The two snapshots do not have all columns of the key in common.");
  const repeated = await repeatedKeys(connection, key);
  return repeated === 0
    ? compareByKey(work)
    : compareWholeRows(work, `Keys that are not unique: ${repeated.toLocaleString("en-US")}.`);
}

function comparedColumns(difference: Difference, request: RowsRequest): ComparedColumnShape[] {
  const after = columnsOf(difference.after.columns);
  const both =
    request.before === null ? sharedColumns(after, after) : sharedColumns(columnsBefore(difference, request), after);
  const compared = both.filter(({ name }) => !NOT_COMPARED.has(name));
  if (compared.length === 0) throw new PlatformError("conflict", "the two snapshots have no column in common");
  return compared;
}

/** Puts both sides into `before_rows` and `after_rows`, columns named c0, c1 … */
async function readSides(
  connection: DuckDBConnection,
  difference: Difference,
  columns: readonly ComparedColumnShape[],
): Promise<{ before: number; after: number }> {
  const read = async (side: "before" | "after"): Promise<number> => {
    const names = columns.map((column, index) => {
      return `${ident(side === "before" ? column.nameBefore : column.name)} AS c${index}`;
    });
    const rows =
      side === "before" && difference.before.snapshotId === null
        ? // Nothing stood there: the columns are those of after.
          `(SELECT * FROM ${await difference.after.toSql(columns.map(({ id }) => id))} WHERE false)`
        : await difference[side].toSql(
            fieldIds(
              difference[side],
              columns.map((column) => (side === "before" ? column.nameBefore : column.name)),
            ),
            connection,
          );
    await connection.run(`CREATE TEMP TABLE ${side}_rows AS SELECT ${names.join(", ")} FROM ${rows}`);
    const { total } = await firstRow<{ total: bigint }>(connection, `SELECT count(*) AS total FROM temp.${side}_rows`);
    return Number(total);
  };
  return { before: await read("before"), after: await read("after") };
}

async function typed(
  connection: DuckDBConnection,
  columns: readonly ComparedColumnShape[],
  { tags }: RowsRequest,
): Promise<CompareRows["columns"]> {
  const types = async (side: string): Promise<string[]> =>
    (await rowsOf<{ column_type: string }>(connection, `DESCRIBE temp.${side}_rows`)).map((row) => row.column_type);
  const [before, after] = [await types("before"), await types("after")];
  return columns.map((column, index) => ({
    ...column,
    pii: tagOfCompared(column, tags),
    engineTypeBefore: before[index] ?? "VARCHAR",
    engineType: after[index] ?? "VARCHAR",
  }));
}

async function repeatedKeys(connection: DuckDBConnection, key: readonly number[]): Promise<number> {
  const names = key.map((index) => `c${index}`).join(", ");
  const repeated = (side: string): string =>
    `(SELECT count(*) FROM (SELECT 1 FROM temp.${side}_rows GROUP BY ${names} HAVING count(*) > 1))`;
  const { total } = await firstRow<{ total: bigint }>(
    connection,
    `SELECT greatest(${repeated("before")}, ${repeated("after")}) AS total`,
  );
  return Number(total);
}
