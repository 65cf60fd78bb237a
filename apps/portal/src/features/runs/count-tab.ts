import type { RunsListCounts } from "@nova/db/read-models";
import { RUN_STATES, type RunState } from "@nova/pipeline-core/orchestration";
import { formatCompact, formatCount } from "@/ui/format.ts";
import { type RunTab, TAB_SCOPE } from "./run-tabs.ts";

/** The rows of a tab as its mark: 1,234, 12.3K, or 50,000+ where counting ended. */
export function tabCountText(tab: RunTab, counts: RunsListCounts, inside: boolean): string {
  const count = countTab(tab, counts, inside);
  const more =
    tab === "scheduled" ? counts.scheduledAtLeast : statesOf(tab).some((one) => counts.atLeast.includes(one));
  return more ? `${formatCount(count)}+` : formatCompact(count);
}

/** How many rows a tab has: a backfill is one, unless the runs inside backfills are shown for themselves. */
export function countTab(tab: RunTab, counts: RunsListCounts, inside: boolean): number {
  const { backfillStates } = TAB_SCOPE[tab];
  const states = statesOf(tab);
  const inBackfills = total(states.map((state) => counts.insideBackfills[state]));
  const all = total(states.map((state) => counts.runs[state]));
  if (tab === "scheduled") return counts.scheduled;
  if (inside) return tab === "backfills" ? inBackfills : all;
  const backfills = Object.entries(counts.backfills)
    .filter(([state]) => backfillStates?.length === 0 || backfillStates?.some((one) => one === state))
    .map(([, count]) => count);
  return (tab === "backfills" ? 0 : all - inBackfills) + total(backfills);
}

function statesOf(tab: RunTab): readonly RunState[] {
  const { runStates } = TAB_SCOPE[tab];
  return runStates.length === 0 ? RUN_STATES : runStates;
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
