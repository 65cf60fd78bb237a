"use client";

import { useQuery } from "@tanstack/react-query";
import { dollarText, scanDollars } from "@nova/pipeline-core/cost";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatBytes, plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { TimeSeriesChart } from "@/ui/time-series-chart.tsx";
import { prepareCostDays } from "../charts/prepare-cost-days.ts";

const SERIES = [{ key: "dollars", label: "Dollars", color: 1 }] as const;

/** What a dataset cost by day, the last thirty days: steps, checks, comparisons and people's queries. */
export function CostTrend({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  const cost = useQuery(trpc.cost.ofDataset.queryOptions({ name: dataset }));
  return (
    <Card title="Cost by day" aside="30 days in UTC, by the declared price">
      <QueryRegion query={cost} what="the cost" skeleton={<Skeleton height={172} />}>
        {({ days, from, to }) => {
          if (days.length === 0)
            return (
              <EmptyState kind="none-yet" title="Nothing was scanned for this dataset yet" compact>
                Its steps, checks and queries are charged here as they end.
              </EmptyState>
            );
          const sum = (of: "scannedBytes" | "billedBytes" | "queries"): number =>
            days.reduce((total, day) => total + day[of], 0);
          return (
            <>
              <p className="mb-2 text-sm text-fg-muted">
                {dollarText(scanDollars(sum("billedBytes")))} for {plural(sum("queries"), "query", "queries")} that
                scanned {formatBytes(sum("scannedBytes"))}.
              </p>
              <TimeSeriesChart
                label="Dollars a day"
                points={prepareCostDays(days, from, to)}
                series={SERIES}
                formatValue={dollarText}
                height={120}
              />
            </>
          );
        }}
      </QueryRegion>
    </Card>
  );
}
