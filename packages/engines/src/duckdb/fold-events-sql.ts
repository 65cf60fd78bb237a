import type { EventShape } from "./staged-events-sql.ts";
import { valueColumns } from "./staged-events-sql.ts";
import { ident, idents, literal } from "./sql-text.ts";

/** Position, then arrival: two rows of one position are a snapshot chunk read twice, and the later read is newer. */
const NEWEST_FIRST = "position DESC, ingested_at DESC";

/** The last event per key. `events` are typed rows without refused ones. */
export function winnersSql(events: string, shape: EventShape): string {
  return `SELECT * FROM ${events} QUALIFY row_number() OVER (PARTITION BY ${idents(shape.key)} ORDER BY ${NEWEST_FIRST}) = 1`;
}

/** Rows to write for keys whose last event carries the whole row: it needs neither older events nor the stored row. */
export function wholeRowsSql(winners: string, shape: EventShape, mergedAt: string): string {
  return `SELECT ${idents(valueColumns(shape))}, op AS _op, source_ts AS _source_ts, position AS _position, ${mergedAt} AS _merged_at, CAST(NULL AS TIMESTAMPTZ) AS _deleted_at
    FROM ${winners} WHERE op <> 'd' AND unchanged IS NULL`;
}

/** Keys whose last event is a delete or leaves columns out. */
export function partialKeysSql(winners: string, shape: EventShape): string {
  return `SELECT ${idents(shape.key)} FROM ${winners} WHERE op = 'd' OR unchanged IS NOT NULL`;
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
  const sourceNames = new Map(shape.columns.map((column) => [column.name, column.sourceName]));
  const carried = own.map((name) => {
    const left = `unchanged IS NOT NULL AND list_contains(unchanged, ${literal(sourceNames.get(name) ?? name)})`;
    return `arg_max({'value': ${ident(name)}}, (position, ingested_at)) FILTER (op <> 'd' AND NOT (${left})) AS ${ident(`f_${name}`)}`;
  });
  const values = own.map(
    (name) =>
      `CASE WHEN ${ident(`f_${name}`)} IS NULL THEN s.${ident(name)} ELSE ${ident(`f_${name}`)}.value END AS ${ident(name)}`,
  );
  const keyColumns = idents(shape.key, "f.");
  return `WITH folded AS (
      SELECT ${[key, "arg_max(op, (position, ingested_at)) AS f_op", "max(position) AS f_position", "arg_max(source_ts, (position, ingested_at)) AS f_source_ts", "max(position) FILTER (op <> 'd') AS last_live", ...carried].join(", ")}
      FROM (SELECT e.* FROM ${events} e SEMI JOIN ${partialKeys} USING (${key})) GROUP BY ${key}
    ), deaths AS (
      SELECT ${idents(shape.key, "e.")}, arg_min(e.source_ts, e.position) AS died_at
      FROM ${events} e JOIN folded f USING (${key}) WHERE e.op = 'd' AND e.position > coalesce(f.last_live, '') GROUP BY ${idents(shape.key, "e.")}
    )
    SELECT ${[keyColumns, ...values].join(", ")}, f_op AS _op, f_source_ts AS _source_ts, f_position AS _position, ${mergedAt} AS _merged_at,
      CASE WHEN f_op <> 'd' THEN NULL WHEN last_live IS NULL THEN coalesce(s._deleted_at, died_at) ELSE died_at END AS _deleted_at
    FROM folded f LEFT JOIN deaths USING (${key}) LEFT JOIN ${stored} s USING (${key})`;
}

/** Deletes that a truncate means: every key that lived before it, in the table or earlier in the batch. */
export function truncateDeletesSql(
  events: string,
  liveKeys: string,
  shape: EventShape,
  truncate: { position: string; sourceTs: string | null; ingestedAt: string },
): string {
  const key = idents(shape.key);
  const own = valueColumns(shape).filter((name) => !shape.key.includes(name));
  const sourceTs =
    truncate.sourceTs === null ? "CAST(NULL AS TIMESTAMPTZ)" : `TIMESTAMPTZ ${literal(truncate.sourceTs)}`;
  return `SELECT ${key}, ${own.map((name) => `NULL AS ${ident(name)}`).join(", ")}${own.length > 0 ? ", " : ""}'d' AS op, ${literal(truncate.position)} AS position,
      ${sourceTs} AS source_ts, TIMESTAMPTZ ${literal(truncate.ingestedAt)} AS ingested_at, CAST(NULL AS VARCHAR[]) AS unchanged
    FROM (
      SELECT ${key} FROM (SELECT ${key}, arg_max(op, (position, ingested_at)) AS last_op FROM ${events} WHERE position < ${literal(truncate.position)} GROUP BY ${key}) WHERE last_op <> 'd'
      UNION
      SELECT ${key} FROM ${liveKeys} l WHERE l._position < ${literal(truncate.position)}
        AND NOT EXISTS (SELECT 1 FROM ${events} e WHERE e.position < ${literal(truncate.position)} AND ${shape.key.map((name) => `e.${ident(name)} = l.${ident(name)}`).join(" AND ")})
    )`;
}
