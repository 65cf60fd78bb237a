import { PlatformError } from "@nova/pipeline-core/kernel";
import type { PiiRule, StreamSchema } from "@nova/pipeline-core/connectors";
import type pg from "pg";
import { icebergType } from "./column-type.ts";
import type { RelationMessage, ReplicaIdentity } from "./relation-message.ts";

/** A published table as it stands in the source's catalog now. */
export interface SourceTable {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly stream: string;
  readonly description: string;
  /** A partitioned table whose partitions publish under its name. */
  readonly partitioned: boolean;
  readonly replicaIdentity: ReplicaIdentity;
  /** Published columns in the table's order. */
  readonly columns: readonly SourceColumn[];
  /** Columns that identify a row in the stream; empty when the table has no key. */
  readonly key: readonly string[];
  /** Estimated rows, for progress; null when the planner has no figure. */
  readonly estimatedRows: number | null;
  /** The publication's row filter as SQL; null when every row is published. */
  readonly rowFilter: string | null;
  /** `shapeOf` the relation message that the source would send now. */
  readonly shape: string;
}

export interface SourceColumn {
  readonly name: string;
  readonly sourceType: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly description: string;
}

export function streamName(schema: string, table: string): string {
  return `${schema}.${table}`;
}

/** Follows domains down to the type they are made of. */
const BASE_TYPES = `
  base AS (
    SELECT t.oid AS start, t.oid, t.typname, t.typnamespace, t.typtype, t.typbasetype, t.typtypmod, NULL::int AS modifier FROM pg_type t
    UNION ALL
    SELECT b.start, t.oid, t.typname, t.typnamespace, t.typtype, t.typbasetype, t.typtypmod, coalesce(nullif(b.typtypmod, -1), b.modifier)
    FROM base b JOIN pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd'
  ),
  resolved AS (
    SELECT b.start, b.typname AS base_name, n.nspname AS base_schema, b.modifier AS domain_modifier
    FROM base b JOIN pg_namespace n ON n.oid = b.typnamespace WHERE b.typtype <> 'd'
  )`;

const TABLES_SQL = `
WITH RECURSIVE ${BASE_TYPES},
published AS (
  SELECT p.schemaname, p.tablename, p.attnames, p.rowfilter, c.oid, c.relreplident, c.reltuples, c.relkind
  FROM pg_publication_tables p
  JOIN pg_namespace n ON n.nspname = p.schemaname
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
  WHERE p.pubname = $1 AND ($2::oid IS NULL OR c.oid = $2)
)
SELECT p.oid::int8::text AS oid, p.schemaname AS schema, p.tablename AS "table", p.relreplident AS identity, p.rowfilter AS "rowFilter", p.relkind = 'p' AS partitioned,
  coalesce(obj_description(p.oid, 'pg_class'), '') AS description,
  CASE WHEN p.relkind = 'p'
    THEN (SELECT sum(c.reltuples) FILTER (WHERE c.reltuples >= 0) FROM pg_partition_tree(p.oid) t JOIN pg_class c ON c.oid = t.relid WHERE t.isleaf)
    ELSE nullif(p.reltuples, -1) END::float8 AS estimated,
  coalesce((SELECT json_agg(json_build_object('name', a.attname, 'sourceType', format_type(a.atttypid, a.atttypmod), 'nullable', NOT a.attnotnull,
      'description', coalesce(col_description(p.oid, a.attnum), ''), 'base', r.base_name, 'baseSchema', r.base_schema,
      'modifier', coalesce(r.domain_modifier, a.atttypmod), 'typeOid', a.atttypid::int8, 'typeModifier', a.atttypmod) ORDER BY a.attnum)
    FROM pg_attribute a JOIN resolved r ON r.start = a.atttypid
    WHERE a.attrelid = p.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY (p.attnames)), '[]') AS columns,
  coalesce((SELECT json_agg(a.attname ORDER BY k.place)
    FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = p.oid AND k.place <= i.indnkeyatts
      AND CASE p.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END), '[]') AS key
FROM published p ORDER BY 2, 3`;

interface TableRow extends pg.QueryResultRow {
  oid: string;
  schema: string;
  table: string;
  identity: ReplicaIdentity;
  rowFilter: string | null;
  partitioned: boolean;
  description: string;
  estimated: number | null;
  columns: {
    name: string;
    sourceType: string;
    nullable: boolean;
    description: string;
    base: string;
    baseSchema: string;
    modifier: number;
    typeOid: number;
    typeModifier: number;
  }[];
  key: string[];
}

/** The tables of a publication; with `oid` only that one. Partitions stand under their root when it publishes so. */
export async function readTables(
  client: pg.Client,
  publication: string,
  oid: number | null = null,
): Promise<SourceTable[]> {
  const { rows } = await client.query<TableRow>(TABLES_SQL, [publication, oid]);
  return rows.map((row) => {
    const columns = row.columns.map((column) => ({
      name: column.name,
      sourceType: column.sourceType,
      type: icebergType({ name: column.base, schema: column.baseSchema, modifier: column.modifier }),
      nullable: column.nullable,
      description: column.description,
    }));
    // A key whose columns are not all published cannot identify a row.
    const complete = row.key.every((name) => columns.some((column) => column.name === name));
    return {
      oid: Number(row.oid),
      schema: row.schema,
      table: row.table,
      stream: streamName(row.schema, row.table),
      description: row.description,
      partitioned: row.partitioned,
      replicaIdentity: row.identity,
      columns,
      key: complete ? row.key : [],
      estimatedRows: row.estimated,
      rowFilter: row.rowFilter,
      shape: shapeOf({
        replicaIdentity: row.identity,
        columns: row.columns.map(({ name, typeOid, typeModifier }) => ({
          name,
          typeOid,
          typeModifier,
          identity: row.identity === "f" || (row.identity !== "n" && row.key.includes(name)),
        })),
      }),
    };
  });
}

/** Stream names of the tables of a publication. */
export async function publishedNames(client: pg.Client, publication: string): Promise<Set<string>> {
  const { rows } = await client.query<{ schema: string; table: string }>(
    'SELECT schemaname AS schema, tablename AS "table" FROM pg_publication_tables WHERE pubname = $1',
    [publication],
  );
  return new Set(rows.map((row) => streamName(row.schema, row.table)));
}

const RELATION_TYPES_SQL = `
WITH RECURSIVE ${BASE_TYPES}
SELECT format_type(c.oid, c.modifier) AS "sourceType", r.base_name AS base, r.base_schema AS "baseSchema", coalesce(r.domain_modifier, c.modifier) AS modifier
FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS c(oid, modifier, place) LEFT JOIN resolved r ON r.start = c.oid ORDER BY c.place`;

/**
 * The table as the stream describes it at this very position, which may be older than the catalog: names and types come from
 * the message, what it does not carry (comments, nullability, key under identity "full") from the catalog as it is now.
 */
export async function describeRelation(
  client: pg.Client,
  publication: string,
  relation: RelationMessage,
): Promise<SourceTable> {
  const [now] = await readTables(client, publication, relation.oid);
  const { rows } = await client.query<{
    sourceType: string;
    base: string | null;
    baseSchema: string | null;
    modifier: number;
  }>(RELATION_TYPES_SQL, [
    relation.columns.map((column) => column.typeOid),
    relation.columns.map((column) => column.typeModifier),
  ]);
  const columns = relation.columns.map((column, index) => {
    const type = rows[index];
    if (type === undefined) throw new PlatformError("internal", `no type was read for column ${column.name}`);
    const current = now?.columns.find((each) => each.name === column.name);
    return {
      name: column.name,
      sourceType: type.sourceType,
      type:
        type.base === null
          ? "string"
          : icebergType({ name: type.base, schema: type.baseSchema ?? "", modifier: type.modifier }),
      nullable: current?.nullable ?? true,
      description: current?.description ?? "",
    };
  });
  return {
    oid: relation.oid,
    schema: relation.schema,
    table: relation.table,
    stream: streamName(relation.schema, relation.table),
    description: now?.description ?? "",
    partitioned: now?.partitioned ?? false,
    replicaIdentity: relation.replicaIdentity,
    columns,
    key: relationKey(relation, now?.key ?? []),
    estimatedRows: now?.estimatedRows ?? null,
    rowFilter: now?.rowFilter ?? null,
    shape: shapeOf(relation),
  };
}

/** Under identity "full" every column is flagged, so the key is the primary key the catalog knows; else the flagged columns. */
export function relationKey(relation: RelationMessage, catalogKey: readonly string[]): readonly string[] {
  const names = relation.columns.filter((column) => column.identity).map((column) => column.name);
  const known = catalogKey.every((name) => relation.columns.some((column) => column.name === name));
  switch (relation.replicaIdentity) {
    case "f":
    case "n":
      return known ? catalogKey : [];
    case "d":
    case "i":
      return known && sameSet(catalogKey, names) ? catalogKey : names;
  }
}

function sameSet(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/**
 * What a relation message says about a table, as one comparable text: when it equals the catalog's, nothing has to be read
 * from the source before its rows are taken.
 */
export function shapeOf(relation: Pick<RelationMessage, "replicaIdentity" | "columns">): string {
  return JSON.stringify([
    relation.replicaIdentity,
    relation.columns.map((column) => [column.name, column.typeOid, column.typeModifier, column.identity]),
  ]);
}

export function streamSchema(table: SourceTable, piiRule: PiiRule): Omit<StreamSchema, "version"> {
  return {
    stream: table.stream,
    description: table.description,
    key: table.key,
    columns: table.columns.map((column) => ({ ...column, pii: piiRule(table.stream, column.name) })),
  };
}
