import type { DuckDBConnection } from "@duckdb/node-api";
import { specOf, type Context } from "../context.ts";
import { columnNames, parenthesised } from "../engine.ts";
import { IcebergError } from "../errors.ts";
import { CONTENT, type DataFile } from "../manifest/data-file.ts";
import { currentSchema, type TableMetadata } from "../metadata/table-metadata.ts";
import type { BoundSpec } from "../metadata/partition-spec.ts";
import { sortOrderSql, UNSORTED_ID } from "../metadata/sort-order.ts";
import { flagProperty, numberProperty, parquetCodec, parquetVersion, PROPERTY } from "../properties.ts";
import { duckdbType, fieldIdsArgument, quoteName } from "../schema/duckdb-type.ts";
import { allPlaces, pathOf } from "../schema/schema-path.ts";
import type { Schema } from "../schema/schema.ts";
import { valueFromText } from "../values/bound.ts";
import { copyRows, type CopiedFile } from "./copy-rows.ts";
import { refusingMissingParts } from "./refuse-missing-parts.ts";
import { refuseUnknownParts } from "./refuse-unknown-parts.ts";
import { fileStatistics, type ReturnedStatistics } from "./statistics.ts";

/** Folder of a table's data files. */
export function dataFolder(metadata: TableMetadata): string {
  return (metadata.properties["write.data.path"] ?? `${metadata.location}/data`).replace(/\/+$/, "");
}

/**
 * A SELECT of exactly the table's columns, in order and cast to their types (so HUGEINT sums and the like cannot change
 * the Parquet type). `schema-mismatch` for a column the table lacks, or a required one the query lacks; when it runs,
 * also for a row without a required part of a nested column. `beside` is a column of the query that is not the table's,
 * and what is made of it behind the table's columns.
 */
export async function projectToSchema(
  connection: DuckDBConnection,
  schema: Schema,
  sql: string,
  beside?: { readonly column: string; readonly sql: string },
): Promise<string> {
  const given = new Set((await columnNames(connection, sql)).filter((name) => name !== beside?.column));
  const known = new Set(schema.fields.map((field) => field.name));
  const unknown = [...given].filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new IcebergError(
      "schema-mismatch",
      `the query returns ${unknown.join(", ")}, which the table does not have; add the column or leave it out`,
      { unknown },
    );
  await refuseUnknownParts(connection, schema, sql);
  const columns = schema.fields.map((field) => {
    if (!given.has(field.name) && field.required)
      throw new IcebergError("schema-mismatch", `the query lacks column ${field.name}, which the table requires`, {
        column: field.name,
      });
    const column = `CAST(${given.has(field.name) ? quoteName(field.name) : "NULL"} AS ${duckdbType(field.type)})`;
    return `${refusingMissingParts(field, column)} AS ${quoteName(field.name)}`;
  });
  return `SELECT ${[...columns, ...(beside ? [beside.sql] : [])].join(", ")} FROM ${parenthesised(sql)}`;
}

/** How rows become files; what is left out comes from the table. */
export interface WriteOptions {
  readonly targetBytes?: number;
  readonly spec?: BoundSpec;
  /** Sort terms that take the place of the table's sort order; the files are not called sorted. */
  readonly order?: string | undefined;
  /** Expressions by column that put every row into one partition: rows whose partition they decide are written at once. */
  readonly constants?: Readonly<Record<string, string>> | undefined;
}

/**
 * Writes rows as Parquet data files and makes them durable. `rows` must come from `projectToSchema` or have its shape.
 * Sorted tables get sorted files, unless `write.sort.enabled` is false; without partitions, files are split at the target
 * size; files without rows are not kept.
 */
export async function writeDataFiles(
  context: Context,
  metadata: TableMetadata,
  connection: DuckDBConnection,
  rows: string,
  options: WriteOptions = {},
): Promise<DataFile[]> {
  const schema = currentSchema(metadata);
  const spec = options.spec ?? specOf(metadata, metadata["default-spec-id"]);
  const folder = dataFolder(metadata);
  await context.storage.prepareFolder(folder);
  const ofTable = flagProperty(metadata.properties, "write.sort.enabled", true) ? sortOrderSql(metadata) : null;
  const written = await copyRows(connection, {
    rows,
    spec,
    order: options.order === undefined ? ofTable : { orderId: UNSORTED_ID, sql: options.order },
    target: context.storage.enginePath(folder),
    targetBytes: options.targetBytes ?? numberProperty(metadata.properties, PROPERTY.targetFileBytes),
    copyOptions: [
      "FORMAT parquet",
      `COMPRESSION ${parquetCodec(metadata.properties)}`,
      `PARQUET_VERSION ${parquetVersion(metadata.properties)}`,
      "RETURN_STATS",
      `FIELD_IDS ${fieldIdsArgument(schema)}`,
      "APPEND true",
    ],
    ...(options.constants === undefined ? {} : { constants: options.constants }),
    name: context.uuid,
  });
  const sure = surePlaces(schema);
  const files = written.map((one) => asDataFile(context, metadata, schema, spec, sure, one));
  const empty = files.filter((file) => file.recordCount === 0);
  await Promise.all(empty.map((file) => context.storage.delete(file.path)));
  const kept = files.filter((file) => file.recordCount > 0);
  const nulls = requiredNulls(sure, kept);
  if (nulls !== null) {
    await Promise.all(kept.map((file) => context.storage.delete(file.path)));
    throw new IcebergError("schema-mismatch", `column ${nulls} is required and the query has rows without it`, {
      column: nulls,
    });
  }
  await Promise.all(kept.map((file) => context.storage.sync(file.path)));
  return kept.map((file) => withoutSilencedCounts(file));
}

interface WrittenFile extends DataFile {
  readonly requiredNullCounts: ReadonlyMap<number, number>;
}

function asDataFile(
  context: Context,
  metadata: TableMetadata,
  schema: Schema,
  spec: BoundSpec,
  sure: readonly SurePlace[],
  { row, partition, orderId }: CopiedFile,
): WrittenFile {
  const pairs = (row["column_statistics"] ?? []) as { key: string; value: { key: string; value: string }[] }[];
  const statistics: ReturnedStatistics = new Map(
    pairs.map((pair) => [pair.key, new Map(pair.value.map((entry) => [entry.key, entry.value]))]),
  );
  return {
    content: CONTENT.data,
    path: context.storage.locationOf(String(row["filename"])),
    format: "PARQUET",
    specId: spec.specId,
    partition: spec.fields.map((field, index) => {
      const text = partition[index] ?? null;
      return text === null ? null : valueFromText(field.resultType, text);
    }),
    recordCount: Number(row["count"]),
    sizeBytes: Number(row["file_size_bytes"]),
    sortOrderId: orderId,
    ...fileStatistics(schema, metadata.properties, statistics),
    requiredNullCounts: new Map(
      sure.map((place) => [place.id, Number(statistics.get(place.column)?.get("null_count") ?? 0)]),
    ),
  };
}

/** A primitive that every row must have: required itself, in required structs only. */
interface SurePlace {
  readonly id: number;
  readonly path: string;
  /** As the returned statistics name it. */
  readonly column: string;
}

function surePlaces(schema: Schema): SurePlace[] {
  const places = allPlaces(schema);
  const required = new Map(places.map((place) => [place.id, place.required]));
  return places
    .filter((place) => place.required && !place.repeated && typeof place.type === "string")
    .filter((place) => place.above.every((id) => required.get(id)))
    .map((place) => {
      const names = pathOf(schema, place);
      return { id: place.id, path: names.join("."), column: names.map(quoteName).join(".") };
    });
}

function requiredNulls(sure: readonly SurePlace[], files: readonly WrittenFile[]): string | null {
  for (const place of sure)
    if (files.some((file) => (file.requiredNullCounts.get(place.id) ?? 0) > 0)) return place.path;
  return null;
}

function withoutSilencedCounts({ requiredNullCounts: _checked, ...file }: WrittenFile): DataFile {
  return file;
}
