import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import {
  type CatalogTransaction,
  isIcebergError,
  type Lakehouse,
  type SchemaColumn,
  type Snapshot,
  type Table,
} from "@nova/iceberg";
import { splitDatasetName } from "@nova/pipeline-core/catalog";
import { type Clock, isPlatformError, type Logger, PlatformError, type Transaction } from "@nova/pipeline-core/kernel";
import { createMacrosSql } from "../sql/index.ts";
import type { Comparing } from "./compare-cost.ts";
import type { ScanMeters } from "./scan-meter.ts";

/** What every part of the engine works with. */
export interface Lake {
  readonly lakehouse: Lakehouse;
  readonly instance: DuckDBInstance;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A number no other caller gets: names of scratch databases and tables. */
  readonly nextNumber: () => number;
  readonly meters: ScanMeters;
  readonly comparing: Comparing;
}

/** Milliseconds between two interrupts of what goes on although it was cancelled. */
const INTERRUPTED_EVERY = 100;

/** Gives the work a connection of its own; its temp tables go with it. Aborting `signal` interrupts the query that runs on it. */
export async function withConnection<Result>(
  lake: Lake,
  work: (connection: DuckDBConnection) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  refuseCancelled(signal);
  const connection = await lake.instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    return await interruptible(connection, signal, () => work(connection));
  } catch (error) {
    throw asLakeError(error);
  } finally {
    connection.closeSync();
  }
}

/**
 * Interrupts what runs on the connection once the signal is aborted, and throws `cancelled` then. Again and again: between two
 * statements DuckDB forgets an interrupt, and the next one would run to its end.
 */
async function interruptible<Result>(
  connection: DuckDBConnection,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  refuseCancelled(signal);
  let again: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    connection.interrupt();
    again = setInterval(() => connection.interrupt(), INTERRUPTED_EVERY);
  };
  signal?.addEventListener("abort", interrupt, { once: true });
  try {
    return await work();
  } catch (error) {
    refuseCancelled(signal, error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", interrupt);
    clearInterval(again);
  }
}

/** Throws `cancelled` when the work was: what came of the interrupt says nothing a person needs. */
export function refuseCancelled(signal: AbortSignal | undefined, cause?: unknown): void {
  if (signal?.aborted === true)
    throw new PlatformError("cancelled", "the run was cancelled; nothing was published", { cause });
}

/**
 * A connection that resolves `layer.name` in a scratch database of its own, where models find their inputs as views;
 * Trino's functions are there as macros.
 */
export async function withScratch<Result>(
  lake: Lake,
  work: (connection: DuckDBConnection) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const scratch = `scratch_${lake.nextNumber()}`;
  refuseCancelled(signal);
  return withConnection(lake, async (connection) => {
    await connection.run(`ATTACH ':memory:' AS ${scratch}`);
    try {
      await connection.run(`USE ${scratch}`);
      await connection.run(
        "CREATE SCHEMA raw; CREATE SCHEMA staged; CREATE SCHEMA curated; CREATE SCHEMA mart; CREATE SCHEMA export;",
      );
      await connection.run(createMacrosSql());
      // What tidies up below is not interrupted.
      return await interruptible(connection, signal, () => work(connection));
    } finally {
      await connection.run("USE memory");
      await connection.run(`DETACH ${scratch}`);
    }
  });
}

export async function findTable(lake: Lake, dataset: string): Promise<Table | null> {
  const { layer, table } = splitDatasetName(dataset);
  try {
    return await lake.lakehouse.loadTable({ namespace: layer, name: table });
  } catch (error) {
    if (isIcebergError(error, "table-not-found")) return null;
    throw asLakeError(error);
  }
}

export function snapshotText(table: Table | null): string | null {
  return table?.currentSnapshotId === null || table === null ? null : String(table.currentSnapshotId);
}

/** Newest value of a summary property, looking back from the current snapshot: compaction does not carry it on. */
export function newestProperty(table: Table, name: string): string | null {
  for (const snapshot of lineage(table).toReversed()) {
    const value = snapshot.summary[name];
    if (value !== undefined) return value;
  }
  return null;
}

/** The current snapshot and those it comes from, oldest first. What a rollback left behind is not among them. */
export function lineage(table: Table): readonly Snapshot[] {
  const byId = new Map(table.history.snapshots.map((snapshot) => [snapshot["snapshot-id"], snapshot]));
  const found: Snapshot[] = [];
  let id: bigint | null | undefined = table.currentSnapshotId;
  while (id !== null && id !== undefined) {
    const snapshot = byId.get(id);
    if (snapshot === undefined) break;
    found.push(snapshot);
    id = snapshot["parent-snapshot-id"];
  }
  return found.toReversed();
}

/** Snapshots from after `from` (null: the first one) to the newest, oldest first; null when `from` is not in the history. */
export function snapshotsAfter(table: Table, from: string | null): readonly Snapshot[] | null {
  const snapshots = lineage(table);
  if (from === null) return snapshots;
  const at = snapshots.findIndex((snapshot) => String(snapshot["snapshot-id"]) === from);
  return at < 0 ? null : snapshots.slice(at + 1);
}

export function transactionOf(transaction: CatalogTransaction): Transaction {
  return { query: async (text, values) => transaction.query(text, values === undefined ? undefined : [...values]) };
}

/** A column's type as the platform writes it: `decimal(12,2)`, without the space of Iceberg's JSON. */
export function typeOf({ name, type }: SchemaColumn): string {
  if (typeof type !== "string")
    throw new PlatformError(
      "schema-rejected",
      `column ${name} is nested; the platform keeps nested values as JSON text`,
    );
  return type.replaceAll(" ", "");
}

export function asType(type: string): SchemaColumn["type"] {
  return type as SchemaColumn["type"];
}

/** Errors of the table format and of DuckDB, in the platform's kinds; errors of ours pass as they are. */
export function asLakeError(error: unknown): unknown {
  if (isPlatformError(error)) return error;
  if (isIcebergError(error)) {
    if (isPlatformError(error.cause)) return error.cause;
    switch (error.kind) {
      case "commit-conflict":
      case "commit-state-unknown":
        return new PlatformError("commit-conflict", error.message, { cause: error });
      case "storage-failed":
      case "access-denied":
      case "throttled":
      case "file-missing":
        return new PlatformError("storage-failed", error.message, { cause: error });
      case "catalog-failed":
        return new PlatformError("metadata-unreachable", error.message, { cause: error });
      case "schema-mismatch":
      case "schema-evolution":
        return new PlatformError("schema-rejected", error.message, { cause: error });
      case "duplicate-key":
      case "null-key":
        return new PlatformError("check-failed", error.message, { cause: error });
      default:
        return new PlatformError("engine-failed", error.message, { cause: error });
    }
  }
  return new PlatformError(
    "engine-failed",
    error instanceof Error ? (error.message.split("\n\n")[0] ?? error.message) : String(error),
    { cause: error },
  );
}
