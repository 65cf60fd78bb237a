import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { PlatformError } from "@nova/pipeline-core/kernel";
import pg from "pg";

const MIGRATIONS = new URL("../prisma/migrations/", import.meta.url);

/** Any number will do as long as it is ours alone: "nova" as ASCII. */
const MIGRATION_LOCK = 0x6e6f7661;

export interface MigrationReport {
  /** Names applied by this call, in order; empty when the database was up to date. */
  readonly applied: readonly string[];
  readonly total: number;
}

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings the metadata database to this version of the code. Idempotent; safe when two start at once (the second waits
 * on an advisory lock). Each migration is one transaction with its row in `_prisma_migrations`, so a failure leaves
 * nothing half done; that, and needing no engine at run time, is why Prisma's own runner is not used.
 * Throws `metadata-unreachable` when the server does not answer and `conflict` when the database is newer than the code
 * or an applied migration was edited afterwards.
 */
export async function migrate(connectionString: string, migrations?: readonly Migration[]): Promise<MigrationReport> {
  const known = migrations ?? (await readMigrations());
  const client = new pg.Client({ connectionString, application_name: "nova-migrate" });
  try {
    await client.connect();
  } catch (error) {
    throw new PlatformError("metadata-unreachable", `the metadata PostgreSQL does not answer: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  try {
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query(LEDGER);
    const { rows } = await client.query<{ migration_name: string; checksum: string }>(
      "SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL AND finished_at IS NOT NULL ORDER BY migration_name",
    );
    const pending = pendingMigrations(
      known,
      rows.map((row) => ({ name: row.migration_name, checksum: row.checksum })),
    );
    for (const migration of pending) await apply(client, migration);
    return { applied: pending.map((migration) => migration.name), total: known.length };
  } finally {
    // Ending the connection also gives the advisory lock back.
    await client.end();
  }
}

/** What is still to apply. Throws `conflict` when the database and the code do not share their history. */
export function pendingMigrations<M extends { name: string; checksum: string }>(
  known: readonly M[],
  applied: readonly { name: string; checksum: string }[],
): M[] {
  const byName = new Map(known.map((migration) => [migration.name, migration]));
  for (const row of applied) {
    const migration = byName.get(row.name);
    if (migration === undefined)
      throw new PlatformError(
        "conflict",
        `the database is newer than this version: it has migration ${row.name}; start the newer version, or use another DATABASE_URL`,
      );
    if (migration.checksum !== row.checksum)
      throw new PlatformError(
        "conflict",
        `migration ${row.name} was edited after it had been applied; restore the file and put the change into a new migration`,
      );
  }
  const done = new Set(applied.map((row) => row.name));
  return known.filter((migration) => !done.has(migration.name));
}

/** The checked-in migrations in order of their names, with the SHA-256 of their text as Prisma computes it. */
export async function readMigrations(): Promise<Migration[]> {
  const folders = (await readdir(MIGRATIONS, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const names = folders.map((entry) => entry.name).sort();
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(`${name}/migration.sql`, MIGRATIONS), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query("BEGIN");
    // The simple protocol takes the whole file; migrations hold nothing that PostgreSQL refuses inside a transaction.
    await client.query(migration.sql);
    await client.query(
      "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), now(), 1)",
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw new PlatformError("internal", `migration ${migration.name} failed and was undone: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}

/** Prisma's own table, so that its tools understand the database. */
const LEDGER = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  VARCHAR(36) PRIMARY KEY NOT NULL,
  checksum            VARCHAR(64) NOT NULL,
  finished_at         TIMESTAMPTZ,
  migration_name      VARCHAR(255) NOT NULL,
  logs                TEXT,
  rolled_back_at      TIMESTAMPTZ,
  started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
  applied_steps_count INTEGER NOT NULL DEFAULT 0
)`;
