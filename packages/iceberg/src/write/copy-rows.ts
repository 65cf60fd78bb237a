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
  /** Makes names that no other write uses. */
  readonly name: () => string;
}

/** Above this many partitions a sorted write only clusters: one COPY per partition would read the rows too often. */
const SORTED_PARTITIONS = 64;

/** Writes a query's rows into a folder: one COPY, or one per partition where each file has to be in order. */
export async function copyRows(connection: DuckDBConnection, input: CopyInput): Promise<CopiedFile[]> {
  const { rows, spec, order, targetBytes } = input;
  if (spec.fields.length === 0) {
    const source = order === null ? rows : `SELECT * FROM (${rows}) ORDER BY ${order.sql}`;
    const written = await copy(connection, input, source, [`FILE_SIZE_BYTES ${targetBytes}`]);
    return written.map((row) => ({ row, partition: [], orderId: order?.orderId ?? UNSORTED_ID }));
  }
  if (order !== null) return copySorted(connection, input, order);
  return copyPartitions(connection, input, `SELECT *, ${partitionSelect(spec)} FROM (${rows})`);
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

/** A partitioned COPY does not keep the order of its rows, so each partition is written by a COPY of its own. */
async function copySorted(
  connection: DuckDBConnection,
  input: CopyInput,
  order: { orderId: number; sql: string },
): Promise<CopiedFile[]> {
  const { fields } = input.spec;
  const id = input.name().replaceAll("-", "");
  const [source, tuples] = [`_iceberg_sort_${id}`, `_iceberg_partitions_${id}`];
  const aliases = fields.map((field) => quoteName(partitionAlias(field)));
  try {
    await run(
      connection,
      `CREATE TEMP TABLE ${source} AS SELECT *, ${partitionSelect(input.spec)} FROM (${input.rows})`,
    );
    await run(
      connection,
      `CREATE TEMP TABLE ${tuples} AS SELECT row_number() OVER () AS _partition, * FROM (SELECT DISTINCT ${aliases.join(", ")} FROM ${source} ORDER BY ALL)`,
    );
    const partitions = await query(
      connection,
      `SELECT _partition, ${aliases.map((alias) => `${alias}::VARCHAR AS ${alias}`).join(", ")} FROM ${tuples} ORDER BY _partition LIMIT ${SORTED_PARTITIONS + 1}`,
    );
    if (partitions.length > SORTED_PARTITIONS)
      return await copyPartitions(
        connection,
        input,
        `SELECT * FROM ${source} ORDER BY ${aliases.join(", ")}, ${order.sql}`,
      );
    const same = aliases.map((alias) => `s.${alias} IS NOT DISTINCT FROM p.${alias}`).join(" AND ");
    const files: CopiedFile[] = [];
    for (const partition of partitions) {
      const one = `SELECT s.* EXCLUDE (${aliases.join(", ")}) FROM ${source} s SEMI JOIN (SELECT * FROM ${tuples} WHERE _partition = ${Number(partition["_partition"])}) p ON ${same} ORDER BY ${order.sql}`;
      const written = await copy(connection, input, one, [`FILE_SIZE_BYTES ${input.targetBytes}`]);
      const texts = partitionTexts(input.spec, partition);
      files.push(...written.map((row) => ({ row, partition: texts, orderId: order.orderId })));
    }
    return files;
  } finally {
    await run(connection, `DROP TABLE IF EXISTS temp.${source}`);
    await run(connection, `DROP TABLE IF EXISTS temp.${tuples}`);
  }
}
