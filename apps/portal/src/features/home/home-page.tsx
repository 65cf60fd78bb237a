"use client";

import { useQuery } from "@tanstack/react-query";
import { PausedBanner } from "@/features/commands/index.ts";
import { useProfile } from "@/features/profile/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { FirstLoad, isFirstLoad } from "./components/first-load.tsx";
import { HealthStats } from "./components/health-stats.tsx";
import { LandedList } from "./components/landed-list.tsx";
import { SourceFlows } from "./components/source-flows.tsx";
import { WaitingCard } from "./components/waiting-card.tsx";
import { WorstDatasets } from "./components/worst-datasets.tsx";

/** What is fresh, late and failing; what flows; what waits for me. */
export function HomePage() {
  const trpc = useTRPC();
  const { name } = useProfile();
  const health = useQuery(trpc.home.health.queryOptions(undefined, { refetchInterval: 30_000 }));
  const sources = useQuery(trpc.sources.list.queryOptions(undefined, { refetchInterval: 15_000 }));
  const waiting = useQuery(trpc.home.waiting.queryOptions(undefined, { refetchInterval: 60_000 }));
  const landed = useQuery(trpc.home.landed.queryOptions());
  return (
    <PageBody>
      <PageHeader title="Home" lead={`What the platform is doing, and what waits for you, ${name.split(" ")[0]}.`} />
      <PausedBanner />
      <QueryRegion query={health} what="the health of the datasets" skeleton={<Skeleton height={90} />}>
        {(data) => <HealthStats health={data} />}
      </QueryRegion>
      {sources.data !== undefined && isFirstLoad(sources.data) ? <FirstLoad sources={sources.data} /> : null}
      <QueryRegion query={sources} what="the sources" skeleton={<Skeleton height={172} />}>
        {(data) => <SourceFlows sources={data} />}
      </QueryRegion>
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <WaitingCard query={waiting} />
        <WorstDatasets query={health} />
      </div>
      <LandedList query={landed} />
    </PageBody>
  );
}
