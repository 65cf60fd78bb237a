export { SnapshotDiff } from "./components/snapshot-diff.tsx";
export { SnapshotsTab } from "./components/snapshots-tab.tsx";
export { snapshotSearchParsers } from "./snapshot-search.ts";
