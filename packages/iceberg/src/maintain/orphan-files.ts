import { loadState, type Context, type TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { Table } from "../table.ts";
import { liveFiles, snapshotFiles } from "./reachable-files.ts";
import { removeFiles } from "./remove-files.ts";

export interface OrphanOptions {
  /**
   * Only files last written before this (epoch milliseconds or Date); default three days ago. An age below a day would
   * take the files of running commits and is refused without `force`.
   */
  readonly olderThan?: number | Date;
  /** Allows any age. Only when it is certain that nothing writes to the table. */
  readonly force?: boolean;
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

const DAY_MS = 24 * 60 * 60 * 1000;

/** Lists the table's folder and keeps what is unreachable and old enough. */
export async function planOrphanFiles(table: Table, options: OrphanOptions = {}): Promise<OrphanPlan> {
  const { context, state } = Table.internals(table);
  const now = context.now();
  const olderThan = Number(options.olderThan ?? now - 3 * DAY_MS);
  if (olderThan > now - DAY_MS && options.force !== true)
    throw new IcebergError(
      "invalid-input",
      "an orphan pass younger than 24 hours may remove the files of a running commit; choose an older time, or force it when nothing writes",
      { olderThan },
    );
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
): Promise<{ removedFiles: number; removedBytes: number; failed: readonly string[] }> {
  const { context, state } = Table.internals(table);
  if (plan.tableUuid !== state.metadata["table-uuid"])
    throw new IcebergError("invalid-input", "the plan was made for another table");
  const reachable = await reachableFiles(context, await loadState(context, state.identifier));
  const gone = plan.files.filter((file) => !reachable.has(context.storage.normalise(file.location)));
  const { removed, failed } = await removeFiles(
    context,
    gone.map((file) => file.location),
  );
  const left = new Set(failed);
  const removedBytes = gone.reduce((sum, file) => (left.has(file.location) ? sum : sum + file.sizeBytes), 0);
  return { removedFiles: removed.length, removedBytes, failed };
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
