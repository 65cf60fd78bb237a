import type { KeptSnapshot } from "@nova/pipeline-core/orchestration";

interface Pair {
  readonly from: string | null;
  readonly to: string | null;
}

/**
 * The two that are compared. Where the address names none: the newest that wrote rows, and the one it follows. What it names
 * stays, also when it has expired meanwhile: the comparison says so.
 */
export function choosePair(snapshots: readonly KeptSnapshot[], { from, to }: Pair): Pair {
  const newest = snapshots.findIndex(({ wrote }) => wrote === "rows");
  const after = to ?? snapshots[newest]?.snapshotId ?? null;
  const at = snapshots.findIndex(({ snapshotId }) => snapshotId === after);
  return { from: from ?? (at < 0 ? null : (snapshots[at + 1]?.snapshotId ?? null)), to: after };
}
