import type { PointerCatalog, ServiceCatalog } from "../catalogs/catalog.ts";
import { loadState, readMetadata, stateKey, type Context, type TableState } from "../context.ts";
import { IcebergError, isIcebergError } from "../errors.ts";
import { encodeMetadata } from "../metadata/metadata-json.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";
import { flagProperty, numberProperty, PROPERTY } from "../properties.ts";
import type { Decide, Within } from "./decide.ts";
import { removeQuietly } from "./remove-quietly.ts";
import { metadataFolder } from "./store-manifest.ts";

type Decided = NonNullable<Awaited<ReturnType<Decide>>>;

/** A commit's own work needs a catalog that can carry it, or one that was opened to run it afterwards. */
export function refuseWithin(context: Context, within: Within | undefined): void {
  const { catalog } = context;
  if (within === undefined || catalog.transactional || catalog.runAfterCommit) return;
  throw new IcebergError(
    "unsupported-feature",
    `catalog ${catalog.name} cannot carry a commit's work in its transaction; open it with runAfterCommit if the work may run after the commit, or commit without \`within\``,
    { catalog: catalog.name },
  );
}

/**
 * One attempt to make decided metadata the table's newest: the new state, or null when somebody else was first; then,
 * and after any refusal, the attempt's files are gone. `commit-state-unknown` keeps them.
 */
export async function publish(
  context: Context,
  state: TableState,
  decided: Decided,
  within: Within | undefined,
): Promise<TableState | null> {
  const files = [...decided.written];
  let next: TableState | null;
  try {
    next =
      context.catalog.kind === "pointer"
        ? await swapPointer(context, context.catalog, state, decided.metadata, within, files)
        : await commitToService(context, context.catalog, state, decided.metadata);
  } catch (error) {
    if (!isIcebergError(error, "commit-state-unknown")) await removeQuietly(context, files);
    throw error;
  }
  if (next === null) {
    await removeQuietly(context, files);
    return null;
  }
  context.failpoint("pointer-swapped");
  context.heads.set(stateKey(state.identifier), next);
  if (context.catalog.kind === "pointer") await removeOldMetadata(context, state.metadata, next.metadata);
  else if (within) await workAfterCommit(context.catalog, next, within);
  return next;
}

async function swapPointer(
  context: Context,
  catalog: PointerCatalog,
  state: TableState,
  metadata: TableMetadata,
  within: Within | undefined,
  files: string[],
): Promise<TableState | null> {
  const next = await writeMetadata(context, state, metadata);
  files.push(next.metadataLocation);
  context.failpoint("metadata-written");
  try {
    const change = { expected: state.metadataLocation, next: next.metadataLocation, within };
    return (await catalog.swap(state.identifier, change)) ? next : null;
  } catch (error) {
    if (!isIcebergError(error, "commit-state-unknown")) throw error;
    return (await outcomeOf(context, state, next, error)) ? next : null;
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
  const metadata = await readMetadata(context, current);
  return metadata["metadata-log"].some((line) => line["metadata-file"] === next.metadataLocation);
}

async function commitToService(
  context: Context,
  catalog: ServiceCatalog,
  state: TableState,
  metadata: TableMetadata,
): Promise<TableState | null> {
  const { identifier } = state;
  context.failpoint("metadata-written");
  try {
    const served = await catalog.commit(identifier, { before: state.metadata, after: metadata });
    return served && { identifier, metadataLocation: served.metadataLocation, metadata: served.metadata };
  } catch (error) {
    if (!isIcebergError(error, "commit-state-unknown")) throw error;
    return publishedInSpite(context, state, metadata, error);
  }
}

/**
 * The service's answer was lost. Snapshots it now has prove the commit; their absence proves nothing, because the request
 * may still be on its way, so the outcome stays unknown and every file stays.
 */
async function publishedInSpite(
  context: Context,
  state: TableState,
  metadata: TableMetadata,
  lost: IcebergError,
): Promise<TableState> {
  const before = new Set(state.metadata.snapshots.map((snapshot) => snapshot["snapshot-id"]));
  const added = metadata.snapshots.map((snapshot) => snapshot["snapshot-id"]).filter((id) => !before.has(id));
  if (added.length === 0) throw lost;
  let now: TableState;
  try {
    now = await loadState(context, state.identifier);
  } catch {
    throw lost;
  }
  const there = new Set(now.metadata.snapshots.map((snapshot) => snapshot["snapshot-id"]));
  if (added.every((id) => there.has(id))) return now;
  throw lost;
}

async function workAfterCommit(catalog: ServiceCatalog, next: TableState, within: Within): Promise<void> {
  try {
    await catalog.runAfterCommit?.(within);
  } catch (error) {
    throw new IcebergError(
      "work-after-commit-failed",
      "the commit is published, but its work afterwards failed; repeat the work, not the commit (see cause)",
      { ...next.identifier, metadataLocation: next.metadataLocation },
      error,
    );
  }
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
