import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Compared, ComparedColumn, KeyRange, RowKey, SourceComparison } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { readTables, type SourceTable } from "./catalog.ts";
import { captureFailure } from "./failure.ts";
import { connectSession, dropSession, quoteIdentifier, quoteLiteral } from "./session.ts";
import { fromTable } from "./table-sql.ts";

export interface ComparisonOptions {
  readonly connectionString: string;
  readonly publication: string;
}

/** A range that takes longer is a table too large to compare at one go; the source is not kept busy for it. */
const RANGE_TIMEOUT_MILLIS = 60_000;

/** The order database's side of a comparison: PostgreSQL hashes and sums its rows itself, one key range per statement. */
export function postgresComparison(options: ComparisonOptions): SourceComparison {
  const onTable = async <Result>(
    compared: Compared,
    signal: AbortSignal,
    work: (client: pg.Client, table: SourceTable) => Promise<Result>,
  ): Promise<Result> => {
    const client = await connectSession(options.connectionString, "compare");
    const stop = (): void => dropSession(client);
    signal.addEventListener("abort", stop);
    try {
      await client.query(`SET statement_timeout = ${RANGE_TIMEOUT_MILLIS}`);
      const { rows: named } = await client.query<{ oid: number }>(
        "SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname || '.' || c.relname = $1",
        [compared.stream],
      );
      // Two tables may look alike when a name has dots; then all are read.
      const tables = await readTables(client, options.publication, named.length === 1 ? (named[0]?.oid ?? null) : null);
      const table = tables.find((each) => each.stream === compared.stream);
      if (table === undefined)
        throw new PlatformError(
          "source-misconfigured",
          `${compared.stream} is not in publication ${options.publication}`,
        );
      const names = new Set(table.columns.map((column) => column.name));
      const gone = compared.columns.find((column) => !names.has(column.sourceName));
      if (gone !== undefined)
        throw new PlatformError(
          "conflict",
          `${compared.stream}: column ${gone.sourceName} is no longer in the source; compare again when its change has come through`,
        );
      return await work(client, table);
    } catch (error) {
      throw captureFailure(error);
    } finally {
      signal.removeEventListener("abort", stop);
      await client.end().catch(() => undefined);
    }
  };
  return {
    sums: (compared, ranges, signal) =>
      onTable(compared, signal, async (client, table) => {
        const sums = [];
        for (const range of ranges) {
          signal.throwIfAborted();
          const { rows } = await client.query<{ rows: string; sum: string }>(
            `SELECT count(*)::text AS rows, coalesce(sum(${hashSql(compared)}), 0)::text AS sum FROM ${fromTable(table)} WHERE ${whereSql(table, compared, range)}`,
          );
          sums.push({ rows: Number(rows[0]?.rows ?? 0), sum: rows[0]?.sum ?? "0" });
        }
        return sums;
      }),
    writeRows: (compared, range, file, signal) =>
      onTable(compared, signal, async (client, table) => {
        const rows = `SELECT ${joined(compared.key)}, ${keyJsonSql(compared)}::text, ${hashSql(compared)} FROM ${fromTable(table)} WHERE ${whereSql(table, compared, range)}`;
        await pipeline(client.query(copyTo(`COPY (${rows}) TO STDOUT (FORMAT csv)`)), createWriteStream(file));
      }),
    unchanged: (compared, payloads, signal) =>
      onTable(compared, signal, async (client, table) => {
        const { rows } = await client.query<{ key: RowKey }>(unchangedSql(table, compared), [payloads]);
        return rows.map(({ key }) => key);
      }),
  };
}

/**
 * One text per value that the lake's side gives too (`duckdb/compare-rows.ts`): what has no Iceberg type of its own is kept as
 * the output function prints it, which is what `concat` prints. What loads as null there (infinite times, NaN in a decimal) is null.
 */
function textSql({ sourceName, type }: ComparedColumn): string {
  const name = quoteIdentifier(sourceName);
  if (type.startsWith("decimal(")) return `CASE WHEN ${name} <> 'NaN' THEN ${name}::text END`;
  switch (type) {
    case "timestamp":
    case "timestamptz":
      return `CASE WHEN isfinite(${name}) THEN (extract(epoch FROM ${name}) * 1000000)::bigint::text END`;
    case "time":
      return `(extract(epoch FROM ${name}) * 1000000)::bigint::text`;
    case "date":
      return `CASE WHEN isfinite(${name}) THEN (${name} - DATE '1970-01-01')::text END`;
    case "binary":
      return `md5(${name})`;
    case "boolean":
    case "int":
    case "long":
    case "uuid":
      return `${name}::text`;
    default:
      return `CASE WHEN ${name} IS NOT NULL THEN concat(${name}) END`;
  }
}

function joined(columns: readonly ComparedColumn[]): string {
  return columns.map((column) => `coalesce(${textSql(column)}, chr(30))`).join(" || chr(31) || ");
}

function hashSql({ columns }: Compared): string {
  return `('x' || substr(md5(${joined(columns)}), 1, 15))::bit(60)::bigint`;
}

function keyJsonSql({ key }: Compared): string {
  return `json_build_object(${key.map(({ sourceName }) => `${quoteLiteral(sourceName)}, concat(${quoteIdentifier(sourceName)})`).join(", ")})`;
}

/** A payload has the text of every value, as `concat` prints it; of a wide value that did not change it says nothing. */
function unchangedSql(table: SourceTable, compared: Compared): string {
  const told = `"nova told"`;
  const text = (name: string): string => `${told} ->> ${quoteLiteral(name)}`;
  const same = compared.columns.map(({ sourceName }) => {
    const name = quoteIdentifier(sourceName);
    return `(${told} -> ${quoteLiteral(sourceName)} IS NULL OR ${text(sourceName)} IS NOT DISTINCT FROM CASE WHEN ${name} IS NOT NULL THEN concat(${name}) END)`;
  });
  const found = compared.key.map(
    ({ sourceName }) => `${quoteIdentifier(sourceName)} = (${text(sourceName)})::${typeOf(table, sourceName)}`,
  );
  const filter = table.rowFilter === null ? [] : [`(${table.rowFilter})`];
  return `SELECT ${keyJsonSql(compared)} AS key FROM unnest($1::json[]) AS "nova rows" (${told}), ${fromTable(table)} WHERE ${[...found, ...same, ...filter].join(" AND ")}`;
}

function typeOf(table: SourceTable, name: string): string {
  return table.columns.find((column) => column.name === name)?.sourceType ?? "text";
}

function whereSql(table: SourceTable, { key }: Compared, { after, through }: KeyRange): string {
  const names = `ROW(${key.map(({ sourceName }) => quoteIdentifier(sourceName)).join(", ")})`;
  const values = (texts: readonly string[]): string =>
    `ROW(${key
      .map(({ sourceName }, index) => `${quoteLiteral(texts[index] ?? "")}::${typeOf(table, sourceName)}`)
      .join(", ")})`;
  const bounds = [
    ...(table.rowFilter === null ? [] : [`(${table.rowFilter})`]),
    ...(after === null ? [] : [`${names} > ${values(after)}`]),
    ...(through === null ? [] : [`${names} <= ${values(through)}`]),
  ];
  return bounds.length === 0 ? "true" : bounds.join(" AND ");
}
