import { duckdbType } from "@nova/iceberg";
import { z } from "zod";
import type { EventShape } from "./staged-events-sql.ts";
import { leftOutSql, valueColumns } from "./staged-events-sql.ts";
import { ident, idents, literal } from "./sql-text.ts";

/** Position, then arrival: two rows of one position are a snapshot chunk read twice, and the later read is newer. */
const ORDER = `("@position", "@ingested_at")`;

/** Where `folded` keeps a column's newest carried value: no column of a source can have this name. */
const carriedName = (column: string): string => ident(`@carried ${column}`);

/**
 * The last event per key. `events` is a table of typed rows without refused ones. An aggregate finds the rows' ids: a
 * window costs several times as much, for three rows as for a million.
 */
export function winnersSql(events: string, shape: EventShape): string {
  const newest = `max(struct_pack(p := "@position", i := "@ingested_at", r := rowid)).r`;
  return `SELECT * FROM ${events} SEMI JOIN (SELECT ${newest} AS "@newest" FROM ${events} GROUP BY ${idents(shape.key)}) ON rowid = "@newest"`;
}

/** Rows to write for keys whose last event carries the whole row: it needs neither older events nor the stored row. */
export function wholeRowsSql(winners: string, shape: EventShape, mergedAt: string): string {
  return `SELECT ${idents(valueColumns(shape))}, "@op" AS _op, "@source_ts" AS _source_ts, "@position" AS _position, ${mergedAt} AS _merged_at, CAST(NULL AS TIMESTAMPTZ) AS _deleted_at
    FROM ${winners} WHERE "@op" <> 'd' AND "@unchanged" IS NULL`;
}

/** Keys whose last event is a delete or leaves columns out. */
export function partialKeysSql(winners: string, shape: EventShape): string {
  return `SELECT ${idents(shape.key)} FROM ${winners} WHERE "@op" = 'd' OR "@unchanged" IS NOT NULL`;
}

/**
 * Folds all events of the partial keys: every column takes the newest event that carries it, else the stored row's value.
 * A delete keeps the values (the fact of deletion is the news); `_deleted_at` is the first delete after the last live event.
 */
export function foldedRowsSql(
  events: string,
  partialKeys: string,
  stored: string,
  shape: EventShape,
  mergedAt: string,
): string {
  const key = idents(shape.key);
  const own = valueColumns(shape).filter((name) => !shape.key.includes(name));
  const columns = new Map(shape.columns.map((column) => [column.name, column]));
  const carried = own.map((name) => {
    const left = `"@unchanged" IS NOT NULL AND ${leftOutSql(columns.get(name) ?? { sourceName: name }, '"@unchanged"')}`;
    return `arg_max({'value': ${ident(name)}}, ${ORDER}) FILTER ("@op" <> 'd' AND NOT (${left})) AS ${carriedName(name)}`;
  });
  const values = own.map(
    (name) =>
      `CASE WHEN ${carriedName(name)} IS NULL THEN s.${ident(name)} ELSE ${carriedName(name)}.value END AS ${ident(name)}`,
  );
  const keyColumns = idents(shape.key, "f.");
  return `WITH folded AS (
      SELECT ${[key, `arg_max("@op", ${ORDER}) AS "@last_op"`, `max("@position") AS "@last_position"`, `arg_max("@source_ts", ${ORDER}) AS "@last_source_ts"`, `max("@position") FILTER ("@op" <> 'd') AS "@last_live"`, ...carried].join(", ")}
      FROM (SELECT e.* FROM ${events} e SEMI JOIN ${partialKeys} USING (${key})) GROUP BY ${key}
    ), deaths AS (
      SELECT ${idents(shape.key, "e.")}, arg_min(coalesce(e."@source_ts", e."@ingested_at"), e."@position") AS "@died_at"
      FROM ${events} e JOIN folded f USING (${key}) WHERE e."@op" = 'd' AND e."@position" > coalesce(f."@last_live", '') GROUP BY ${idents(shape.key, "e.")}
    )
    SELECT ${[keyColumns, ...values].join(", ")}, "@last_op" AS _op, "@last_source_ts" AS _source_ts, "@last_position" AS _position, ${mergedAt} AS _merged_at,
      CASE WHEN "@last_op" <> 'd' THEN NULL WHEN "@last_live" IS NULL THEN coalesce(s._deleted_at, "@died_at") ELSE "@died_at" END AS _deleted_at
    FROM folded f LEFT JOIN deaths USING (${key}) LEFT JOIN ${stored} s USING (${key})`;
}

/** Deletes that a truncate means: every key that lived before it, in the table or earlier in the batch. */
export function truncateDeletesSql(
  events: string,
  liveKeys: string,
  shape: EventShape,
  truncate: { key: string | null; position: string; sourceTs: string | null; ingestedAt: string },
): string {
  const key = idents(shape.key);
  const within = truncate.key === null ? "" : rangeSql(shape, truncate.key);
  const own = valueColumns(shape).filter((name) => !shape.key.includes(name));
  const sourceTs =
    truncate.sourceTs === null ? "CAST(NULL AS TIMESTAMPTZ)" : `TIMESTAMPTZ ${literal(truncate.sourceTs)}`;
  return `SELECT ${key}, ${own.map((name) => `NULL AS ${ident(name)}`).join(", ")}${own.length > 0 ? ", " : ""}'d' AS "@op", ${literal(truncate.position)} AS "@position",
      ${sourceTs} AS "@source_ts", TIMESTAMPTZ ${literal(truncate.ingestedAt)} AS "@ingested_at", CAST(NULL AS VARCHAR[]) AS "@unchanged"
    FROM (
      SELECT ${key} FROM (SELECT ${key}, arg_max("@op", ${ORDER}) AS "@last_op" FROM ${events} WHERE "@position" < ${literal(truncate.position)}${within} GROUP BY ${key}) WHERE "@last_op" <> 'd'
      UNION
      SELECT ${key} FROM ${liveKeys} l WHERE l._position < ${literal(truncate.position)}${within}
        AND NOT EXISTS (SELECT 1 FROM ${events} e WHERE e."@position" < ${literal(truncate.position)} AND ${shape.key.map((name) => `e.${ident(name)} = l.${ident(name)}`).join(" AND ")})
    )`;
}

const rangeSchema = z.object({ from: z.array(z.string()).nullable(), through: z.array(z.string()).nullable() });

/** Keys of a range, both ends included; the texts are the source's, in the order of the key. */
function rangeSql(shape: EventShape, json: string): string {
  const { from, through } = rangeSchema.parse(JSON.parse(json));
  const names = `(${idents(shape.key)})`;
  const values = (texts: readonly string[]): string => {
    const typed = shape.key.map((name, index) => {
      const type = shape.columns.find((column) => column.name === name)?.type ?? "string";
      return `CAST(${literal(texts[index] ?? "")} AS ${duckdbType(type)})`;
    });
    return `(${typed.join(", ")})`;
  };
  return [
    ...(from === null ? [] : [` AND ${names} >= ${values(from)}`]),
    ...(through === null ? [] : [` AND ${names} <= ${values(through)}`]),
  ].join("");
}
