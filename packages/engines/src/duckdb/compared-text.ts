import { duckdbType } from "@nova/iceberg";
import type { Compared, ComparedColumn } from "@nova/pipeline-core/connectors";
import { findTable, type Lake } from "./lake.ts";
import { scanSql } from "./probe-dataset.ts";
import { ident, literal } from "./sql-text.ts";

/** The dataset's rows, deleted ones too. A stream without a row so far has no table: its dataset is empty. */
export async function datasetRows(lake: Lake, dataset: string, compared: Compared): Promise<string> {
  const table = await findTable(lake, dataset);
  if (table === null) return noRows(compared);
  const own = [...compared.key, ...compared.columns].map(({ stagedName }) => stagedName);
  lake.meters.narrow(table, [...own, "_deleted_at", "_merged_at", "_position"]);
  return scanSql(lake, dataset);
}

function noRows({ columns }: Compared): string {
  const own = columns.map(({ stagedName, type }) => `CAST(NULL AS ${duckdbType(type)}) AS ${ident(stagedName)}`);
  return `(SELECT ${own.join(", ")}, CAST(NULL AS TIMESTAMPTZ) AS _deleted_at, CAST(NULL AS TIMESTAMPTZ) AS _merged_at, CAST(NULL AS VARCHAR) AS _position WHERE false)`;
}

/** The text that `postgres-capture/comparison.ts` gives for the same value. */
function textSql({ stagedName, type }: ComparedColumn): string {
  const name = ident(stagedName);
  switch (type) {
    case "timestamp":
    case "timestamptz":
    case "time":
      return `CAST(epoch_us(${name}) AS VARCHAR)`;
    case "date":
      return `CAST(${name} - DATE '1970-01-01' AS VARCHAR)`;
    case "binary":
      return `md5(${name})`;
    default:
      return `CAST(${name} AS VARCHAR)`;
  }
}

/** One text of all the columns; null and the empty text are two things. */
export function joined(columns: readonly ComparedColumn[]): string {
  return columns.map((column) => `coalesce(${textSql(column)}, chr(30))`).join(" || chr(31) || ");
}

/** The first 60 bits of the row's MD5: sums of them stay exact on both sides. */
export function hashSql({ columns }: Compared): string {
  return `CAST('0x' || substr(md5(${joined(columns)}), 1, 15) AS BIGINT)`;
}

/** As the envelope's key has it, by the source's column names. */
export function keyJsonSql({ key }: Compared): string {
  const parts = key.map(
    ({ sourceName, stagedName }) => `${literal(sourceName)}, CAST(${ident(stagedName)} AS VARCHAR)`,
  );
  return `CAST(json_object(${parts.join(", ")}) AS VARCHAR)`;
}
