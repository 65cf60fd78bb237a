import {
  type NewTableRule,
  type ReadSchema,
  saveSchema,
  type SeenDrift,
  type SeenSchema,
  type SourceId,
  type StagedShape,
  type StreamColumn,
  type StreamRecord,
  type StreamState,
  supersedes,
} from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type pg from "pg";
import type { Sql } from "./announce.ts";
import { inTransaction, rowsJson, type StoreContext } from "./store-context.ts";

interface StreamRow {
  name: string;
  state: StreamState;
  description: string;
  schema_version: number;
  columns: StreamColumn[];
  key_columns: string[];
  rows_read: string;
  rows_expected: string | null;
  cursor: string | null;
  staged: StagedShape | null;
  decisions: number;
  waits: boolean;
}

export async function loadStreams(sql: Sql, source: SourceId): Promise<StreamRecord[]> {
  const { rows } = await sql.query<StreamRow>(
    `SELECT name, state, description, schema_version, columns, key_columns, rows_read, rows_expected, cursor, staged, decisions,
            EXISTS (SELECT FROM drift_items d WHERE d.source_id = $1 AND d.stream = streams.name AND d.state = 'open' AND d.waits) AS waits
       FROM streams WHERE source_id = $1 ORDER BY name COLLATE "C"`,
    [source],
  );
  return rows.map((row) => ({
    source,
    stream: row.name,
    schema: {
      stream: row.name,
      version: row.schema_version,
      columns: row.columns,
      key: row.key_columns,
      description: row.description,
      ...(row.staged === null ? {} : { staged: row.staged }),
      ...(row.decisions === 0 ? {} : { decisions: row.decisions }),
      ...(row.waits ? { waits: true } : {}),
    },
    state: row.state,
    rowsRead: Number(row.rows_read),
    rowsExpected: row.rows_expected === null ? null : Number(row.rows_expected),
    cursor: row.cursor,
  }));
}

/** All streams of a source in a fixed number of statements; the source's row lock serialises callers. */
export async function saveStreamSchemas(
  pool: pg.Pool,
  { clock, ids }: StoreContext,
  source: SourceId,
  schemas: readonly ReadSchema[],
  seen: SeenSchema,
): Promise<StreamRecord[]> {
  return inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ position: string | null; rule: NewTableRule }>(
      "SELECT position, new_tables AS rule FROM sources WHERE id = $1 FOR UPDATE",
      [source],
    );
    const [row] = rows;
    if (row === undefined) throw new PlatformError("not-found", `source ${source} is not registered`);
    const known = new Map((await loadStreams(tx, source)).map((record) => [record.stream, record]));
    const rule = row.position === null ? null : row.rule;
    const saved = schemas.map((schema) => saveSchema(source, known.get(schema.stream), schema, rule, seen));
    await tx.query(
      `INSERT INTO streams (source_id, name, state, state_since, description, schema_version, columns, key_columns, staged)
       SELECT $1, s.stream, s.state, $3, s.description, s.version, s.columns, s.key, s.staged
         FROM jsonb_to_recordset($2::jsonb) AS s (stream text, state text, description text, version int, columns jsonb, key text[], staged jsonb)
       ON CONFLICT (source_id, name) DO UPDATE SET description = excluded.description,
         schema_version = excluded.schema_version, columns = excluded.columns, key_columns = excluded.key_columns, staged = excluded.staged
       WHERE (streams.description, streams.schema_version, streams.columns, streams.key_columns, streams.staged)
         IS DISTINCT FROM (excluded.description, excluded.schema_version, excluded.columns, excluded.key_columns, excluded.staged)`,
      [source, rowsJson(saved.map(({ record }) => ({ ...record.schema, state: record.state }))), clock.now()],
    );
    const drift = saved.flatMap((each) => each.drift);
    if (drift.length === 0 && ![...known.values()].some(({ schema }) => schema.waits === true))
      return saved.map(({ record }) => record);
    await supersedeOlder(tx, source, drift, clock.now());
    await tx.query(
      `INSERT INTO drift_items (id, source_id, stream, from_version, to_version, change, state, waits, position, seen_at, settled_at)
       SELECT d.id, $1, d.stream, d."fromVersion", d."toVersion", d.change, d.state, d.waits, d.position, $3::timestamptz, CASE WHEN d.state <> 'open' THEN $3::timestamptz END
         FROM jsonb_to_recordset($2::jsonb) AS d (id uuid, stream text, "fromVersion" int, "toVersion" int, change jsonb, state text, waits boolean, position text)`,
      [source, rowsJson(drift.map((item) => ({ ...item, id: ids.next() }))), clock.now()],
    );
    const stored = new Map((await loadStreams(tx, source)).map((record) => [record.stream, record]));
    return saved.map(({ record }) => stored.get(record.stream) ?? record);
  });
}

async function supersedeOlder(tx: Sql, source: SourceId, drift: readonly SeenDrift[], at: Date): Promise<void> {
  if (drift.length === 0) return;
  const { rows } = await tx.query<Pick<SeenDrift, "stream" | "change"> & { id: string }>(
    "SELECT id, stream, change FROM drift_items WHERE source_id = $1 AND state = 'open' AND stream = ANY ($2)",
    [source, drift.map((item) => item.stream)],
  );
  const older = rows.filter((row) =>
    drift.some((item) => item.stream === row.stream && supersedes(item.change, row.change)),
  );
  await tx.query("UPDATE drift_items SET state = 'superseded', settled_at = $2 WHERE id = ANY ($1)", [
    older.map((row) => row.id),
    at,
  ]);
}
