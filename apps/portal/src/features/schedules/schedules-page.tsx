"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { plural } from "@/ui/format.ts";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { SchedulesTable } from "./components/schedules-table.tsx";

/** What runs by the calendar: when next, how the last time went, and who stopped what. */
export function SchedulesPage() {
  const trpc = useTRPC();
  const schedules = useQuery(trpc.schedules.list.queryOptions(undefined, { refetchInterval: 15_000 }));
  return (
    <PageBody>
      <PageHeader
        title="Schedules"
        lead="Datasets refreshed by the calendar. All others run when new data nears their target lag. Times missed while no worker ran are made up for by one run."
      />
      <Card
        title="All schedules"
        flush
        aside={
          <>
            {schedules.data === undefined ? null : <span>{plural(schedules.data.length, "schedule")}</span>}
            <CopyButton text="npm run nova -- schedules" what="as CLI" />
          </>
        }
      >
        <QueryRegion query={schedules} what="the schedules" skeleton={<SkeletonRows rows={4} rowHeight={64} />}>
          {(data) => <SchedulesTable schedules={data} />}
        </QueryRegion>
      </Card>
    </PageBody>
  );
}
