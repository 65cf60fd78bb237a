import type { PipelineNodeState } from "@nova/db/read-models";
import { judgeVerdict, VERDICT_WORDS } from "@/features/health/index.ts";
import type { TonedWord } from "@/ui/tone.ts";

/** Worst first: what a group shows is the first of these that any of its datasets is in. */
export const CONDITIONS = ["broken", "failing", "late", "stopped", "warning", "unknown", "healthy"] as const;
export type Condition = (typeof CONDITIONS)[number];

export const CONDITION_WORDS: Record<Condition, TonedWord> = {
  ...VERDICT_WORDS,
  broken: { tone: "bad", label: "Last run failed" },
  failing: { tone: "bad", label: "Check fails" },
  stopped: { tone: "warn", label: "Stopped" },
};

export type Activity = "running" | "retrying" | "waiting";

export const ACTIVITY_WORDS: Record<Activity, string> = {
  running: "Running",
  retrying: "Retrying",
  waiting: "Queued",
};

export interface JudgedNode {
  readonly condition: Condition;
  /** What a run does with it now; null while none does. */
  readonly activity: Activity | null;
}

/** The worst that is true of a dataset, and beside it what is under way: a late dataset that runs is both. */
export function judgeNode(state: PipelineNodeState, now: Date): JudgedNode {
  return { condition: conditionOf(state, now), activity: state.openStep?.state ?? null };
}

function conditionOf(state: PipelineNodeState, now: Date): Condition {
  if (state.lastStep?.state === "failed") return "broken";
  const { verdict } = judgeVerdict(state, now);
  const stopped = state.pausedBy !== null || state.heldBy !== null;
  return stopped && CONDITIONS.indexOf(verdict) > CONDITIONS.indexOf("stopped") ? "stopped" : verdict;
}
