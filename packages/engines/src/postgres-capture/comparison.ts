import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Compared, ComparedColumn, KeyRange, SourceComparison } from "@nova/pipeline-core/connectors";
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
      const table = (await readTables(client, options.publication)).find((each) => each.stream === compared.stream);
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
        const key = compared.key.map(
          ({ sourceName }) => `${quoteLiteral(sourceName)}, concat(${quoteIdentifier(sourceName)})`,
        );
        const rows = `SELECT ${joined(compared.key)}, json_build_object(${key.join(", ")})::text, ${hashSql(compared)} FROM ${fromTable(table)} WHERE ${whereSql(table, compared, range)}`;
        await pipeline(client.query(copyTo(`COPY (${rows}) TO STDOUT (FORMAT csv)`)), createWriteStream(file));
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

function whereSql(table: SourceTable, { key }: Compared, { after, through }: KeyRange): string {
  const names = `ROW(${key.map(({ sourceName }) => quoteIdentifier(sourceName)).join(", ")})`;
  const values = (texts: readonly string[]): string =>
    `ROW(${key
      .map(({ sourceName }, index) => {
        const type = table.columns.find((column) => column.name === sourceName)?.sourceType ?? "text";
        return `${quoteLiteral(texts[index] ?? "")}::${type}`;
      })
      .join(", ")})`;
  const bounds = [
    ...(table.rowFilter === null ? [] : [`(${table.rowFilter})`]),
    ...(after === null ? [] : [`${names} > ${values(after)}`]),
    ...(through === null ? [] : [`${names} <= ${values(through)}`]),
  ];
  return bounds.length === 0 ? "true" : bounds.join(" AND ");
}
