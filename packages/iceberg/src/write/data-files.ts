import type { DuckDBConnection } from "@duckdb/node-api";
import { specOf, type Context } from "../context.ts";
import { columnNames, parenthesised, query } from "../engine.ts";
import { IcebergError } from "../errors.ts";
import { CONTENT, type DataFile } from "../manifest/data-file.ts";
import { currentSchema, type TableMetadata } from "../metadata/table-metadata.ts";
import type { BoundPartitionField, BoundSpec } from "../metadata/partition-spec.ts";
import { numberProperty, parquetCodec, PROPERTY } from "../properties.ts";
import { duckdbType, fieldIdsArgument, quoteName, quoteText } from "../schema/duckdb-type.ts";
import { parsePrimitive } from "../schema/primitive.ts";
import type { Schema } from "../schema/schema.ts";
import { valueFromText } from "../values/bound.ts";
import { transformSql } from "../values/transform.ts";
import { fileStatistics, type ReturnedStatistics } from "./statistics.ts";

/** Folder of a table's data files. */
export function dataFolder(metadata: TableMetadata): string {
  return (metadata.properties["write.data.path"] ?? `${metadata.location}/data`).replace(/\/+$/, "");
}

/**
 * A SELECT of exactly the table's columns, in order and cast to their types (so HUGEINT sums and the like cannot change
 * the Parquet type). `schema-mismatch` for a column the table lacks, or a required one the query lacks.
 */
export async function projectToSchema(
  connection: DuckDBConnection,
  schema: Schema,
  sql: string,
  ignore: readonly string[] = [],
): Promise<string> {
  const given = new Set((await columnNames(connection, sql)).filter((name) => !ignore.includes(name)));
  const known = new Set(schema.fields.map((field) => field.name));
  const unknown = [...given].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new IcebergError(
      "schema-mismatch",
      `the query returns ${unknown.join(", ")}, which the table does not have; add the column or leave it out`,
      { unknown },
    );
  const columns = schema.fields.map((field) => {
    if (!given.has(field.name) && field.required)
      throw new IcebergError("schema-mismatch", `the query lacks column ${field.name}, which the table requires`, {
        column: field.name,
      });
    return `CAST(${given.has(field.name) ? quoteName(field.name) : "NULL"} AS ${duckdbType(field.type)}) AS ${quoteName(field.name)}`;
  });
  return `SELECT ${columns.join(", ")} FROM ${parenthesised(sql)}`;
}

/**
 * Writes rows as Parquet data files by one COPY and makes them durable. `rows` must come from `projectToSchema` or have
 * its shape. An unpartitioned write is split at the target file size; files without rows are not kept.
 */
export async function writeDataFiles(
  context: Context,
  metadata: TableMetadata,
  connection: DuckDBConnection,
  rows: string,
  options: { targetBytes?: number; spec?: BoundSpec } = {},
): Promise<DataFile[]> {
  const schema = currentSchema(metadata);
  const spec = options.spec ?? specOf(metadata, metadata["default-spec-id"]);
  const folder = dataFolder(metadata);
  await context.storage.prepareFolder(folder);
  const partitioned = spec.fields.length > 0;
  const targetBytes = options.targetBytes ?? numberProperty(metadata.properties, PROPERTY.targetFileBytes);
  const copyOptions = [
    "FORMAT parquet",
    `COMPRESSION ${parquetCodec(metadata.properties)}`,
    "RETURN_STATS",
    `FIELD_IDS ${fieldIdsArgument(schema)}`,
    partitioned
      ? `PARTITION_BY (${spec.fields.map((field) => quoteName(partitionAlias(field))).join(", ")})`
      : `FILE_SIZE_BYTES ${targetBytes}`,
    `FILENAME_PATTERN ${quoteText(`${context.uuid()}-{uuid}`)}`,
    "APPEND true",
  ];
  const source = partitioned ? `SELECT *, ${spec.fields.map(partitionColumn).join(", ")} FROM (${rows})` : rows;
  const written = await query(
    connection,
    `COPY (${source}) TO ${quoteText(context.storage.enginePath(folder))} (${copyOptions.join(", ")})`,
  );
  const files = written.map((row) => asDataFile(context, metadata, schema, spec, row));
  const empty = files.filter((file) => file.recordCount === 0);
  await Promise.all(empty.map((file) => context.storage.delete(file.path)));
  const kept = files.filter((file) => file.recordCount > 0);
  const nulls = requiredNulls(schema, kept);
  if (nulls !== null) {
    await Promise.all(kept.map((file) => context.storage.delete(file.path)));
    throw new IcebergError("schema-mismatch", `column ${nulls} is required and the query has rows without it`, {
      column: nulls,
    });
  }
  await Promise.all(kept.map((file) => context.storage.sync(file.path)));
  return kept.map((file) => withoutSilencedCounts(file));
}

/** The engine drops this column from the file after using its value for the folder. */
const partitionAlias = (field: BoundPartitionField): string => `_partition_${field.fieldId}`;

function partitionColumn(field: BoundPartitionField): string {
  const value = transformSql(field.transform, field.sourceName, field.sourceType);
  const { kind } = parsePrimitive(field.resultType);
  return `${kind === "binary" || kind === "fixed" ? `hex(${value})` : value} AS ${quoteName(partitionAlias(field))}`;
}

interface WrittenFile extends DataFile {
  readonly requiredNullCounts: ReadonlyMap<number, number>;
}

function asDataFile(
  context: Context,
  metadata: TableMetadata,
  schema: Schema,
  spec: BoundSpec,
  row: Record<string, unknown>,
): WrittenFile {
  const pairs = (row["column_statistics"] ?? []) as { key: string; value: { key: string; value: string }[] }[];
  const statistics: ReturnedStatistics = new Map(
    pairs.map((pair) => [pair.key, new Map(pair.value.map((entry) => [entry.key, entry.value]))]),
  );
  const keys = new Map(
    ((row["partition_keys"] ?? []) as { key: string; value: string | null }[]).map((pair) => [pair.key, pair.value]),
  );
  return {
    content: CONTENT.data,
    path: context.storage.locationOf(String(row["filename"])),
    format: "PARQUET",
    specId: spec.specId,
    partition: spec.fields.map((field) => {
      const text = keys.get(partitionAlias(field)) ?? null;
      return text === null ? null : valueFromText(field.resultType, text);
    }),
    recordCount: Number(row["count"]),
    sizeBytes: Number(row["file_size_bytes"]),
    sortOrderId: metadata["default-sort-order-id"],
    ...fileStatistics(schema, metadata.properties, statistics),
    requiredNullCounts: new Map(
      schema.fields
        .filter((field) => field.required && typeof field.type === "string")
        .map((field) => [field.id, Number(statistics.get(quoteName(field.name))?.get("null_count") ?? 0)]),
    ),
  };
}

function requiredNulls(schema: Schema, files: readonly WrittenFile[]): string | null {
  for (const field of schema.fields)
    if (files.some((file) => (file.requiredNullCounts.get(field.id) ?? 0) > 0)) return field.name;
  return null;
}

function withoutSilencedCounts({ requiredNullCounts: _checked, ...file }: WrittenFile): DataFile {
  return file;
}
