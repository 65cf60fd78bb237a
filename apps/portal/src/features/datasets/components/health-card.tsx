"use client";

import type { DatasetHead } from "@nova/db/read-models";
import Link from "next/link";
import {
  FreshnessText,
  FRESHNESS_WORDS,
  useVerdict,
  VERDICT_CRITERIA,
  VERDICT_WORDS,
} from "@/features/health/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { Card } from "@/ui/card.tsx";
import { plural } from "@/ui/format.ts";
import { StatusPill, StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";

/** The verdict, each part it is the worst of, and the rules it follows. */
export function HealthCard({ head }: { readonly head: DatasetHead }) {
  const judged = useVerdict(head);
  const verdict = VERDICT_WORDS[judged.verdict];
  const freshness = FRESHNESS_WORDS[judged.freshness];
  const checks = checksWords(head);
  return (
    <Card title="Health" flush aside={<StatusPill tone={verdict.tone} label={verdict.label} />}>
      <ul>
        <li className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-b border-line px-4 py-2.5">
          <span className="w-24">Freshness</span>
          <span className="flex-1">
            <FreshnessText facts={head} />
          </span>
          <StatusText tone={freshness.tone} label={freshness.label} />
        </li>
        <li className="border-b border-line px-4 py-2.5">
          <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
            <span className="w-24">Checks</span>
            <Link href={paths.checks(head.name)} className="flex-1 text-xs text-accent-text hover:underline">
              {plural(head.checks, "check")}
            </Link>
            <StatusText tone={checks.tone} label={checks.label} />
          </div>
          {head.troubled.map((check) => (
            <p key={check.name} className="mt-1 pl-0 text-xs text-fg-muted sm:pl-28">
              <span className="font-mono text-fg">{check.name}</span>: {check.message}, since{" "}
              <Timestamp at={check.since} absent="its first result" />
            </p>
          ))}
        </li>
      </ul>
      <details className="px-4 py-2">
        <summary className="inline-block min-h-6 cursor-pointer rounded-sm text-xs leading-6 text-fg-muted hover:text-fg">
          How health is judged
        </summary>
        <ul className="mt-1 mb-1 flex flex-col gap-1.5 text-xs text-fg-muted">
          {VERDICT_CRITERIA.map(({ verdict: one, rule }) => (
            <li key={one} className="flex items-center gap-3">
              <span className="w-24">
                <StatusText tone={VERDICT_WORDS[one].tone} label={VERDICT_WORDS[one].label} />
              </span>
              {rule}
            </li>
          ))}
          <li>The first rule that holds decides, judged by the clock of now.</li>
        </ul>
      </details>
    </Card>
  );
}

function checksWords(head: DatasetHead): { tone: "ok" | "warn" | "bad" | "idle"; label: string } {
  if (head.failingChecks > 0) return { tone: "bad", label: plural(head.failingChecks, "check fails", "checks fail") };
  if (head.warningChecks > 0) return { tone: "warn", label: plural(head.warningChecks, "check warns", "checks warn") };
  if ((head.outcomes.passed ?? 0) === 0) return { tone: "idle", label: "None judged yet" };
  return { tone: "ok", label: "In bounds" };
}
