import type { DuckDBInstance } from "@duckdb/node-api";
import type { Catalog, TableIdentifier } from "./catalogs/catalog.ts";
import { decodeManifest } from "./manifest/manifest.ts";
import { decodeManifestList } from "./manifest/manifest-list.ts";
import type { ManifestEntry, ManifestFile } from "./manifest/data-file.ts";
import { bindSpec, type BoundSpec } from "./metadata/partition-spec.ts";
import { parseMetadata } from "./metadata/metadata-json.ts";
import { currentSchema, type Snapshot, type TableMetadata } from "./metadata/table-metadata.ts";
import { IcebergError } from "./errors.ts";
import type { LruCache } from "./lru-cache.ts";
import type { Storage } from "./storage/storage.ts";

/** What every operation needs from outside. Built once by `openLakehouse`. */
export interface Context {
  readonly catalog: Catalog;
  readonly storage: Storage;
  readonly duckdb: DuckDBInstance;
  readonly warehouse: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly uuid: () => string;
  /** A random positive 63-bit id (spec "Snapshots"). */
  readonly snapshotId: () => bigint;
  /** Resolves after that many milliseconds; waits between commit attempts. */
  readonly wait: (milliseconds: number) => Promise<void>;
  /** A number in [0, 1) for jitter. */
  readonly random: () => number;
  /** Immutable files by location: metadata, manifest lists, manifests. Bounded in bytes. */
  readonly files: LruCache<unknown>;
  /** Newest metadata this process knows of, per table. */
  readonly heads: Map<string, TableState>;
  /** Called between the steps of a commit; a crash test kills the process there. */
  readonly failpoint: (name: Failpoint) => void;
  /** Told of every relation over files that is handed to the engine. */
  readonly onRead?: ((read: EngineRead) => void) | undefined;
}

/** Files that a statement will read; told only to who asks, for there may be many. */
export interface EngineRead {
  readonly files: () => readonly FileRead[];
}

/** The most that a statement may read of a file. */
export interface FileRead {
  readonly path: string;
  readonly sizeBytes: number;
  /** Compressed bytes of the columns by name; null when the file's manifest does not know them. */
  readonly columns: ReadonlyMap<string, number> | null;
}

/** The places where a process may die during a commit, in order. */
export type Failpoint =
  | "data-files-written"
  | "manifests-written"
  | "manifest-list-written"
  | "metadata-written"
  | "pointer-swapped";

/** A table at one metadata file. */
export interface TableState {
  readonly identifier: TableIdentifier;
  /** The branch it is seen from when that is not main; `metadata` is then what `viewOf` makes of the file. */
  readonly branch?: string | undefined;
  readonly metadataLocation: string;
  readonly metadata: TableMetadata;
}

export function stateKey(id: TableIdentifier): string {
  return JSON.stringify([id.namespace, id.name]);
}

/** Reads a metadata file; the result is shared, because metadata files never change. */
export async function readMetadata(context: Context, location: string): Promise<TableMetadata> {
  const known = context.files.get(location) as TableMetadata | undefined;
  if (known) return known;
  const bytes = await context.storage.read(location);
  const metadata = parseMetadata(bytes, location);
  context.files.set(location, metadata, bytes.length * 2);
  return metadata;
}

/** The current state as the catalog knows it; `table-not-found` when there is no such table. */
export async function loadState(context: Context, identifier: TableIdentifier): Promise<TableState> {
  const { catalog } = context;
  const served = catalog.kind === "service" ? await catalog.load(identifier) : null;
  const metadataLocation =
    catalog.kind === "pointer" ? await catalog.currentMetadata(identifier) : (served?.metadataLocation ?? null);
  if (metadataLocation === null) {
    context.heads.delete(stateKey(identifier));
    throw new IcebergError(
      "table-not-found",
      `table ${identifier.namespace}.${identifier.name} does not exist; create it first`,
      { ...identifier },
    );
  }
  const head = context.heads.get(stateKey(identifier));
  if (head?.metadataLocation === metadataLocation) return head;
  const metadata = served?.metadata ?? (await readMetadata(context, metadataLocation));
  const state = { identifier, metadataLocation, metadata };
  context.heads.set(stateKey(identifier), state);
  return state;
}

/** Lines of a snapshot's manifest list. */
export async function manifestsOf(context: Context, snapshot: Snapshot | undefined): Promise<readonly ManifestFile[]> {
  if (!snapshot) return [];
  const location = snapshot["manifest-list"];
  const known = context.files.get(location) as readonly ManifestFile[] | undefined;
  if (known) return known;
  const bytes = await context.storage.read(location);
  const lines = decodeManifestList(bytes, location);
  context.files.set(location, lines, bytes.length * 6);
  return lines;
}

/** Entries of a manifest, deleted ones included. */
export async function entriesOf(
  context: Context,
  metadata: TableMetadata,
  line: ManifestFile,
): Promise<readonly ManifestEntry[]> {
  const known = context.files.get(line.path) as readonly ManifestEntry[] | undefined;
  if (known) return known;
  const bytes = await context.storage.read(line.path);
  const entries = decodeManifest(bytes, line, specOf(metadata, line.specId));
  context.files.set(line.path, entries, bytes.length * 8);
  return entries;
}

const boundSpecs = new WeakMap<TableMetadata, Map<number, BoundSpec>>();

/** Partition spec by id with its columns resolved; `metadata-invalid` when the table has no such spec. */
export function specOf(metadata: TableMetadata, specId: number): BoundSpec {
  let bound = boundSpecs.get(metadata);
  if (!bound) boundSpecs.set(metadata, (bound = new Map()));
  let spec = bound.get(specId);
  if (!spec) {
    const found = metadata["partition-specs"].find((candidate) => candidate["spec-id"] === specId);
    if (!found)
      throw new IcebergError("metadata-invalid", `partition spec ${specId} is not in the table's metadata`, { specId });
    bound.set(specId, (spec = bindSpec(found, currentSchema(metadata), metadata.schemas)));
  }
  return spec;
}
