"use client";

import { formatAge, formatDuration, plural } from "@/ui/format.ts";
import { StatusPill } from "@/ui/status-pill.tsx";
import { useNow, useTimeZone } from "@/ui/time.tsx";
import { formatAbsolute, formatClock } from "@/ui/timestamp.tsx";
import { TONE_TEXT } from "@/ui/tone.ts";
import { Tooltip } from "@/ui/tooltip.tsx";
import { type JudgedHealth, judgeVerdict, type VerdictFacts } from "./judge-verdict.ts";
import { FRESHNESS_WORDS, VERDICT_WORDS } from "./verdict-words.ts";

interface HealthFacts extends VerdictFacts {
  readonly checkMessage: string | null;
}

/** The verdict as of this second. */
export function useVerdict(facts: VerdictFacts): JudgedHealth {
  return judgeVerdict(facts, new Date(useNow()));
}

/** One word for whether a dataset can be relied on now, with the reason on hover and focus. */
export function HealthPill({ facts }: { readonly facts: HealthFacts }) {
  const judged = useVerdict(facts);
  const { label, tone } = VERDICT_WORDS[judged.verdict];
  return (
    <Tooltip content={<span suppressHydrationWarning>{healthReason(facts, judged)}</span>}>
      <span tabIndex={0} className="inline-flex rounded-full" suppressHydrationWarning>
        <StatusPill tone={tone} label={label} />
      </span>
    </Tooltip>
  );
}

/** Why the verdict is what it is, as text. */
export function HealthReason({ facts }: { readonly facts: HealthFacts }) {
  const judged = useVerdict(facts);
  return <span suppressHydrationWarning>{healthReason(facts, judged)}</span>;
}

interface FreshnessTextProps {
  readonly facts: VerdictFacts;
  /** "full" (default): data through 12:04, 20 s old, allowed 60 s · "age": without the time. */
  readonly words?: "full" | "age";
}

/** Freshness in plain words, counting on by itself; the exact time on hover and focus. */
export function FreshnessText({ facts, words = "full" }: FreshnessTextProps) {
  const { freshness, ageSeconds } = useVerdict(facts);
  const zone = useTimeZone();
  const { label, tone } = FRESHNESS_WORDS[freshness];
  if (facts.dataThrough === null || ageSeconds === null)
    return (
      <span className={`text-xs ${TONE_TEXT[tone]}`}>
        {label}, allowed {formatDuration(facts.targetLagSeconds)}
      </span>
    );
  return (
    <Tooltip content={`${label}: data through ${formatAbsolute(facts.dataThrough, zone)}`}>
      <span
        tabIndex={0}
        className={`num rounded-sm text-xs whitespace-nowrap ${freshness === "late" ? TONE_TEXT[tone] : "text-fg-muted"}`}
        suppressHydrationWarning
      >
        {words === "full" ? `data through ${formatClock(facts.dataThrough, zone, false)}, ` : ""}
        {ageText(ageSeconds)} old, allowed {formatDuration(facts.targetLagSeconds)}
      </span>
    </Tooltip>
  );
}

/** To the second while that tells it apart from what is allowed. */
function ageText(seconds: number): string {
  return seconds < 300 ? formatDuration(Math.round(seconds)) : formatAge(seconds);
}

export function healthReason(facts: HealthFacts, { verdict, ageSeconds }: JudgedHealth): string {
  switch (verdict) {
    case "failing":
      return `${plural(facts.failingChecks, "check fails", "checks fail")}${facts.checkMessage === null ? "" : `: ${facts.checkMessage}`}`;
    case "late":
      return `Data is ${formatDuration(ageSeconds ?? 0)} old, allowed ${formatDuration(facts.targetLagSeconds)}`;
    case "unknown":
      return "Nothing was loaded yet";
    case "warning":
      return `${plural(facts.warningChecks, "check warns", "checks warn")}${facts.checkMessage === null ? "" : `: ${facts.checkMessage}`}`;
    case "healthy":
      return "Within its target lag, no check out of bounds";
  }
}
