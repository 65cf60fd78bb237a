import type { DuckDBConnection } from "@duckdb/node-api";
import { query, run } from "../engine.ts";
import type { BoundPartitionField, BoundSpec } from "../metadata/partition-spec.ts";
import { UNSORTED_ID } from "../metadata/sort-order.ts";
import { columnSql, quoteName, quoteText } from "../schema/duckdb-type.ts";
import { parsePrimitive } from "../schema/primitive.ts";
import { transformSql } from "../values/transform.ts";

/** What COPY said of a file it wrote. */
export interface CopiedFile {
  readonly row: Record<string, unknown>;
  /** Text of the partition values, in the order of the spec's fields. */
  readonly partition: readonly (string | null)[];
  /** Sort order the file's rows are in. */
  readonly orderId: number;
}

interface CopyInput {
  readonly rows: string;
  readonly spec: BoundSpec;
  readonly order: { readonly orderId: number; readonly sql: string } | null;
  /** Folder as the engine knows it. */
  readonly target: string;
  readonly targetBytes: number;
  readonly copyOptions: readonly string[];
  /** Expressions by column that put every row into one partition. */
  readonly constants?: Readonly<Record<string, string>>;
  /** Makes names that no other write uses. */
  readonly name: () => string;
}

/** Writes a query's rows into a folder: one COPY, or, where the files have to be in order, one per file. */
export async function copyRows(connection: DuckDBConnection, input: CopyInput): Promise<CopiedFile[]> {
  const { rows, spec, order, targetBytes } = input;
  if (order !== null) return copySorted(connection, input, order);
  const partition = await onlyPartition(connection, input);
  if (partition === null) return copyPartitions(connection, input, `SELECT *, ${partitionSelect(spec)} FROM (${rows})`);
  const written = await copy(connection, input, rows, [`FILE_SIZE_BYTES ${targetBytes}`]);
  return written.map((row) => ({ row, partition, orderId: UNSORTED_ID }));
}

/** The one partition that all rows are in, where constants decide it: telling them apart row by row costs as much as reading them. */
async function onlyPartition(
  connection: DuckDBConnection,
  { spec, constants = {} }: CopyInput,
): Promise<readonly (string | null)[] | null> {
  if (spec.fields.length === 0) return [];
  if (!spec.fields.every((field) => Object.hasOwn(constants, field.sourcePath[0] ?? ""))) return null;
  const columns = Object.entries(constants).map(([name, value]) => `${value} AS ${quoteName(name)}`);
  const [row] = await query(connection, `SELECT ${partitionSelect(spec)} FROM (SELECT ${columns.join(", ")})`);
  return row === undefined ? null : partitionTexts(spec, row);
}

async function copy(
  connection: DuckDBConnection,
  input: CopyInput,
  source: string,
  extra: readonly string[],
): Promise<Record<string, unknown>[]> {
  const options = [...input.copyOptions, ...extra, `FILENAME_PATTERN ${quoteText(`${input.name()}-{uuid}`)}`];
  return query(connection, `COPY (${source}) TO ${quoteText(input.target)} (${options.join(", ")})`);
}

/** The engine drops this column from the file after using its value for the folder. */
const partitionAlias = (field: BoundPartitionField): string => `_partition_${field.fieldId}`;

function partitionColumn(field: BoundPartitionField): string {
  const value = transformSql(field.transform, columnSql(field.sourcePath), field.sourceType);
  const { kind } = parsePrimitive(field.resultType);
  return `${kind === "binary" || kind === "fixed" ? `hex(${value})` : value} AS ${quoteName(partitionAlias(field))}`;
}

/** Select list of a spec's partition values. */
export function partitionSelect(spec: BoundSpec): string {
  return spec.fields.map(partitionColumn).join(", ");
}

/** Texts of the partition values of a row of `partitionSelect`. */
export function partitionTexts(spec: BoundSpec, row: Record<string, unknown>): (string | null)[] {
  return spec.fields.map((field) => {
    const value = row[partitionAlias(field)] as string | number | null | undefined;
    return value === null || value === undefined ? null : String(value);
  });
}

async function copyPartitions(connection: DuckDBConnection, input: CopyInput, source: string): Promise<CopiedFile[]> {
  const { fields } = input.spec;
  const names = fields.map((field) => quoteName(partitionAlias(field))).join(", ");
  const written = await copy(connection, input, source, [`PARTITION_BY (${names})`]);
  return written.map((row) => {
    const pairs = (row["partition_keys"] ?? []) as { key: string; value: string | null }[];
    const texts = new Map(pairs.map((pair) => [pair.key, pair.value]));
    return { row, partition: fields.map((field) => texts.get(partitionAlias(field)) ?? null), orderId: UNSORTED_ID };
  });
}

/** Above this many partitions a sorted write only clusters: a COPY for each would take too long. */
const SORTED_PARTITIONS = 256;
/** Guess at a row's bytes in a file, until the first file has told. */
const ROW_BYTES = 200;

/**
 * A COPY that makes several files, by partition or by size, gives its rows to several threads and keeps no order. So the
 * rows are sorted once into a temporary table, and every file is a COPY of a range of it, which does keep the order.
 */
async function copySorted(
  connection: DuckDBConnection,
  input: CopyInput,
  order: { orderId: number; sql: string },
): Promise<CopiedFile[]> {
  const { spec } = input;
  const sorted = `_iceberg_sorted_${input.name().replaceAll("-", "")}`;
  const aliases = spec.fields.map((field) => quoteName(partitionAlias(field)));
  const select = spec.fields.length === 0 ? "*" : `*, ${partitionSelect(spec)}`;
  try {
    await run(
      connection,
      `CREATE TEMP TABLE ${sorted} AS SELECT ${select} FROM (${input.rows}) ORDER BY ${[...aliases, order.sql].join(", ")}`,
    );
    const texts = aliases.map((alias) => `, ${alias}::VARCHAR AS ${alias}`).join("");
    const groups = aliases.length === 0 ? "" : ` GROUP BY ${aliases.join(", ")}`;
    const ranges = await query(
      connection,
      `SELECT min(rowid) AS low, max(rowid) AS high${texts} FROM ${sorted}${groups} ORDER BY low LIMIT ${SORTED_PARTITIONS + 1}`,
    );
    if (ranges.length > SORTED_PARTITIONS) return await copyPartitions(connection, input, `SELECT * FROM ${sorted}`);
    const without = aliases.length === 0 ? "*" : `* EXCLUDE (${aliases.join(", ")})`;
    const files: CopiedFile[] = [];
    let rowBytes = ROW_BYTES;
    for (const range of ranges) {
      if (range["low"] === null) continue; // no rows at all
      const high = Number(range["high"]);
      for (let low = Number(range["low"]); low <= high;) {
        const last = Math.min(high, low + Math.max(1, Math.floor(input.targetBytes / rowBytes)) - 1);
        // The ORDER BY matters to engines set to preserve_insertion_order=false; the rows are in that order already.
        const rows = `SELECT ${without} FROM ${sorted} WHERE rowid BETWEEN ${low} AND ${last} ORDER BY rowid`;
        const row = await copyFile(connection, input, rows);
        files.push({ row, partition: partitionTexts(spec, range), orderId: order.orderId });
        rowBytes = Math.max(1, Number(row["file_size_bytes"]) / (last - low + 1));
        low = last + 1;
      }
    }
    return files;
  } finally {
    await run(connection, `DROP TABLE IF EXISTS temp.${sorted}`);
  }
}

/** One file, in the order of the rows. */
async function copyFile(
  connection: DuckDBConnection,
  input: CopyInput,
  rows: string,
): Promise<Record<string, unknown>> {
  const options = input.copyOptions.filter((option) => !option.startsWith("APPEND"));
  const [row] = await query(
    connection,
    `COPY (${rows}) TO ${quoteText(`${input.target}/${input.name()}.parquet`)} (${options.join(", ")})`,
  );
  return row as Record<string, unknown>;
}
