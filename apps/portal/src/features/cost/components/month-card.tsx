"use client";

import { useQuery } from "@tanstack/react-query";
import { dollarText, type MonthlyScans, type PaceVerdict } from "@nova/pipeline-core/cost";
import { SCAN_BUDGET, SCAN_PRICE } from "@nova/pipeline-core/lakehouse";
import { useTRPC } from "@/trpc/client.tsx";
import { Banner } from "@/ui/banner.tsx";
import { Stat, StatRow } from "@/ui/card.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import type { Tone } from "@/ui/tone.ts";

const VERDICTS: Record<PaceVerdict, { readonly tone: Tone; readonly label: string }> = {
  within: { tone: "ok", label: "Within the budget" },
  "over-pace": { tone: "warn", label: "Above the budget at this pace" },
  over: { tone: "bad", label: "Above the budget" },
};

/** The month so far against the budget, with a word when its pace would exceed it. */
export function MonthCard() {
  const trpc = useTRPC();
  const month = useQuery(trpc.cost.month.queryOptions(undefined, { refetchInterval: 60_000 }));
  return (
    <>
      {month.data === undefined ? null : <PaceBanner month={month.data} />}
      <QueryRegion query={month} what="the month" skeleton={<Skeleton height={90} />}>
        {(data) => (
          <StatRow label="This month (UTC) against its budget">
            <Stat
              label="This month so far"
              value={dollarText(data.dollars)}
              note={`${dollarText(SCAN_PRICE.microDollarsPerTerabyte / 1e6)} a terabyte`}
            />
            <Stat
              label="At this pace"
              value={dollarText(data.projectedDollars)}
              note={VERDICTS[data.verdict].label}
              tone={VERDICTS[data.verdict].tone}
            />
            <Stat
              label="Budget of the month"
              value={dollarText(data.budgetDollars)}
              note={`of ${dollarText(SCAN_BUDGET.wholePlatformDollarsPerMonth)} for the whole platform`}
            />
          </StatRow>
        )}
      </QueryRegion>
    </>
  );
}

function PaceBanner({
  month: { verdict, projectedDollars, budgetDollars, reachedOn },
}: {
  readonly month: MonthlyScans;
}) {
  switch (verdict) {
    case "within":
      return null;
    case "over":
      return (
        <Banner tone="bad" title={`This month's scans cost more than their budget of ${dollarText(budgetDollars)}`}>
          Nothing is stopped by it. The dearest stand first below; longer target lags and narrower models scan less.
        </Banner>
      );
    case "over-pace":
      return (
        <Banner
          tone="warn"
          title={`At this pace the month comes to ${dollarText(projectedDollars)}, more than its budget of ${dollarText(budgetDollars)}`}
        >
          The budget would be used up on {reachedOn?.toISOString().slice(0, 10)}. The dearest stand first below; longer
          target lags and narrower models scan less.
        </Banner>
      );
  }
}
