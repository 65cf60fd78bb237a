import { findTable, type Lake, withConnection } from "./lake.ts";
import { firstRow, rowsOf } from "./rows.ts";
import { ident } from "./sql-text.ts";

/** Rows by UTC day of a column: one pass over that column. */
export async function daysOf(
  lake: Lake,
  dataset: string,
  column: string,
): Promise<readonly { readonly day: string; readonly rows: number }[] | null> {
  const table = await findTable(lake, dataset);
  if (table === null || table.currentSnapshotId === null) return null;
  const scan = await table.scan().toSql();
  lake.meters.narrow(table, [column]);
  return withConnection(lake, async (connection) => {
    const days = await rowsOf<{ day: string; rows: bigint }>(
      connection,
      `SELECT CAST(CAST(${ident(column)} AS date) AS varchar) AS day, count(*) AS rows FROM ${scan}
        WHERE ${ident(column)} IS NOT NULL GROUP BY 1 ORDER BY 1`,
    );
    return days.map(({ day, rows }) => ({ day, rows: Number(rows) }));
  });
}

export async function firstDayOf(lake: Lake, dataset: string, column: string): Promise<string | null> {
  const table = await findTable(lake, dataset);
  if (table === null || table.currentSnapshotId === null) return null;
  const scan = await table.scan().toSql();
  lake.meters.narrow(table, [column]);
  return withConnection(lake, async (connection) => {
    const { first } = await firstRow<{ first: string | null }>(
      connection,
      `SELECT CAST(CAST(min(${ident(column)}) AS date) AS varchar) AS first FROM ${scan}`,
    );
    return first;
  });
}
