import type { DuckDBConnection } from "@duckdb/node-api";
import type { PiiTag } from "@nova/pipeline-core/catalog";
import {
  type ColumnDiff,
  type ComparedColumnShape,
  type RowDiff,
  SAMPLE_ROWS,
  type SampledRow,
} from "@nova/pipeline-core/orchestration";
import { maskedValue } from "../query-sandbox/index.ts";
import { firstRow, rowsOf } from "./rows.ts";
import { literal } from "./sql-text.ts";

/** A column as `c<n>` of `before_rows` and `after_rows`. */
export interface TypedColumn extends ComparedColumnShape {
  readonly pii: PiiTag;
  readonly engineTypeBefore: string;
  readonly engineType: string;
}

/** What the comparison of `temp.before_rows` and `temp.after_rows` needs. */
export interface CompareRows {
  readonly connection: DuckDBConnection;
  readonly columns: readonly TypedColumn[];
  /** Places of the key's columns. */
  readonly key: readonly number[];
  readonly salt: string;
  readonly read: { readonly before: number; readonly after: number };
  /** Rows that both have, not read. */
  readonly sharedRows: number;
  readonly sampling: () => void;
}

/** Longer texts are cut: a sample is for recognising a value. */
const LONGEST_TEXT = 200;
/** Of rows that nothing tells apart, the first columns are shown. */
const COLUMNS_SHOWN = 8;

export async function compareByKey(work: CompareRows): Promise<RowDiff> {
  const { connection, columns, key, read, sharedRows } = work;
  const same = key.map((place) => `b.c${place} IS NOT DISTINCT FROM a.c${place}`).join(" AND ");
  const values = columns.map((_, place) => place).filter((place) => !key.includes(place));
  const differs = (place: number): string => `b${place} IS DISTINCT FROM a${place}`;
  await connection.run(
    `CREATE TEMP TABLE differing AS SELECT * FROM (
       SELECT b.here AS was, a.here AS is_now, ${key.map((place) => `coalesce(a.c${place}, b.c${place}) AS k${place}`).join(", ")}
              ${values.map((place) => `, b.c${place} AS b${place}, a.c${place} AS a${place}`).join("")}
         FROM (SELECT *, true AS here FROM temp.before_rows) b FULL JOIN (SELECT *, true AS here FROM temp.after_rows) a ON ${same})
      WHERE was IS NULL OR is_now IS NULL${values.map((place) => ` OR ${differs(place)}`).join("")}`,
  );
  const both = "was AND is_now";
  const counts = await firstRow<Record<string, bigint>>(
    connection,
    `SELECT count(*) FILTER (is_now IS NULL) AS gone, count(*) FILTER (was IS NULL) AS fresh, count(*) FILTER (${both}) AS changed
            ${values.map((place) => `, count(*) FILTER (${both} AND ${differs(place)}) AS d${place}`).join("")} FROM temp.differing`,
  );
  const count = (name: string): number => Number(counts[name] ?? 0n);
  work.sampling();
  const shownKey = key.map((place) => text(work, place, `k${place}`, "after"));
  const samples = async (place: number): Promise<ColumnDiff["samples"]> => {
    const rows = await sampleRows(
      work,
      [...shownKey, text(work, place, `b${place}`, "before"), text(work, place, `a${place}`, "after")],
      `temp.differing WHERE ${both} AND ${differs(place)}`,
      key.map((at) => `k${at}`),
    );
    return rows.map((row) => ({
      row: row.slice(0, key.length),
      before: row[key.length] ?? null,
      after: row[key.length + 1] ?? null,
    }));
  };
  const compared: ColumnDiff[] = [];
  for (const place of values) {
    const { name, nameBefore, pii } = columns[place] as TypedColumn;
    const different = count(`d${place}`);
    compared.push({
      name,
      nameBefore,
      masked: pii !== "none",
      different,
      samples: different === 0 ? [] : await samples(place),
    });
  }
  const only = (condition: string): Promise<SampledRow[]> =>
    sampleRows(
      work,
      shownKey,
      `temp.differing WHERE ${condition}`,
      key.map((at) => `k${at}`),
    );
  const bothRows = sharedRows + read.before - count("gone");
  return {
    by: "key",
    note: null,
    onlyBefore: count("gone"),
    onlyAfter: count("fresh"),
    both: bothRows,
    equal: bothRows - count("changed"),
    rowsRead: read.before + read.after,
    columns: compared.toSorted((a, b) => b.different - a.different),
    shown: key.map((place) => shownColumn(columns[place] as TypedColumn)),
    samplesOnlyBefore: await only("is_now IS NULL"),
    samplesOnlyAfter: await only("was IS NULL"),
  };
}

/** Rows as often as they stand there: a row that was changed is one only before and another only after. */
export async function compareWholeRows(work: CompareRows, note: string | null): Promise<RowDiff> {
  const { connection, columns, read, sharedRows } = work;
  const names = columns.map((_, place) => `c${place}`);
  await connection.run(
    `CREATE TEMP TABLE differing AS SELECT ${names.join(", ")}, sum(n) AS n
       FROM (SELECT *, -1 AS n FROM temp.before_rows UNION ALL SELECT *, 1 AS n FROM temp.after_rows)
      GROUP BY ${names.join(", ")} HAVING sum(n) <> 0`,
  );
  const { gone, fresh } = await firstRow<{ gone: bigint; fresh: bigint }>(
    connection,
    "SELECT CAST(coalesce(sum(-n) FILTER (n < 0), 0) AS BIGINT) AS gone, CAST(coalesce(sum(n) FILTER (n > 0), 0) AS BIGINT) AS fresh FROM temp.differing",
  );
  work.sampling();
  const shown = columns.slice(0, COLUMNS_SHOWN);
  const only = (condition: string): Promise<SampledRow[]> =>
    sampleRows(
      work,
      shown.map((_, place) => text(work, place, `c${place}`, "after")),
      `temp.differing WHERE ${condition}`,
      names,
    );
  const both = sharedRows + read.before - Number(gone);
  return {
    by: "row",
    note,
    onlyBefore: Number(gone),
    onlyAfter: Number(fresh),
    both,
    equal: both,
    rowsRead: read.before + read.after,
    columns: [],
    shown: shown.map(shownColumn),
    samplesOnlyBefore: await only("n < 0"),
    samplesOnlyAfter: await only("n > 0"),
  };
}

function shownColumn({ name, pii }: TypedColumn): { name: string; masked: boolean } {
  return { name, masked: pii !== "none" };
}

/** A value as text, masked as the column's tag says. */
function text({ columns, salt }: CompareRows, place: number, value: string, side: "before" | "after"): string {
  const { pii, engineType, engineTypeBefore } = columns[place] as TypedColumn;
  const masked = maskedValue(value, side === "before" ? engineTypeBefore : engineType, pii, salt);
  return `left(CAST(${masked} AS VARCHAR), ${LONGEST_TEXT})`;
}

/** A few rows, the same ones each time, from all over the dataset: in the order of a hash, which tells nothing of masked values. */
async function sampleRows(
  { connection, salt }: CompareRows,
  values: readonly string[],
  from: string,
  order: readonly string[],
): Promise<SampledRow[]> {
  const rows = await rowsOf<{ sampled: { items: (string | null)[] } }>(
    connection,
    `SELECT [${values.join(", ")}] AS sampled FROM ${from} ORDER BY hash(${[literal(salt), ...order].join(", ")}) LIMIT ${SAMPLE_ROWS}`,
  );
  return rows.map(({ sampled }) => sampled.items);
}
