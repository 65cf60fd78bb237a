import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { DuckDBInstance } from "@duckdb/node-api";
import type { Catalog, TableIdentifier } from "./catalogs/catalog.ts";
import { commitChange, type CommitOptions } from "./commit/commit-change.ts";
import type { StagedChange } from "./commit/staged-change.ts";
import { loadState, stateKey, type Context, type EngineRead, type Failpoint } from "./context.ts";
import { createTable, type CreateTableOptions } from "./create-table.ts";
import { lruCache } from "./lru-cache.ts";
import { onBranch } from "./refs/branch-view.ts";
import { publishSnapshot, type PublishOptions, type PublishOutcome } from "./refs/publish-snapshot.ts";
import type { Storage } from "./storage/storage.ts";
import { Table } from "./table.ts";

export interface LakehouseOptions {
  readonly catalog: Catalog;
  readonly storage: Storage;
  readonly duckdb: DuckDBInstance;
  /** Location prefix of new tables: an absolute folder path or a URI. */
  readonly warehouse: string;
  /** Epoch milliseconds; default the system clock. */
  readonly clock?: () => number;
  /** Names of files; default random version 4. */
  readonly uuid?: () => string;
  /** Positive 63-bit snapshot ids; default random. */
  readonly snapshotId?: () => bigint;
  /** Waits between commit attempts; default a timer. */
  readonly wait?: (milliseconds: number) => Promise<void>;
  /** Jitter in [0, 1); default Math.random. */
  readonly random?: () => number;
  /** Budget for cached metadata and manifests, bytes of memory; default 256 MiB. */
  readonly cacheBytes?: number;
  /** For crash tests: called between the steps of a commit. */
  readonly failpoint?: (name: Failpoint) => void;
  /** Told, while SQL is made, which files and columns it will read at most; costs no look at the files. */
  readonly onRead?: (read: EngineRead) => void;
}

/** Iceberg v2 tables under one catalog and storage. Safe to share; several processes may work on the same tables. */
export interface Lakehouse {
  /** `table-exists` when the name is taken. */
  createTable(id: TableIdentifier, options: CreateTableOptions): Promise<Table>;
  /** `table-not-found` when there is none. Re-reads only what changed. */
  loadTable(id: TableIdentifier): Promise<Table>;
  tableExists(id: TableIdentifier): Promise<boolean>;
  listTables(namespace?: string): Promise<TableIdentifier[]>;
  /** Makes a namespace known; tables make theirs by themselves. Idempotent. */
  createNamespace(namespace: string, properties?: Record<string, string>): Promise<void>;
  listNamespaces(): Promise<string[]>;
  /** Forgets the table; true when there was one. `purge` also removes every file below its location (a catalog service does that itself, when it likes). */
  dropTable(id: TableIdentifier, options?: { purge?: boolean }): Promise<boolean>;
  /**
   * Publishes a staged change atomically on the branch it was staged on (`table.onBranch`), or with `publish: false` as
   * a snapshot that no branch points to (write–audit–publish). When it resolves, the change is durable and visible; when it rejects, nothing
   * happened, except for `commit-state-unknown`, where the catalog's answer was lost, and `work-after-commit-failed`, where all but
   * the work is done. Losing a race is retried inside;
   * `commit-conflict` means that the decision itself is outdated: discard and stage again. Staged files stay until
   * `discard()` after a rejection. Not idempotent.
   */
  commit(staged: StagedChange, options?: CommitOptions): Promise<{ snapshotId: bigint; table: Table }>;
  /**
   * Shows readers of a branch (main) a snapshot that was committed with `publish: false`: by moving the branch when the
   * snapshot was made on its head, else by committing the same files again when the snapshot only appends
   * ("cherry-picked", another snapshot id). `commit-conflict` for everything else: its decision is outdated, stage again.
   * Idempotent: a second call says "already-published" and changes nothing.
   */
  publishSnapshot(
    id: TableIdentifier,
    snapshotId: bigint | string,
    options?: PublishOptions,
  ): Promise<{ snapshotId: bigint; outcome: PublishOutcome; table: Table }>;
}

/** Opens a lakehouse; nothing is read until a table is asked for. */
export function openLakehouse(options: LakehouseOptions): Lakehouse {
  const context: Context = {
    catalog: options.catalog,
    storage: options.storage,
    duckdb: options.duckdb,
    warehouse: options.storage.normalise(options.warehouse).replace(/\/+$/, ""),
    now: options.clock ?? Date.now,
    uuid: options.uuid ?? randomUUID,
    snapshotId: options.snapshotId ?? (() => randomBytes(8).readBigUInt64LE() >> 1n || 1n),
    wait: options.wait ?? (async (milliseconds) => sleep(milliseconds)),
    random: options.random ?? Math.random,
    files: lruCache(options.cacheBytes ?? 256 * 1024 * 1024),
    heads: new Map(),
    failpoint: options.failpoint ?? (() => undefined),
    onRead: options.onRead,
  };
  return {
    createTable: async (id, table) => new Table(context, await createTable(context, id, table)),
    loadTable: async (id) => new Table(context, await loadState(context, id)),
    tableExists: async (id) => (await context.catalog.currentMetadata(id)) !== null,
    listTables: async (namespace) => context.catalog.listTables(namespace),
    createNamespace: async (namespace, properties) => context.catalog.createNamespace(namespace, properties),
    listNamespaces: async () => context.catalog.listNamespaces(),
    dropTable: async (id, { purge = false } = {}) => {
      const location =
        purge && context.catalog.kind === "pointer" && (await context.catalog.currentMetadata(id)) !== null
          ? (await loadState(context, id)).metadata.location
          : null;
      const dropped = await context.catalog.unregister(id, { purge });
      context.heads.delete(stateKey(id));
      if (location !== null)
        for await (const file of context.storage.list(location)) await context.storage.delete(file.location);
      return dropped;
    },
    commit: async (staged, commitOptions = {}) => {
      const state = await commitChange(context, staged, commitOptions);
      return { snapshotId: staged.snapshotId, table: new Table(context, onBranch(state, staged.branch)) };
    },
    publishSnapshot: async (id, snapshotId, publishOptions = {}) => {
      const { state, ...done } = await publishSnapshot(context, id, BigInt(snapshotId), publishOptions);
      return { ...done, table: new Table(context, state) };
    },
  };
}
