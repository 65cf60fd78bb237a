import { commitChange } from "../commit/commit-change.ts";
import { stageChange } from "../commit/stage.ts";
import { manifestsOf } from "../context.ts";
import { currentSnapshot } from "../metadata/table-metadata.ts";
import { Table } from "../table.ts";

/** What joining manifests would do. Plain data. */
export interface RewriteManifestsPlan {
  readonly kind: "rewrite-manifests";
  readonly manifests: number;
  explain(): string;
}

export async function planRewriteManifests(table: Table): Promise<RewriteManifestsPlan> {
  const { context, state } = Table.internals(table);
  const lines = await manifestsOf(context, currentSnapshot(state.metadata));
  return {
    kind: "rewrite-manifests",
    manifests: lines.length,
    explain: () =>
      lines.length < 2
        ? "nothing to join"
        : `join ${lines.length} manifests up to commit.manifest.target-size-bytes each`,
  };
}

/** Joins small manifests into as few as the target size allows, as one `replace` snapshot. Data files stay as they are. */
export async function executeRewriteManifests(
  table: Table,
  plan: RewriteManifestsPlan,
): Promise<{ table: Table; before: number; after: number }> {
  const { context, state } = Table.internals(table);
  if (plan.manifests < 2) return { table, before: plan.manifests, after: plan.manifests };
  const staged = stageChange(context, state, { operation: "replace", concurrency: "always", joinManifests: true });
  const next = await commitChange(context, staged, {});
  return {
    table: new Table(context, next),
    before: plan.manifests,
    after: (await manifestsOf(context, currentSnapshot(next.metadata))).length,
  };
}
