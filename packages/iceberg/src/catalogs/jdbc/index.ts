import type { Pool, PoolClient } from "pg";
import { IcebergError } from "../../errors.ts";
import type { CatalogTransaction, PointerCatalog, PointerSwap, TableIdentifier } from "../catalog.ts";

/**
 * Creates the tables of Iceberg's JDBC catalog, schema V1, as Spark, Trino, Flink and PyIceberg's SqlCatalog use them.
 * `iceberg_type` stays nullable: PyIceberg's table has no such column by default. Idempotent.
 */
export async function ensureJdbcTables(pool: Pool): Promise<void> {
  await pool.query(`CREATE TABLE IF NOT EXISTS iceberg_tables (
    catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL,
    metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5),
    PRIMARY KEY (catalog_name, table_namespace, table_name))`);
  await pool.query(`CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
    catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL,
    property_key VARCHAR(255) NOT NULL, property_value VARCHAR(1000),
    PRIMARY KEY (catalog_name, namespace, property_key))`);
}

const TABLE =
  "catalog_name = $1 AND table_namespace = $2 AND table_name = $3 AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)";

/** Iceberg's JDBC catalog in PostgreSQL: a commit is one compare-and-swap UPDATE, and can carry the caller's own writes. */
export function jdbcCatalog(options: { pool: Pool; catalogName: string }): PointerCatalog {
  const { pool, catalogName } = options;
  const keyOf = (id: TableIdentifier): string[] => [catalogName, id.namespace, id.name];

  return {
    kind: "pointer",
    transactional: true,
    name: catalogName,
    currentMetadata: async (id) => {
      const found = await pool.query<{ metadata_location: string | null }>({
        name: "iceberg-current-metadata",
        text: `SELECT metadata_location FROM iceberg_tables WHERE ${TABLE}`,
        values: keyOf(id),
      });
      return found.rows[0]?.metadata_location ?? null;
    },
    register: async (id, location) => {
      await addNamespace(pool, catalogName, id.namespace, { exists: "true" });
      const added = await pool.query(
        `INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, previous_metadata_location, iceberg_type)
         VALUES ($1, $2, $3, $4, NULL, 'TABLE') ON CONFLICT DO NOTHING`,
        [...keyOf(id), location],
      );
      if (added.rowCount !== 1)
        throw new IcebergError("table-exists", `table ${id.namespace}.${id.name} exists already`, { ...id });
    },
    swap: async (id, change) => swapPointer(pool, keyOf(id), change),
    unregister: async (id) => {
      const gone = await pool.query(`DELETE FROM iceberg_tables WHERE ${TABLE}`, keyOf(id));
      return gone.rowCount === 1;
    },
    listTables: async (namespace) => {
      const found = await pool.query<{ namespace: string; name: string }>(
        `SELECT table_namespace AS namespace, table_name AS name FROM iceberg_tables
         WHERE catalog_name = $1 AND ($2::text IS NULL OR table_namespace = $2) AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)
         ORDER BY table_namespace, table_name`,
        [catalogName, namespace ?? null],
      );
      return found.rows;
    },
    createNamespace: async (namespace, properties = {}) =>
      addNamespace(pool, catalogName, namespace, { exists: "true", ...properties }),
    listNamespaces: async () => {
      const found = await pool.query<{ namespace: string }>(
        `SELECT namespace FROM iceberg_namespace_properties WHERE catalog_name = $1
         UNION SELECT table_namespace FROM iceberg_tables WHERE catalog_name = $1 ORDER BY 1`,
        [catalogName],
      );
      return found.rows.map((row) => row.namespace);
    },
  };
}

async function addNamespace(
  pool: Pool,
  catalogName: string,
  namespace: string,
  properties: Record<string, string>,
): Promise<void> {
  // The key "exists" is what Java and PyIceberg write for a namespace without properties.
  for (const [key, value] of Object.entries(properties))
    await pool.query("INSERT INTO iceberg_namespace_properties VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", [
      catalogName,
      namespace,
      key,
      value,
    ]);
}

async function swapPointer(pool: Pool, key: string[], change: PointerSwap): Promise<boolean> {
  const statement = {
    name: "iceberg-swap-pointer",
    text: `UPDATE iceberg_tables SET metadata_location = $4, previous_metadata_location = $5 WHERE ${TABLE} AND metadata_location = $5`,
    values: [...key, change.next, change.expected],
  };
  if (!change.within) {
    try {
      return (await pool.query(statement)).rowCount === 1;
    } catch (error) {
      throw unknownOutcome(error);
    }
  }
  const client = await pool.connect().catch((error: unknown) => {
    throw new IcebergError("catalog-failed", `cannot reach the catalog: ${(error as Error).message}`, {}, error);
  });
  let broken: Error | undefined;
  try {
    return await swapAndWork(client, statement, change.within);
  } catch (error) {
    broken = await rollback(client);
    throw error;
  } finally {
    client.release(broken);
  }
}

async function swapAndWork(
  client: PoolClient,
  statement: { name: string; text: string; values: unknown[] },
  within: (transaction: CatalogTransaction) => Promise<void>,
): Promise<boolean> {
  await client.query("BEGIN");
  // The row lock taken here makes a rival wait, so `within` runs only for the commit that wins.
  if ((await client.query(statement)).rowCount !== 1) {
    await client.query("ROLLBACK");
    return false;
  }
  await within({
    query: async <R>(text: string, values?: unknown[]) => {
      const result = await client.query(text, values);
      return { rows: result.rows as R[], rowCount: result.rowCount };
    },
  });
  try {
    await client.query("COMMIT");
  } catch (error) {
    throw unknownOutcome(error);
  }
  return true;
}

/** Returns the error that makes the connection unusable, if rolling back failed. */
async function rollback(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query("ROLLBACK");
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** A server that answered with an SQLSTATE has refused the change; a lost connection says nothing about it. */
function unknownOutcome(error: unknown): IcebergError {
  const state = (error as { code?: string }).code;
  const refused =
    typeof state === "string" && /^[0-9A-Z]{5}$/.test(state) && !state.startsWith("08") && !state.startsWith("57");
  const message = (error as Error).message;
  return refused
    ? new IcebergError("catalog-failed", `the catalog refused the commit: ${message}`, { state }, error)
    : new IcebergError("commit-state-unknown", `the catalog's answer to the commit was lost: ${message}`, {}, error);
}
