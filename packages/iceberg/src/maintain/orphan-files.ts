import { removeQuietly } from "../commit/remove-quietly.ts";
import { loadState, type Context, type TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { Table } from "../table.ts";
import { liveFiles, snapshotFiles } from "./reachable-files.ts";

export interface OrphanOptions {
  /**
   * Only files last written before this (epoch milliseconds or Date); default three days ago. A shorter age removes the
   * files of running commits: give one only when nothing writes to the table.
   */
  readonly olderThan?: number | Date;
}

/** Files below the table's location that no metadata of the table names. Plain data. */
export interface OrphanPlan {
  readonly kind: "orphan-files";
  readonly tableUuid: string;
  readonly files: readonly { readonly location: string; readonly sizeBytes: number; readonly modifiedAt: number }[];
  readonly bytes: number;
  readonly examined: number;
  explain(): string;
}

const THREE_DAYS_MS = 3 * 24 * 60 * 60 * 1000;

/** Lists the table's folder and keeps what is unreachable and old enough. */
export async function planOrphanFiles(table: Table, options: OrphanOptions = {}): Promise<OrphanPlan> {
  const { context, state } = Table.internals(table);
  const olderThan = Number(options.olderThan ?? context.now() - THREE_DAYS_MS);
  const reachable = await reachableFiles(context, state);
  const files: { location: string; sizeBytes: number; modifiedAt: number }[] = [];
  let examined = 0;
  for await (const file of context.storage.list(state.metadata.location)) {
    examined += 1;
    if (file.modifiedAt < olderThan && !reachable.has(context.storage.normalise(file.location)))
      files.push({ ...file });
  }
  const bytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  return {
    kind: "orphan-files",
    tableUuid: state.metadata["table-uuid"],
    files,
    bytes,
    examined,
    explain: () =>
      `${files.length} of ${examined} file(s) belong to nothing and are old enough: ${bytes} bytes to remove`,
  };
}

/** Removes planned files that are still unreachable. Idempotent. */
export async function executeOrphanFiles(
  table: Table,
  plan: OrphanPlan,
): Promise<{ removedFiles: number; removedBytes: number }> {
  const { context, state } = Table.internals(table);
  if (plan.tableUuid !== state.metadata["table-uuid"])
    throw new IcebergError("invalid-input", "the plan was made for another table");
  const reachable = await reachableFiles(context, await loadState(context, state.identifier));
  const gone = plan.files.filter((file) => !reachable.has(context.storage.normalise(file.location)));
  await removeQuietly(
    context,
    gone.map((file) => file.location),
  );
  return { removedFiles: gone.length, removedBytes: gone.reduce((sum, file) => sum + file.sizeBytes, 0) };
}

/** Every location the table's metadata names, normalised, so that `file:/x` and `file:///x` are one. */
async function reachableFiles(context: Context, state: TableState): Promise<Set<string>> {
  const { metadata } = state;
  const { manifestLists, manifests } = await snapshotFiles(context, metadata.snapshots);
  const data = await liveFiles(context, metadata, manifests.values());
  const statistics = Object.values(metadata.extra)
    .flatMap((value) =>
      Array.isArray(value) ? value.map((one: { "statistics-path"?: unknown }) => one?.["statistics-path"]) : [],
    )
    .filter((path) => typeof path === "string");
  const all = [
    state.metadataLocation,
    ...metadata["metadata-log"].map((line) => line["metadata-file"]),
    ...manifestLists,
    ...manifests.keys(),
    ...data,
    ...statistics,
  ];
  return new Set(all.map((location) => context.storage.normalise(location)));
}
