import type { BackfillState, RunState, Trigger } from "@nova/pipeline-core/orchestration";

/** Tabs of the runs list. */
export const RUN_TABS = [
  "all",
  "running",
  "queued",
  "failed",
  "succeeded",
  "cancelled",
  "scheduled",
  "backfills",
] as const;
export type RunTab = (typeof RUN_TABS)[number];

interface TabScope {
  /** Empty = every state. */
  readonly runStates: readonly RunState[];
  readonly trigger: Trigger | null;
  /** Null: no backfills; empty = every state. */
  readonly backfillStates: readonly BackfillState[] | null;
}

/** What each tab lists: runs, and backfills in the state that is the same for them. */
export const TAB_SCOPE: Record<RunTab, TabScope> = {
  all: { runStates: [], trigger: null, backfillStates: [] },
  running: { runStates: ["running"], trigger: null, backfillStates: ["running", "paused"] },
  queued: { runStates: ["queued"], trigger: null, backfillStates: null },
  failed: { runStates: ["failed"], trigger: null, backfillStates: ["failed"] },
  succeeded: { runStates: ["succeeded"], trigger: null, backfillStates: ["done"] },
  cancelled: { runStates: ["cancelled"], trigger: null, backfillStates: ["cancelled"] },
  scheduled: { runStates: [], trigger: "schedule", backfillStates: null },
  backfills: { runStates: [], trigger: "backfill", backfillStates: [] },
};
