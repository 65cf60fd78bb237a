import type { FreshnessState } from "@nova/pipeline-core/catalog";
import type { TonedWord } from "@/ui/tone.ts";
import type { Verdict } from "./judge-verdict.ts";

export const VERDICT_WORDS: Record<Verdict, TonedWord> = {
  failing: { label: "Failing", tone: "bad" },
  late: { label: "Late", tone: "warn" },
  warning: { label: "Warning", tone: "warn" },
  unknown: { label: "Not loaded", tone: "idle" },
  healthy: { label: "Healthy", tone: "ok" },
};

export const FRESHNESS_WORDS: Record<FreshnessState, TonedWord> = {
  fresh: { label: "Fresh", tone: "ok" },
  late: { label: "Late", tone: "warn" },
  unknown: { label: "Not loaded", tone: "idle" },
};

/** The rules the verdict follows, worst first, as the dataset page publishes them. */
export const VERDICT_CRITERIA: readonly { readonly verdict: Verdict; readonly rule: string }[] = [
  { verdict: "failing", rule: "A check of severity error fails." },
  { verdict: "late", rule: "The data is older than its target lag." },
  { verdict: "unknown", rule: "Nothing was loaded yet." },
  { verdict: "warning", rule: "A check of severity warning is out of bounds." },
  { verdict: "healthy", rule: "Loaded, within its target lag, and no check is out of bounds." },
];
