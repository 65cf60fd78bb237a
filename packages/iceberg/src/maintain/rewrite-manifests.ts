import { commitChange } from "../commit/commit-change.ts";
import { joinableManifests } from "../commit/merge-manifests.ts";
import { stageChange } from "../commit/stage.ts";
import { manifestsOf, type Context, type TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import type { ManifestFile } from "../manifest/data-file.ts";
import { currentSnapshot } from "../metadata/table-metadata.ts";
import { reloadState } from "../refs/branch-view.ts";
import { Table } from "../table.ts";

/** What joining manifests would do. Plain data. */
export interface RewriteManifestsPlan {
  readonly kind: "rewrite-manifests";
  readonly tableUuid: string;
  readonly manifests: number;
  /** Manifests that are too small and have neighbours to join, and their bytes. */
  readonly joined: number;
  readonly bytes: number;
  explain(): string;
}

export async function planRewriteManifests(table: Table): Promise<RewriteManifestsPlan> {
  const { context, state } = Table.internals(table);
  const { lines, joined } = await joinable(context, state);
  const bytes = joined.reduce((sum, line) => sum + line.length, 0);
  return {
    kind: "rewrite-manifests",
    tableUuid: state.metadata["table-uuid"],
    manifests: lines.length,
    joined: joined.length,
    bytes,
    explain: () =>
      joined.length === 0
        ? "nothing to join"
        : `join ${joined.length} of ${lines.length} manifests, ${bytes} bytes, up to commit.manifest.target-size-bytes each`,
  };
}

/**
 * Joins small manifests into as few as the target size allows, as one `replace` snapshot. Data files stay as they are.
 * Idempotent: with nothing left to join, nothing is committed.
 */
export async function executeRewriteManifests(
  table: Table,
  plan: RewriteManifestsPlan,
): Promise<{ table: Table; before: number; after: number }> {
  const { context, state: from } = Table.internals(table);
  if (plan.tableUuid !== from.metadata["table-uuid"])
    throw new IcebergError("invalid-input", "the plan was made for another table");
  const state = await reloadState(context, from);
  const { lines, joined } = await joinable(context, state);
  if (joined.length === 0) return { table: new Table(context, state), before: lines.length, after: lines.length };
  const staged = stageChange(context, state, { operation: "replace", concurrency: "always", joinManifests: true });
  await commitChange(context, staged, {});
  const next = await reloadState(context, state);
  const after = (await manifestsOf(context, currentSnapshot(next.metadata))).length;
  return { table: new Table(context, next), before: lines.length, after };
}

async function joinable(
  context: Context,
  { metadata }: TableState,
): Promise<{ lines: readonly ManifestFile[]; joined: ManifestFile[] }> {
  const lines = await manifestsOf(context, currentSnapshot(metadata));
  return { lines, joined: joinableManifests(metadata, lines) };
}
