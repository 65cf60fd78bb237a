import type { DuckDBConnection, DuckDBDataChunk, DuckDBValue } from "@duckdb/node-api";
import type { Context, TableState } from "../context.ts";
import { chunks, rowBatches } from "../engine.ts";
import { IcebergError } from "../errors.ts";
import { CONTENT } from "../manifest/data-file.ts";
import { currentSchema, schemaById } from "../metadata/table-metadata.ts";
import { quoteName } from "../schema/duckdb-type.ts";
import { columnsOf, fieldNamed, type NestedField, type Schema, type SchemaColumn } from "../schema/schema.ts";
import { filterSql, type Filter } from "./filter.ts";
import { planFiles, type PlannedFile } from "./plan-files.ts";
import { resolveSnapshot, type SnapshotChoice } from "./resolve-snapshot.ts";
import { fileRead, liveRowsSql } from "./scan-sql.ts";
import { filesOf, heldFiles } from "./local-files.ts";

export interface ScanOptions extends SnapshotChoice {
  /** Columns to return, in this order; all when left out. */
  readonly columns?: readonly string[] | undefined;
  /** Rows to return; also prunes files. */
  readonly filter?: Filter | undefined;
}

/** A data file of a scan, as callers see it. */
export interface ScanFile {
  readonly path: string;
  readonly recordCount: number;
  readonly sizeBytes: number;
  /** Compressed bytes of each column that the scan returns; null when the manifest does not know them. */
  readonly columnBytes: ReadonlyMap<string, number> | null;
  readonly deleteFiles: readonly {
    readonly path: string;
    readonly content: "position" | "equality";
    readonly recordCount: number;
    readonly sizeBytes: number;
  }[];
}

/** Some rows of a scan, by column. */
export interface ScanBatch {
  readonly rowCount: number;
  /** Values of a column in row order, as DuckDB's own values (bigints, decimals, dates without loss). */
  column(name: string): readonly DuckDBValue[];
  /** The engine's chunk itself, columns in the order of `scan.columns`. */
  readonly chunk: DuckDBDataChunk;
}

/** A read of one snapshot. Immutable: it sees the same rows for as long as the snapshot is not expired. */
export interface Scan {
  readonly snapshotId: bigint | null;
  /** Columns the scan returns. */
  readonly columns: readonly SchemaColumn[];
  /** A parenthesised SELECT that any DuckDB connection can embed in FROM. */
  toSql(): Promise<string>;
  /**
   * Says that SQL handed out by `toSql` is not run any more. Matters where files are copied for the engine (S3): copies
   * are kept until then, or until the storage's `leaseMs` is over. Idempotent; the scan can be used again.
   */
  readonly release: () => void;
  files(): Promise<readonly ScanFile[]>;
  /** Rows in columnar batches of at most 2,048; the engine computes the next one when it is asked for. */
  batches(connection: DuckDBConnection): AsyncIterable<ScanBatch>;
  /** Rows in batches, as DuckDB's JavaScript values keyed by column. */
  rows(connection: DuckDBConnection): AsyncIterable<Record<string, unknown>[]>;
}

/** A scan of a table state. Time travel reads with the snapshot's own schema; a branch's head and main with the current one. */
export function scanTable(context: Context, state: TableState, options: ScanOptions): Scan {
  const { metadata } = state;
  const snapshot = resolveSnapshot(metadata, options);
  const travels =
    (options.snapshotId !== undefined && options.snapshotId !== null) ||
    options.asOf !== undefined ||
    metadata.refs[options.ref ?? ""]?.type === "tag";
  const schema =
    travels && snapshot?.["schema-id"] !== undefined
      ? schemaById(metadata, snapshot["schema-id"])
      : currentSchema(metadata);
  const output = selected(schema, options.columns);
  const condition = options.filter === undefined ? null : filterSql(options.filter, schema);
  let planned: Promise<PlannedFile[]> | undefined;
  const plan = (): Promise<PlannedFile[]> =>
    (planned ??= planFiles(context, metadata, schema, snapshot, options.filter));

  const held = heldFiles(context);
  const sqlOf = (files: readonly PlannedFile[]): string => {
    if (condition === null) return `(${liveRowsSql(context, schema, files, output)})`;
    const columns = output.map((field) => quoteName(field.name)).join(", ");
    return `(SELECT ${columns} FROM (${liveRowsSql(context, schema, files, schema.fields)}) WHERE ${condition})`;
  };
  const toSql = async (): Promise<string> => {
    const files = await plan();
    await held.hold(filesOf(files));
    return sqlOf(files);
  };
  return {
    snapshotId: snapshot?.["snapshot-id"] ?? null,
    columns: columnsOf({ type: "struct", fields: output }),
    toSql,
    release: held.release,
    files: async () => (await plan()).map((file) => asScanFile(file, output)),
    batches: async function* (connection) {
      const names = new Map(output.map((field, index) => [field.name, index]));
      const files = await plan();
      const lease = await context.storage.ensureLocal(filesOf(files));
      try {
        for await (const chunk of chunks(connection, `SELECT * FROM ${sqlOf(files)}`))
          yield { rowCount: chunk.rowCount, chunk, column: (name) => chunk.getColumnValues(indexOf(names, name)) };
      } finally {
        lease.release();
      }
    },
    rows: async function* (connection) {
      const files = await plan();
      const lease = await context.storage.ensureLocal(filesOf(files));
      try {
        yield* rowBatches(connection, `SELECT * FROM ${sqlOf(files)}`);
      } finally {
        lease.release();
      }
    },
  };
}

function indexOf(names: ReadonlyMap<string, number>, name: string): number {
  const index = names.get(name);
  if (index === undefined)
    throw new IcebergError("invalid-input", `the scan does not return column ${name}`, { column: name });
  return index;
}

function selected(schema: Schema, columns: readonly string[] | undefined): readonly NestedField[] {
  if (!columns) return schema.fields;
  if (columns.length === 0) throw new IcebergError("invalid-input", "a scan needs at least one column");
  return columns.map((name) => {
    const field = fieldNamed(schema, name);
    if (!field) throw new IcebergError("invalid-input", `the table has no column ${name}`, { column: name });
    return field;
  });
}

function asScanFile({ entry, deletes }: PlannedFile, fields: readonly NestedField[]): ScanFile {
  return {
    path: entry.file.path,
    recordCount: entry.file.recordCount,
    sizeBytes: entry.file.sizeBytes,
    columnBytes: fileRead(entry, fields).columns,
    deleteFiles: deletes.map(({ file }) => ({
      path: file.path,
      content: file.content === CONTENT.positionDeletes ? "position" : "equality",
      recordCount: file.recordCount,
      sizeBytes: file.sizeBytes,
    })),
  };
}
