import type { CatalogTransaction, TableIdentifier } from "../catalogs/catalog.ts";
import { loadState, stateKey, type Context, type TableState } from "../context.ts";
import { IcebergError, isIcebergError } from "../errors.ts";
import type { ManifestFile } from "../manifest/data-file.ts";
import { encodeMetadata } from "../metadata/metadata-json.ts";
import type { Snapshot, TableMetadata } from "../metadata/table-metadata.ts";
import { flagProperty, numberProperty, PROPERTY } from "../properties.ts";
import { produceSnapshot } from "./produce-snapshot.ts";
import type { StagedChange } from "./staged-change.ts";
import { metadataFolder, type AttemptFiles } from "./store-manifest.ts";
import { validateAgainst } from "./validate.ts";

export interface CommitOptions {
  /** Goes into the snapshot's summary. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Runs in the transaction of the pointer swap, after the swap is certain to win; throwing aborts the commit. */
  readonly within?: ((transaction: CatalogTransaction) => Promise<void>) | undefined;
  /** The snapshot the caller believes is current (null = none): another one is a `commit-conflict`. */
  readonly expectedParent?: bigint | null | undefined;
}

/** Publishes a staged change; returns the table's new state. See `Lakehouse.commit` for the promise it keeps. */
export async function commitChange(
  context: Context,
  change: StagedChange,
  options: CommitOptions,
): Promise<TableState> {
  const reusable = new Map<string, ManifestFile>();
  try {
    return await commitMetadata(context, change.identifier, options.within, async (state) => {
      const files: AttemptFiles = { reusable, written: [] };
      if (options.expectedParent !== undefined && state.metadata["current-snapshot-id"] !== options.expectedParent)
        throw new IcebergError(
          "commit-conflict",
          `the current snapshot is ${state.metadata["current-snapshot-id"]}, not the expected ${options.expectedParent}; decide again on the current one`,
          { ...change.identifier },
        );
      try {
        await validateAgainst(context, state.metadata, change);
        const snapshot = await produceSnapshot(context, state.metadata, change, options.properties ?? {}, files);
        return { metadata: withSnapshot(state.metadata, snapshot), written: files.written };
      } catch (error) {
        await removeQuietly(context, files.written);
        throw error;
      }
    });
  } catch (error) {
    if (!isIcebergError(error, "commit-state-unknown"))
      await removeQuietly(
        context,
        [...reusable.values()].map((line) => line.path),
      );
    throw error;
  }
}

/** Metadata with the snapshot as head of main. */
export function withSnapshot(metadata: TableMetadata, snapshot: Snapshot): TableMetadata {
  const id = snapshot["snapshot-id"];
  return {
    ...metadata,
    "last-sequence-number": snapshot["sequence-number"],
    "last-updated-ms": snapshot["timestamp-ms"],
    "current-snapshot-id": id,
    snapshots: [...metadata.snapshots, snapshot],
    "snapshot-log": [...metadata["snapshot-log"], { "snapshot-id": id, "timestamp-ms": snapshot["timestamp-ms"] }],
    refs: { ...metadata.refs, main: { ...metadata.refs["main"], "snapshot-id": id, type: "branch" } },
  };
}

/** What an attempt makes of the current state: the next metadata, or null when there is nothing to change. */
export type Decide = (state: TableState) => Promise<{ metadata: TableMetadata; written: readonly string[] } | null>;

/**
 * Compare-and-swap loop (spec "Optimistic Concurrency"): decide on the newest state, write the metadata file, swap the
 * pointer; a lost race is decided again on fresh metadata, at most `commit.retry.num-retries` times, with jitter.
 */
export async function commitMetadata(
  context: Context,
  identifier: TableIdentifier,
  within: CommitOptions["within"],
  decide: Decide,
): Promise<TableState> {
  const head = context.heads.get(stateKey(identifier));
  let state = head ?? (await loadState(context, identifier));
  let maybeStale = head !== undefined;
  for (let attempt = 0; ; attempt += 1) {
    let decided;
    try {
      decided = await decide(state);
    } catch (error) {
      // Decided on what this process knew last. When that was stale the refusal may be wrong: look once more.
      const fresh = await loadState(context, identifier);
      if (!maybeStale || fresh.metadataLocation === state.metadataLocation) throw error;
      maybeStale = false;
      state = fresh;
      continue;
    }
    if (decided === null) return state;
    const next = await writeMetadata(context, state, decided.metadata);
    const files = [...decided.written, next.metadataLocation];
    context.failpoint("metadata-written");
    let won: boolean;
    try {
      won = await swap(context, state, next, within);
    } catch (error) {
      if (!isIcebergError(error, "commit-state-unknown")) await removeQuietly(context, files);
      throw error;
    }
    if (won) {
      context.failpoint("pointer-swapped");
      context.heads.set(stateKey(identifier), next);
      await removeOldMetadata(context, state.metadata, next.metadata);
      return next;
    }
    await removeQuietly(context, files);
    const retries = numberProperty(state.metadata.properties, PROPERTY.retries);
    if (attempt >= retries)
      throw new IcebergError(
        "commit-conflict",
        `${identifier.namespace}.${identifier.name}: ${retries + 1} attempts lost to other commits; commit less often or raise ${PROPERTY.retries.name}`,
        { ...identifier },
      );
    const ceiling = Math.min(
      numberProperty(state.metadata.properties, PROPERTY.retryMaxWaitMs),
      numberProperty(state.metadata.properties, PROPERTY.retryMinWaitMs) * 2 ** attempt,
    );
    await context.wait(ceiling * context.random());
    maybeStale = false;
    state = await loadState(context, identifier);
  }
}

async function swap(
  context: Context,
  state: TableState,
  next: TableState,
  within: CommitOptions["within"],
): Promise<boolean> {
  try {
    return await context.catalog.swap(state.identifier, {
      expected: state.metadataLocation,
      next: next.metadataLocation,
      within,
    });
  } catch (error) {
    if (!isIcebergError(error, "commit-state-unknown")) throw error;
    return outcomeOf(context, state, next, error);
  }
}

/** The answer to the swap was lost: the pointer, or the log of whoever came after us, tells what happened. */
async function outcomeOf(context: Context, state: TableState, next: TableState, lost: IcebergError): Promise<boolean> {
  let current: string | null;
  try {
    current = await context.catalog.currentMetadata(state.identifier);
  } catch {
    throw lost; // still unknown; nothing may be deleted
  }
  if (current === next.metadataLocation) return true;
  if (current === null) throw lost;
  const { metadata } = await loadState(context, state.identifier);
  return metadata["metadata-log"].some((line) => line["metadata-file"] === next.metadataLocation);
}

async function writeMetadata(context: Context, state: TableState, metadata: TableMetadata): Promise<TableState> {
  const versions = numberProperty(metadata.properties, PROPERTY.previousVersionsMax);
  const log = [
    ...metadata["metadata-log"],
    { "metadata-file": state.metadataLocation, "timestamp-ms": state.metadata["last-updated-ms"] },
  ];
  const next = {
    ...metadata,
    "last-updated-ms": Math.max(context.now(), metadata["last-updated-ms"]),
    "metadata-log": log.slice(-Math.max(1, versions)),
  };
  const metadataLocation = `${metadataFolder(metadata)}/${String(versionOf(state.metadataLocation) + 1).padStart(5, "0")}-${context.uuid()}.metadata.json`;
  await context.storage.create(metadataLocation, encodeMetadata(next));
  return { identifier: state.identifier, metadataLocation, metadata: next };
}

/** `<V>-<uuid>.metadata.json`; other writers' names start anew at 0. */
function versionOf(location: string): number {
  return Number(/\/(\d+)-[^/]*\.metadata\.json$/.exec(location)?.[1] ?? 0);
}

/** Metadata files that fell out of the log go when the table asks for it (off by default, as in Java). */
async function removeOldMetadata(context: Context, before: TableMetadata, after: TableMetadata): Promise<void> {
  if (!flagProperty(after.properties, "write.metadata.delete-after-commit.enabled", false)) return;
  const kept = new Set(after["metadata-log"].map((line) => line["metadata-file"]));
  await removeQuietly(
    context,
    before["metadata-log"].map((line) => line["metadata-file"]).filter((file) => !kept.has(file)),
  );
}

/** Cleans up after the outcome is settled: a file that cannot be removed now is found by the orphan pass. */
export async function removeQuietly(context: Context, locations: readonly string[]): Promise<void> {
  await Promise.allSettled(locations.map((location) => context.storage.delete(location)));
}
