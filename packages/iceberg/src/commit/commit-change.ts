import type { Context, TableState } from "../context.ts";
import { IcebergError, isIcebergError } from "../errors.ts";
import type { ManifestFile } from "../manifest/data-file.ts";
import type { Snapshot, TableMetadata } from "../metadata/table-metadata.ts";
import { MAIN, viewOf } from "../refs/branch-view.ts";
import { commitMetadata } from "./commit.ts";
import type { Within } from "./decide.ts";
import { removeQuietly } from "./remove-quietly.ts";
import { produceSnapshot } from "./produce-snapshot.ts";
import type { StagedChange } from "./staged-change.ts";
import type { AttemptFiles } from "./store-manifest.ts";
import { validateAgainst } from "./validate.ts";

export interface CommitOptions {
  /** Goes into the snapshot's summary. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Runs in the transaction of the pointer swap, after the swap is certain to win; throwing aborts the commit. */
  readonly within?: Within | undefined;
  /** The snapshot the caller believes is current (null = none): another one is a `commit-conflict`. */
  readonly expectedParent?: bigint | null | undefined;
  /**
   * false = write–audit–publish: the snapshot becomes part of the table, readable by its id, but no branch moves, so no
   * reader sees it until `lakehouse.publishSnapshot`. Default true.
   */
  readonly publish?: boolean | undefined;
  /** `wap.id` of the snapshot: a name for what is staged, which can be published once. */
  readonly wapId?: string | undefined;
}

/** Publishes a staged change; returns the table's new state. See `Lakehouse.commit` for the promise it keeps. */
export async function commitChange(
  context: Context,
  change: StagedChange,
  options: CommitOptions,
): Promise<TableState> {
  const properties = { ...options.properties, ...(options.wapId === undefined ? {} : { "wap.id": options.wapId }) };
  return withReusableFiles(context, (reusable) =>
    commitMetadata(context, change.identifier, options.within, async (state) => {
      const head = viewOf(state.metadata, change.branch)["current-snapshot-id"];
      if (options.expectedParent !== undefined && head !== options.expectedParent)
        throw new IcebergError(
          "commit-conflict",
          `the current snapshot is ${head}, not the expected ${options.expectedParent}; decide again on the current one`,
          { ...change.identifier },
        );
      const { snapshot, written } = await snapshotOnto(context, state.metadata, change, properties, reusable);
      const metadata =
        options.publish === false
          ? withStagedSnapshot(state.metadata, snapshot)
          : withSnapshot(state.metadata, snapshot, change.branch);
      return { metadata, written };
    }),
  );
}

/** Validates a change against its branch as it is now and writes its snapshot's files; a failed attempt takes them back. */
export async function snapshotOnto(
  context: Context,
  metadata: TableMetadata,
  change: StagedChange,
  properties: Readonly<Record<string, string>>,
  reusable: Map<string, ManifestFile>,
): Promise<{ snapshot: Snapshot; written: readonly string[] }> {
  const files: AttemptFiles = { reusable, written: [] };
  try {
    const view = viewOf(metadata, change.branch);
    await validateAgainst(context, view, change);
    return { snapshot: await produceSnapshot(context, view, change, properties, files), written: files.written };
  } catch (error) {
    await removeQuietly(context, files.written);
    throw error;
  }
}

/** Gives the attempts of one commit a place for manifests they can share, and removes those when it fails for good. */
export async function withReusableFiles<T>(
  context: Context,
  work: (reusable: Map<string, ManifestFile>) => Promise<T>,
): Promise<T> {
  const reusable = new Map<string, ManifestFile>();
  try {
    return await work(reusable);
  } catch (error) {
    if (!isIcebergError(error, "commit-state-unknown") && !isIcebergError(error, "work-after-commit-failed"))
      await removeQuietly(
        context,
        [...reusable.values()].map((line) => line.path),
      );
    throw error;
  }
}

/** Metadata with a new snapshot as head of a branch. */
export function withSnapshot(metadata: TableMetadata, snapshot: Snapshot, branch: string): TableMetadata {
  return withHead(withStagedSnapshot(metadata, snapshot), branch, snapshot["snapshot-id"], snapshot["timestamp-ms"]);
}

/** Metadata that has the snapshot without any branch pointing to it. */
function withStagedSnapshot(metadata: TableMetadata, snapshot: Snapshot): TableMetadata {
  return {
    ...metadata,
    "last-sequence-number": snapshot["sequence-number"],
    "last-updated-ms": snapshot["timestamp-ms"],
    snapshots: [...metadata.snapshots, snapshot],
  };
}

/** Moves a branch to a snapshot of the table. Only main is the current snapshot and has a log (spec "Table Metadata Fields"). */
export function withHead(metadata: TableMetadata, branch: string, id: bigint, at: number): TableMetadata {
  const moved = {
    ...metadata,
    "last-updated-ms": Math.max(at, metadata["last-updated-ms"]),
    refs: { ...metadata.refs, [branch]: { ...metadata.refs[branch], "snapshot-id": id, type: "branch" as const } },
  };
  if (branch !== MAIN) return moved;
  const log = [...metadata["snapshot-log"], { "snapshot-id": id, "timestamp-ms": moved["last-updated-ms"] }];
  return { ...moved, "current-snapshot-id": id, "snapshot-log": log };
}
