"use client";

import { useQuery } from "@tanstack/react-query";
import type { Landing } from "@nova/db/read-models";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatDuration, plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { TimeSeriesChart } from "@/ui/time-series-chart.tsx";
import { prepareLanding } from "../charts/prepare-landing.ts";

const HEIGHT = 200;
const SERIES = [
  { key: "worst", label: "Slowest run", color: 2 },
  { key: "median", label: "Typical run", color: 1 },
] as const;

/** How long after the end of its data a run published it, against the target lag: a drift shows before it is a breach. */
export function LandingCard({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  const landing = useQuery(trpc.backfills.landing.queryOptions({ dataset }, { refetchInterval: 60_000 }));
  return (
    <Card title="Landing time" aside={spanWords(landing.data ?? null)}>
      <QueryRegion query={landing} what="the landing times" skeleton={<Skeleton height={HEIGHT + 40} />}>
        {(data) =>
          data === null || data.points.length === 0 ? (
            <EmptyState kind="none-yet" title="No run has landed data yet" compact>
              Each run shows up here with the time from the end of the data it published to its publication. Backfills
              are left out: they do old days again.
            </EmptyState>
          ) : (
            <TimeSeriesChart
              label="Landing time"
              points={prepareLanding(data)}
              series={SERIES}
              formatValue={formatDuration}
              height={HEIGHT}
              threshold={{ value: data.targetLagSeconds, label: `target lag ${formatDuration(data.targetLagSeconds)}` }}
            />
          )
        }
      </QueryRegion>
    </Card>
  );
}

function spanWords(landing: Landing | null): string | undefined {
  if (landing === null) return undefined;
  const { spanSeconds, points } = landing;
  const runs = points.reduce((sum, point) => sum + point.runs, 0);
  return `${plural(runs, "run")}, per ${spanSeconds === 86_400 ? "day (UTC)" : formatDuration(spanSeconds)}`;
}
