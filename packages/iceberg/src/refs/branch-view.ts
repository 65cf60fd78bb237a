import { loadState, type Context, type TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import type { Snapshot, TableMetadata } from "../metadata/table-metadata.ts";

/** The branch that readers get when they name none (spec "Snapshot References"). */
export const MAIN = "main";

const views = new WeakMap<TableMetadata, Map<string, TableMetadata>>();

/**
 * The metadata as somebody on a branch sees it: the branch's head is the current snapshot and its ancestors are the log.
 * For reading and deciding only; what is committed is always the table's own metadata. `snapshot-not-found` when there is
 * no such branch.
 */
export function viewOf(metadata: TableMetadata, branch: string): TableMetadata {
  if (branch === MAIN) return metadata;
  let known = views.get(metadata);
  if (!known) views.set(metadata, (known = new Map()));
  let view = known.get(branch);
  if (!view) known.set(branch, (view = makeView(metadata, branch)));
  return view;
}

function makeView(metadata: TableMetadata, branch: string): TableMetadata {
  const ref = metadata.refs[branch];
  if (ref?.type !== "branch")
    throw new IcebergError(
      "snapshot-not-found",
      ref ? `${branch} is a tag: it can be read, not written to; use a branch` : `the table has no branch ${branch}`,
      { ref: branch },
    );
  const log = [...ancestorsOf(metadata, ref["snapshot-id"])].map((snapshot) => ({
    "snapshot-id": snapshot["snapshot-id"],
    "timestamp-ms": snapshot["timestamp-ms"],
  }));
  return { ...metadata, "current-snapshot-id": ref["snapshot-id"], "snapshot-log": log.reverse() };
}

/** A state seen from a branch. */
export function onBranch(state: TableState, branch: string): TableState {
  return branch === MAIN ? state : { ...state, branch, metadata: viewOf(state.metadata, branch) };
}

/** The newest state of the same table and branch. Costs one catalog look-up when nothing changed. */
export async function reloadState(context: Context, state: TableState): Promise<TableState> {
  return onBranch(await loadState(context, state.identifier), state.branch ?? MAIN);
}

/** A snapshot and its ancestors, newest first, as far as they have not expired. */
export function* ancestorsOf(metadata: TableMetadata, from: bigint | null): Generator<Snapshot> {
  if (from === null) return;
  const byId = snapshotsById(metadata.snapshots);
  for (let at = byId.get(from); at; at = byId.get(at["parent-snapshot-id"] ?? -1n)) yield at;
}

/** Whether `older` is `newer` or one of its ancestors; the empty table (null) is an ancestor of everything. */
export function isAncestor(metadata: TableMetadata, older: bigint | null, newer: bigint | null): boolean {
  if (older === null) return true;
  for (const snapshot of ancestorsOf(metadata, newer)) if (snapshot["snapshot-id"] === older) return true;
  return false;
}

const indexes = new WeakMap<readonly Snapshot[], ReadonlyMap<bigint, Snapshot>>();

function snapshotsById(snapshots: readonly Snapshot[]): ReadonlyMap<bigint, Snapshot> {
  let index = indexes.get(snapshots);
  if (!index)
    indexes.set(snapshots, (index = new Map(snapshots.map((snapshot) => [snapshot["snapshot-id"], snapshot]))));
  return index;
}
