import { PlatformError } from "@nova/pipeline-core/kernel";
import type pg from "pg";
import { quoteIdentifier } from "./session.ts";

/** Checks what logical replication needs, and says in one sentence which setting to change. */
export async function checkSource(client: pg.Client): Promise<{ readonly serverVersion: number }> {
  const { rows } = await client.query<{
    version: string;
    wal_level: string;
    recovery: boolean;
    may_replicate: boolean;
  }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('wal_level') AS wal_level, pg_is_in_recovery() AS recovery,
       coalesce((SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user), false) AS may_replicate`,
  );
  const [row] = rows;
  if (row === undefined) throw new PlatformError("source-unreachable", "the server did not answer");
  if (Number(row.version) < 140_000) {
    throw new PlatformError(
      "source-misconfigured",
      `PostgreSQL ${row.version} is too old: capture needs version 14 or newer`,
    );
  }
  if (row.wal_level !== "logical") {
    throw new PlatformError(
      "source-misconfigured",
      `wal_level is ${row.wal_level}: set wal_level = logical and restart the source`,
    );
  }
  if (row.recovery) {
    throw new PlatformError("source-misconfigured", "the source is a read replica: give the connection of its primary");
  }
  if (!row.may_replicate) {
    throw new PlatformError(
      "source-misconfigured",
      "the role may not replicate: run ALTER ROLE … REPLICATION on the source",
    );
  }
  return { serverVersion: Number(row.version) };
}

/**
 * Makes the publication when there is none. Changes of partitions come under their root, and from version 18 stored
 * generated columns are published like any other. Needs a superuser for every table; else name the tables.
 */
export async function ensurePublication(
  client: pg.Client,
  publication: string,
  tables: readonly string[] | null,
  serverVersion: number,
): Promise<void> {
  const { rows } = await client.query<{ via_root: boolean; all_changes: boolean }>(
    "SELECT pubviaroot AS via_root, pubinsert AND pubupdate AND pubdelete AND pubtruncate AS all_changes FROM pg_publication WHERE pubname = $1",
    [publication],
  );
  const [existing] = rows;
  if (existing !== undefined) {
    if (!existing.all_changes) {
      throw new PlatformError(
        "source-misconfigured",
        `publication ${publication} leaves out some kinds of change: ALTER PUBLICATION … SET (publish = 'insert, update, delete, truncate')`,
      );
    }
    return;
  }
  const what = await publishedTables(client, tables);
  const generated = serverVersion >= 180_000 ? ", publish_generated_columns = stored" : "";
  await client.query(
    `CREATE PUBLICATION ${quoteIdentifier(publication)} FOR ${what} WITH (publish_via_partition_root = true${generated})`,
  );
}

/**
 * Every table, unless one cannot tell its old rows: publishing it would make the source refuse the application's own updates
 * and deletes of it. Then all others are named, and `diagnose` says what is missing.
 */
async function publishedTables(client: pg.Client, tables: readonly string[] | null): Promise<string> {
  if (tables !== null) return `TABLE ${tables.map(qualifiedName).join(", ")}`;
  const { rows } = await client.query<{ schema: string; table: string; telling: boolean }>(
    `SELECT n.nspname AS schema, c.relname AS "table",
       c.relreplident IN ('f', 'i') OR (c.relreplident = 'd' AND EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)) AS telling
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2`,
  );
  const telling = rows.filter((row) => row.telling);
  if (telling.length === rows.length || telling.length === 0) return "ALL TABLES";
  return `TABLE ${telling.map((row) => `${quoteIdentifier(row.schema)}.${quoteIdentifier(row.table)}`).join(", ")}`;
}

/** Whether every table belongs to it, also one that is made later. */
export async function publishesEverything(client: pg.Client, publication: string): Promise<boolean> {
  const { rows } = await client.query<{ all: boolean }>(
    'SELECT puballtables AS "all" FROM pg_publication WHERE pubname = $1',
    [publication],
  );
  return rows[0]?.all === true;
}

/** `schema.table`, split at the first dot. */
function qualifiedName(stream: string): string {
  const dot = stream.indexOf(".");
  if (dot < 1) throw new PlatformError("invalid-input", `tables: ${stream} must be <schema>.<table>`);
  return `${quoteIdentifier(stream.slice(0, dot))}.${quoteIdentifier(stream.slice(dot + 1))}`;
}
