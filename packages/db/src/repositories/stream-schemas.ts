import {
  diffSchema,
  type SourceId,
  type StreamColumn,
  type StreamRecord,
  type StreamSchema,
  type StreamState,
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
}

export async function loadStreams(sql: Sql, source: SourceId): Promise<StreamRecord[]> {
  const { rows } = await sql.query<StreamRow>(
    `SELECT name, state, description, schema_version, columns, key_columns, rows_read, rows_expected, cursor
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
    },
    state: row.state,
    rowsRead: Number(row.rows_read),
    rowsExpected: row.rows_expected === null ? null : Number(row.rows_expected),
    cursor: row.cursor,
  }));
}

/** All streams of a source in four statements, whatever their number; the source's row lock serialises callers. */
export async function saveStreamSchemas(
  pool: pg.Pool,
  { clock, ids }: StoreContext,
  source: SourceId,
  schemas: readonly Omit<StreamSchema, "version">[],
): Promise<StreamRecord[]> {
  return inTransaction(pool, async (tx) => {
    const { rowCount } = await tx.query("SELECT FROM sources WHERE id = $1 FOR UPDATE", [source]);
    if (rowCount === 0) throw new PlatformError("not-found", `source ${source} is not registered`);
    const known = new Map((await loadStreams(tx, source)).map((record) => [record.stream, record]));
    const drift: object[] = [];
    const saved = schemas.map((schema): StreamRecord => {
      const before = known.get(schema.stream);
      if (before === undefined)
        return {
          source,
          stream: schema.stream,
          schema: { ...schema, version: 1 },
          state: "waiting",
          rowsRead: 0,
          rowsExpected: null,
          cursor: null,
        };
      const changes = diffSchema(before.schema, schema);
      const version = before.schema.version + (changes.length > 0 ? 1 : 0);
      if (changes.length > 0)
        drift.push({ id: ids.next(), stream: schema.stream, from: before.schema.version, to: version, changes });
      return { ...before, schema: { ...schema, version } };
    });
    await tx.query(
      `INSERT INTO streams (source_id, name, state, state_since, description, schema_version, columns, key_columns)
       SELECT $1, s.stream, 'waiting', $3, s.description, s.version, s.columns, s.key
         FROM jsonb_to_recordset($2::jsonb) AS s (stream text, description text, version int, columns jsonb, key text[])
       ON CONFLICT (source_id, name) DO UPDATE SET description = excluded.description,
         schema_version = excluded.schema_version, columns = excluded.columns, key_columns = excluded.key_columns
       WHERE (streams.description, streams.schema_version, streams.columns, streams.key_columns)
         IS DISTINCT FROM (excluded.description, excluded.schema_version, excluded.columns, excluded.key_columns)`,
      [source, rowsJson(saved.map((record) => record.schema)), clock.now()],
    );
    await tx.query(
      `INSERT INTO drift_items (id, source_id, stream, from_version, to_version, changes, seen_at)
       SELECT d.id, $1, d.stream, d."from", d."to", d.changes, $3
         FROM jsonb_to_recordset($2::jsonb) AS d (id uuid, stream text, "from" int, "to" int, changes jsonb)`,
      [source, rowsJson(drift), clock.now()],
    );
    return saved;
  });
}
