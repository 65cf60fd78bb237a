import type { TableIdentifier } from "../catalogs/catalog.ts";
import { snapshotOnto, withHead, withReusableFiles, withSnapshot } from "../commit/commit-change.ts";
import { commitMetadata } from "../commit/commit.ts";
import type { Within } from "../commit/decide.ts";
import { removeQuietly } from "../commit/remove-quietly.ts";
import { stageChange } from "../commit/stage.ts";
import type { StagedChange } from "../commit/staged-change.ts";
import { entriesWrittenBy } from "../commit/validate.ts";
import type { Context, TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { CONTENT, STATUS } from "../manifest/data-file.ts";
import type { Snapshot, TableMetadata } from "../metadata/table-metadata.ts";
import { requireSnapshot } from "../read/resolve-snapshot.ts";
import { ancestorsOf, MAIN, onBranch, viewOf } from "./branch-view.ts";

export interface PublishOptions {
  /** Branch to publish to; default main. */
  readonly branch?: string | undefined;
  /** Goes into the summary of a cherry-picked snapshot. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /** Runs in the transaction of the pointer swap; not when the snapshot was published already. */
  readonly within?: Within | undefined;
}

/** How a staged snapshot came to its branch. */
export type PublishOutcome = "fast-forwarded" | "cherry-picked" | "already-published";

export interface Published {
  readonly state: TableState;
  /** The snapshot that readers see: the staged one, or the copy that a cherry-pick made of it. */
  readonly snapshotId: bigint;
  readonly outcome: PublishOutcome;
}

/**
 * Publishes a snapshot that was committed with `publish: false` (spec Appendix F, `wap.id`, `published-wap-id`,
 * `source-snapshot-id`). See `Lakehouse.publishSnapshot`. Every attempt decides anew on the newest metadata.
 */
export async function publishSnapshot(
  context: Context,
  identifier: TableIdentifier,
  snapshotId: bigint,
  options: PublishOptions,
): Promise<Published> {
  const branch = options.branch ?? MAIN;
  return withReusableFiles(context, async (reusable) => {
    let done: { snapshotId: bigint; outcome: PublishOutcome } = { snapshotId, outcome: "fast-forwarded" };
    let picked: StagedChange | undefined;
    const state = await commitMetadata(context, identifier, options.within, async (now) => {
      const { metadata } = now;
      const staged = requireSnapshot(metadata, snapshotId);
      const head = viewOf(metadata, branch)["current-snapshot-id"];
      const before = publishedAs(metadata, staged, head);
      if (before !== null) {
        done = { snapshotId: before, outcome: "already-published" };
        return null;
      }
      if ((staged["parent-snapshot-id"] ?? null) === head) {
        done = { snapshotId, outcome: "fast-forwarded" };
        return { metadata: withHead(metadata, branch, snapshotId, context.now()), written: [] };
      }
      picked ??= await copyOf(context, onBranch(now, branch), staged);
      const properties = {
        ...options.properties,
        "source-snapshot-id": String(snapshotId),
        ...(staged.summary["wap.id"] === undefined ? {} : { "published-wap-id": staged.summary["wap.id"] }),
      };
      const { snapshot, written } = await snapshotOnto(context, metadata, picked, properties, reusable);
      done = { snapshotId: picked.snapshotId, outcome: "cherry-picked" };
      return { metadata: withSnapshot(metadata, snapshot, branch), written };
    });
    if (done.outcome !== "cherry-picked")
      await removeQuietly(
        context,
        [...reusable.values()].map((line) => line.path),
      );
    return { ...done, state: onBranch(state, branch) };
  });
}

/** Snapshot as which the branch has the staged one already, or null; its `wap.id` must not have come by another one. */
function publishedAs(metadata: TableMetadata, staged: Snapshot, head: bigint | null): bigint | null {
  const id = staged["snapshot-id"];
  const wapId = staged.summary["wap.id"];
  for (const snapshot of ancestorsOf(metadata, head)) {
    if (snapshot["snapshot-id"] === id || snapshot.summary["source-snapshot-id"] === String(id))
      return snapshot["snapshot-id"];
    if (wapId !== undefined && [snapshot.summary["wap.id"], snapshot.summary["published-wap-id"]].includes(wapId))
      throw new IcebergError(
        "commit-conflict",
        `wap.id ${wapId} was published before, by snapshot ${snapshot["snapshot-id"]}; expire snapshot ${id} instead of publishing it`,
        { snapshotId: String(id), wapId },
      );
  }
  return null;
}

/** The staged snapshot's files as an append on the branch's head; anything but an append was decided on rows that have changed. */
async function copyOf(context: Context, state: TableState, staged: Snapshot): Promise<StagedChange> {
  const entries = await entriesWrittenBy(context, state.metadata, staged);
  const appends =
    staged.summary.operation === "append" &&
    entries.every((entry) => entry.status === STATUS.added && entry.file.content === CONTENT.data);
  if (!appends)
    throw new IcebergError(
      "commit-conflict",
      `snapshot ${staged["snapshot-id"]} (${staged.summary.operation}) was decided on a snapshot that is no longer the head of ${state.branch ?? MAIN}; stage it again and publish that`,
      { snapshotId: String(staged["snapshot-id"]) },
    );
  return stageChange(context, state, {
    operation: "append",
    concurrency: "always",
    addedDataFiles: entries.map((entry) => entry.file),
  });
}
