import type { DuckDBConnection } from "@duckdb/node-api";
import { stageChange } from "../commit/stage.ts";
import type { StagedChange } from "../commit/staged-change.ts";
import { specOf, type Context, type TableState } from "../context.ts";
import { query } from "../engine.ts";
import { IcebergError, isIcebergError } from "../errors.ts";
import { CONTENT, type DataFile, type ManifestEntry } from "../manifest/data-file.ts";
import type { BoundSpec } from "../metadata/partition-spec.ts";
import { UNSORTED_ID } from "../metadata/sort-order.ts";
import { currentSchema, currentSnapshot, type TableMetadata } from "../metadata/table-metadata.ts";
import { footers, noteShape, withMapping, type FileShape } from "../read/file-shape.ts";
import { planFiles } from "../read/plan-files.ts";
import { readParquet } from "../read/scan-sql.ts";
import { quoteName, quoteText } from "../schema/duckdb-type.ts";
import { nameMappingOf } from "../schema/name-mapping.ts";
import type { Schema } from "../schema/schema.ts";
import { valueFromText } from "../values/bound.ts";
import { partitionSelect, partitionTexts } from "./copy-rows.ts";
import { footerStatistics } from "./footer-statistics.ts";
import { withLocalFiles } from "../read/local-files.ts";
import { refuseOtherShape } from "./refuse-other-shape.ts";
import { fileStatistics } from "./statistics.ts";

export interface AddFilesInput {
  readonly connection: DuckDBConnection;
  /** Parquet files below the storage's root; each must not be in the table yet. */
  readonly locations: readonly string[];
}

/** See `Table.stageAddFiles`. */
export async function stageAddFiles(context: Context, state: TableState, input: AddFilesInput): Promise<StagedChange> {
  const { metadata } = state;
  const schema = currentSchema(metadata);
  const locations = input.locations.map((location) => context.storage.normalise(location));
  await refuseKnown(context, metadata, locations);
  const mapping = nameMappingOf(metadata.properties);
  const spec = specOf(metadata, metadata["default-spec-id"]);
  const added: DataFile[] = [];
  for (const location of locations) {
    const bare = await footerOf(context, location);
    if (!bare.hasIds && mapping === null)
      throw new IcebergError(
        "schema-mismatch",
        `${location} has no field ids and the table has no name mapping; call setNameMapping() first`,
        { location },
      );
    const shape = mapping === null ? bare : withMapping(bare, mapping);
    refuseOtherShape(schema, shape, location);
    const read = async (): Promise<DataFile> =>
      dataFile(context, metadata, input.connection, { location, shape, schema, spec });
    added.push(await withLocalFiles(context, [location], read));
  }
  const staged = stageChange(context, state, {
    operation: "append",
    concurrency: "no-new-rows",
    addedDataFiles: added,
  });
  // The files were there before: they are not this change's to remove.
  return { ...staged, discard: async () => undefined };
}

async function footerOf(context: Context, location: string): Promise<FileShape> {
  try {
    return (await footers(context, [location])).get(location) as FileShape;
  } catch (error) {
    if (!isIcebergError(error, "engine-failed") && !isIcebergError(error, "invalid-input")) throw error;
    throw new IcebergError(
      "invalid-input",
      `${location} is not there or no Parquet file; check the location`,
      { location },
      error,
    );
  }
}

/** A data file path is live at most once (spec "Manifests"). */
async function refuseKnown(context: Context, metadata: TableMetadata, locations: readonly string[]): Promise<void> {
  const planned = await planFiles(context, metadata, currentSchema(metadata), currentSnapshot(metadata));
  const known = new Set(planned.map((file) => file.entry.file.path));
  const twice = locations.find((location, index) => known.has(location) || locations.indexOf(location) !== index);
  if (twice !== undefined)
    throw new IcebergError("invalid-input", `${twice} is in the table already or named twice; leave it out`, {
      location: twice,
    });
}

async function dataFile(
  context: Context,
  metadata: TableMetadata,
  connection: DuckDBConnection,
  source: { location: string; shape: FileShape; schema: Schema; spec: BoundSpec },
): Promise<DataFile> {
  const { location, shape, schema, spec } = source;
  const path = quoteText(context.storage.enginePath(location));
  const [footer] = await query(connection, `SELECT num_rows, file_size_bytes FROM parquet_file_metadata(${path})`);
  const file: DataFile = {
    content: CONTENT.data,
    path: location,
    format: "PARQUET",
    specId: spec.specId,
    partition: [],
    recordCount: Number(footer?.["num_rows"]),
    sizeBytes: Number(footer?.["file_size_bytes"]),
    sortOrderId: UNSORTED_ID,
  };
  noteShape(file, shape);
  const entry: ManifestEntry = {
    status: 1,
    snapshotId: 0n,
    sequenceNumber: 0,
    fileSequenceNumber: 0,
    file,
  };
  const rows = readParquet(context, [entry], schema.fields);
  const required = schema.fields.filter((field) => field.required).map((field) => field.name);
  const statistics = await footerStatistics(connection, path, schema, shape);
  const missing = await firstWithNulls(connection, rows, required);
  if (missing !== null)
    throw new IcebergError(
      "schema-mismatch",
      `${location}: column ${missing} is required and has rows without a value`,
      {
        location,
        column: missing,
      },
    );
  const partition = await partitionOf(connection, rows, spec, location);
  const complete = { ...file, partition, ...fileStatistics(schema, metadata.properties, statistics) };
  noteShape(complete, shape);
  return complete;
}

async function firstWithNulls(
  connection: DuckDBConnection,
  rows: string,
  required: readonly string[],
): Promise<string | null> {
  if (required.length === 0) return null;
  const counts = required.map((name, index) => `count(*) FILTER (t.${quoteName(name)} IS NULL) AS c${index}`);
  const [row] = await query(connection, `SELECT ${counts.join(", ")} FROM ${rows} t`);
  return required.find((_name, index) => Number(row?.[`c${index}`]) > 0) ?? null;
}

/** The one partition tuple of a file's rows. */
async function partitionOf(
  connection: DuckDBConnection,
  rows: string,
  spec: BoundSpec,
  location: string,
): Promise<DataFile["partition"]> {
  if (spec.fields.length === 0) return [];
  const tuples = await query(connection, `SELECT DISTINCT ${partitionSelect(spec)} FROM ${rows} t LIMIT 2`);
  if (tuples.length > 1)
    throw new IcebergError(
      "invalid-input",
      `${location} holds rows of several partitions; append its rows by a query instead`,
      { location },
    );
  return partitionTexts(spec, tuples[0] ?? {}).map((text, index) =>
    text === null ? null : valueFromText(spec.fields[index]?.resultType as string, text),
  );
}
