import type { DuckDBConnection } from "@duckdb/node-api";
import { foldedRowsSql, partialKeysSql, truncateDeletesSql, wholeRowsSql, winnersSql } from "./fold-events-sql.ts";
import { firstRow, rowsOf } from "./rows.ts";
import { ident, idents, literal } from "./sql-text.ts";
import { type EventShape, leftOutSql, typedEventsSql, valueColumns } from "./staged-events-sql.ts";

/** Rows shown with a refusal; the rest is only counted. */
const REFUSED_SAMPLE = 500;

export interface FoldRequest {
  /** Relation with the envelope's columns. */
  readonly relation: string;
  readonly stream: string;
  readonly shape: EventShape;
  /** The staged dataset's current rows; null when it has none. */
  readonly stored: string | null;
  /** No stored row has a position above this one; null = unknown. */
  readonly highPosition: string | null;
  readonly mergedAt: string;
}

export interface FoldResult {
  /** Temp table with the rows to write, one per key, all staged columns. */
  readonly table: string;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly refused: number;
  readonly refusedSample: readonly { detail: string; payload: string }[];
  readonly highPosition: string | null;
  readonly mode: "whole rows" | "folded rows" | "nothing";
  /** Columns of the stored rows that were read; none when nobody had to look. */
  readonly storedRead: readonly string[];
}

/**
 * Turns a stream's events into the current row per key, in temp tables of this connection. Stored rows are read only when
 * an event may be older than what is stored, leaves columns out, deletes or truncates.
 */
export async function foldStream(connection: DuckDBConnection, request: FoldRequest): Promise<FoldResult> {
  const { shape, stream, stored } = request;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE fold_events AS ${typedEventsSql(request.relation, stream, shape)}`,
  );
  const refused = await splitRefused(connection, stream);
  const truncates = await readTruncates(connection, request.relation, stream);
  const low = await firstRow<{ rows: bigint; low: string | null; high: string | null }>(
    connection,
    `SELECT count(*) AS rows, min("@position") AS low, max("@position") AS high FROM fold_events`,
  );
  const positions = [low.high, ...truncates.map((truncate) => truncate.position), request.highPosition].filter(
    (position) => position !== null,
  );
  const highPosition = positions.toSorted().at(-1) ?? null;
  const maybeStale =
    stored !== null && low.low !== null && (request.highPosition === null || low.low <= request.highPosition);
  const storedRead = new Set<string>(maybeStale ? [...shape.key, "_position"] : []);
  if (maybeStale) await dropStale(connection, stored, shape);
  if (truncates.length > 0) for (const name of [...shape.key, "_position", "_deleted_at"]) storedRead.add(name);
  for (const truncate of truncates) await applyTruncate(connection, stored, shape, truncate);

  await connection.run(`CREATE OR REPLACE TEMP TABLE fold_winners AS ${winnersSql("fold_events", shape)}`);
  await connection.run(`CREATE OR REPLACE TEMP TABLE fold_partial AS ${partialKeysSql("fold_winners", shape)}`);
  const { partial } = await firstRow<{ partial: bigint }>(connection, "SELECT count(*) AS partial FROM fold_partial");
  const whole = wholeRowsSql("fold_winners", shape, request.mergedAt);
  if (partial === 0n) {
    await connection.run(`CREATE OR REPLACE TEMP TABLE fold_out AS ${whole}`);
  } else {
    for (const name of [...valueColumns(shape), "_deleted_at"]) storedRead.add(name);
    const storedRows = stored === null ? emptyStored(shape) : storedRowsOf(stored, "fold_partial", shape);
    const folded = foldedRowsSql("fold_events", "fold_partial", storedRows, shape, request.mergedAt);
    await connection.run(`CREATE OR REPLACE TEMP TABLE fold_out AS ${whole} UNION ALL BY NAME (${folded})`);
    await followKeyChanges(connection, stored, shape);
  }
  const { out } = await firstRow<{ out: bigint }>(connection, "SELECT count(*) AS out FROM fold_out");
  const rowsIn = Number(low.rows) + truncates.length + refused.total;
  return {
    table: "fold_out",
    rowsIn,
    rowsOut: Number(out),
    refused: refused.total,
    refusedSample: refused.sample,
    highPosition,
    mode: out === 0n ? "nothing" : partial === 0n ? "whole rows" : "folded rows",
    storedRead: stored === null ? [] : [...storedRead],
  };
}

export async function dropFoldTables(connection: DuckDBConnection): Promise<void> {
  for (const name of ["events", "winners", "partial", "out", "moved"])
    await connection.run(`DROP TABLE IF EXISTS temp.fold_${name}`);
}

/** Takes rows whose text does not fit their column out of `fold_events` and returns a sample of them. */
async function splitRefused(connection: DuckDBConnection, stream: string) {
  const { total } = await firstRow<{ total: bigint }>(
    connection,
    `SELECT count(*) AS total FROM fold_events WHERE len("@refused") > 0`,
  );
  if (total === 0n) {
    await connection.run(`ALTER TABLE fold_events DROP COLUMN "@payload"`);
    return { total: 0, sample: [] };
  }
  const sample = await rowsOf<{ detail: string; payload: string }>(
    connection,
    `SELECT ${literal(`${stream}: the value does not fit the type of `)} || array_to_string("@refused", ', ') AS detail, coalesce("@payload", '') AS payload
     FROM fold_events WHERE len("@refused") > 0 ORDER BY "@position" LIMIT ${REFUSED_SAMPLE}`,
  );
  await connection.run(`DELETE FROM fold_events WHERE len("@refused") > 0`);
  await connection.run(`ALTER TABLE fold_events DROP COLUMN "@payload"`);
  return { total: Number(total), sample };
}

interface TruncateEvent {
  /** The range of keys it is about, as JSON; null = all. */
  readonly key: string | null;
  readonly position: string;
  readonly sourceTs: string | null;
  readonly ingestedAt: string;
}

async function readTruncates(connection: DuckDBConnection, relation: string, stream: string): Promise<TruncateEvent[]> {
  return rowsOf<TruncateEvent>(
    connection,
    `SELECT key, position, CAST(source_ts AS VARCHAR) AS "sourceTs", CAST(ingested_at AS VARCHAR) AS "ingestedAt" FROM ${relation}
     WHERE stream = ${literal(stream)} AND op = 't' ORDER BY position`,
  );
}

/** Events at or before the stored row's position are replays or late arrivals: the stored row already knows better. */
async function dropStale(connection: DuckDBConnection, stored: string, shape: EventShape): Promise<void> {
  const key = idents(shape.key);
  const same = shape.key.map((name) => `fold_events.${ident(name)} = s.${ident(name)}`).join(" AND ");
  await connection.run(
    `DELETE FROM fold_events USING (SELECT ${key}, _position FROM ${stored} SEMI JOIN (SELECT DISTINCT ${key} FROM fold_events) USING (${key})) s
     WHERE ${same} AND fold_events."@position" <= s._position`,
  );
}

async function applyTruncate(
  connection: DuckDBConnection,
  stored: string | null,
  shape: EventShape,
  truncate: TruncateEvent,
): Promise<void> {
  const key = idents(shape.key);
  const live =
    stored === null
      ? `(SELECT ${key}, '' AS _position FROM fold_events WHERE false)`
      : `(SELECT ${key}, _position FROM ${stored} WHERE _deleted_at IS NULL)`;
  await connection.run(`INSERT INTO fold_events BY NAME ${truncateDeletesSql("fold_events", live, shape, truncate)}`);
}

function storedRowsOf(stored: string, keys: string, shape: EventShape): string {
  return `(SELECT ${idents(valueColumns(shape))}, _deleted_at FROM ${stored} SEMI JOIN ${keys} USING (${idents(shape.key)}))`;
}

function emptyStored(shape: EventShape): string {
  return `(SELECT ${idents(valueColumns(shape))}, CAST(NULL AS TIMESTAMPTZ) AS _deleted_at FROM fold_events WHERE false)`;
}

/**
 * A changed key arrives as the old key's delete directly followed by the new key's update, which leaves unchanged wide
 * values out: they stand in the old key's row. Positions end in the ordinal of the event in its transaction.
 */
async function followKeyChanges(connection: DuckDBConnection, stored: string | null, shape: EventShape): Promise<void> {
  const key = idents(shape.key);
  const own = shape.columns.map((column) => column.name).filter((name) => !shape.key.includes(name));
  if (own.length === 0 || shape.keyPaths.length === 0) return;
  const known =
    stored === null
      ? ""
      : ` AND NOT EXISTS (SELECT 1 FROM ${stored} s WHERE ${shape.key.map((name) => `s.${ident(name)} = u.${ident(name)}`).join(" AND ")})`;
  const previous = `left(u."@position", length(u."@position") - 10) || lpad(CAST(CAST(right(u."@position", 10) AS BIGINT) - 1 AS VARCHAR), 10, '0')`;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE fold_moved AS
     SELECT ${idents(shape.key, "u.")}, u."@unchanged" AS "@left_out", ${own.map((name) => `o.${ident(name)}`).join(", ")}
     FROM (SELECT * FROM fold_events WHERE "@op" = 'u' AND "@unchanged" IS NOT NULL AND regexp_full_match("@position", '.*[0-9]{10}')) u
     JOIN fold_events d ON d."@op" = 'd' AND d."@position" = ${previous}
     JOIN fold_out o ON ${shape.key.map((name) => `o.${ident(name)} = d.${ident(name)}`).join(" AND ")}
     WHERE NOT EXISTS (SELECT 1 FROM fold_events e WHERE ${shape.key.map((name) => `e.${ident(name)} = u.${ident(name)}`).join(" AND ")} AND e."@position" < u."@position")${known}`,
  );
  const { moved } = await firstRow<{ moved: bigint }>(connection, "SELECT count(*) AS moved FROM fold_moved");
  if (moved === 0n) return;
  const columns = new Map(shape.columns.map((column) => [column.name, column]));
  for (const name of own) {
    await connection.run(
      `UPDATE fold_out SET ${ident(name)} = m.${ident(name)} FROM (SELECT ${key}, "@left_out", ${ident(name)} FROM fold_moved) m
       WHERE ${shape.key.map((column) => `fold_out.${ident(column)} = m.${ident(column)}`).join(" AND ")}
         AND fold_out.${ident(name)} IS NULL AND ${leftOutSql(columns.get(name) ?? { sourceName: name }, 'm."@left_out"')}`,
    );
  }
}
