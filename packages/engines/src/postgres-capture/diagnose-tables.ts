import type { Finding } from "@nova/pipeline-core/connectors";
import type pg from "pg";
import type { ReplicaIdentity } from "./relation-message.ts";
import { quoteIdentifier } from "./session.ts";

export interface CheckedTable {
  readonly schema: string;
  readonly table: string;
  readonly identity: ReplicaIdentity;
  readonly primary_key: boolean;
  readonly readable: boolean;
  readonly schema_usable: boolean;
  /** Row security applies to the role: its reads would be refused. */
  readonly walled: boolean;
  readonly kind: string;
}

/** Tables of the publication; before there is one, those it would have. */
const TABLES_SQL = `SELECT n.nspname AS schema, c.relname AS "table", c.relreplident AS identity, c.relkind AS kind,
  EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS primary_key,
  has_table_privilege(c.oid, 'SELECT') OR NOT EXISTS (SELECT FROM pg_attribute a JOIN pg_publication_tables t ON t.pubname = $1 AND t.schemaname = n.nspname AND t.tablename = c.relname
     WHERE a.attrelid = c.oid AND a.attname = ANY (t.attnames) AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT'))
     AND EXISTS (SELECT FROM pg_publication_tables t WHERE t.pubname = $1 AND t.schemaname = n.nspname AND t.tablename = c.relname) AS readable,
  has_schema_privilege(n.oid, 'USAGE') AS schema_usable, row_security_active(c.oid) AS walled
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
   AND CASE WHEN $2 THEN EXISTS (SELECT FROM pg_publication_tables t WHERE t.pubname = $1 AND t.schemaname = n.nspname AND t.tablename = c.relname)
            WHEN $3::text[] IS NOT NULL THEN n.nspname || '.' || c.relname = ANY ($3)
            ELSE NOT c.relispartition END
 ORDER BY 1, 2`;

export async function readCheckedTables(
  client: pg.Client,
  publication: string,
  tables: readonly string[] | null,
  published: boolean,
): Promise<CheckedTable[]> {
  const { rows } = await client.query<CheckedTable>(TABLES_SQL, [publication, published, tables]);
  return rows;
}

const nameOf = ({ schema, table }: CheckedTable): string => `${schema}.${table}`;
const sqlOf = ({ schema, table }: CheckedTable): string => `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;

/** Whether the role may read every table; those it may not are named, each with its statement. */
export function readFindings(tables: readonly CheckedTable[], role: string): Finding[] {
  const to = quoteIdentifier(role);
  const findings: Finding[] = [];
  for (const table of tables) {
    if (!table.schema_usable || !table.readable)
      findings.push({
        requirement: `Right to read ${nameOf(table)}`,
        outcome: "wrong",
        found: `${role} may not ${table.schema_usable ? "read it" : `use schema ${table.schema}`}`,
        remedy: `${table.schema_usable ? "" : `GRANT USAGE ON SCHEMA ${quoteIdentifier(table.schema)} TO ${to}; `}GRANT SELECT ON ${sqlOf(table)} TO ${to};`,
      });
    else if (table.walled)
      findings.push({
        requirement: `Right to read ${nameOf(table)}`,
        outcome: "wrong",
        found: "row security would hide rows of it",
        remedy: `ALTER ROLE ${to} BYPASSRLS;`,
      });
  }
  const readable = tables.length - findings.length;
  return [
    {
      requirement: "Rights to read",
      outcome: tables.length === 0 ? "warning" : "ok",
      found: tables.length === 0 ? "there is no table to capture" : `${readable} of ${tables.length} tables`,
      remedy: null,
    },
    ...findings,
  ];
}

/** Whether updates and deletes can be told, and rows be told apart. */
export function identityFindings(tables: readonly CheckedTable[]): Finding[] {
  const findings: Finding[] = [];
  for (const table of tables) {
    const silent = table.identity === "n" || (table.identity === "d" && !table.primary_key);
    if (silent)
      findings.push({
        requirement: `Replica identity of ${nameOf(table)}`,
        outcome: "wrong",
        found:
          "without one the source refuses every UPDATE and DELETE of it once it is published, also those of your application",
        remedy: `ALTER TABLE ${sqlOf(table)} REPLICA IDENTITY FULL;`,
      });
    else if (!table.primary_key && table.identity !== "i")
      findings.push({
        requirement: `Primary key of ${nameOf(table)}`,
        outcome: "warning",
        found: "it has none: equal rows count as one, and a resync reads the table in one piece",
        remedy: null,
      });
  }
  const wrong = findings.filter((each) => each.outcome === "wrong").length;
  if (tables.length > 0)
    findings.unshift({
      requirement: "Keys and replica identities",
      outcome: "ok",
      found: `${tables.length - wrong} of ${tables.length} tables can tell their changes`,
      remedy: null,
    });
  return findings;
}
