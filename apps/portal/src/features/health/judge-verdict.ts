import { type FreshnessState, judgeFreshness } from "@nova/pipeline-core/catalog";

/** Worst first. */
export const VERDICTS = ["failing", "late", "warning", "unknown", "healthy"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** What a verdict is made of. Freshness checks are not among the counted checks: freshness is judged by the clock. */
export interface VerdictFacts {
  readonly targetLagSeconds: number;
  readonly dataThrough: Date | null;
  readonly failingChecks: number;
  readonly warningChecks: number;
}

export interface JudgedHealth {
  readonly verdict: Verdict;
  readonly freshness: FreshnessState;
  readonly ageSeconds: number | null;
}

/** The worst of freshness and checks. A dataset that was never loaded is unknown, never healthy. */
export function judgeVerdict(facts: VerdictFacts, now: Date): JudgedHealth {
  const { state, ageSeconds } = judgeFreshness(facts.dataThrough, facts.targetLagSeconds, now);
  return { verdict: verdictOf(facts, state), freshness: state, ageSeconds };
}

function verdictOf(facts: VerdictFacts, freshness: FreshnessState): Verdict {
  if (facts.failingChecks > 0) return "failing";
  if (freshness === "late") return "late";
  if (freshness === "unknown") return "unknown";
  return facts.warningChecks > 0 ? "warning" : "healthy";
}
