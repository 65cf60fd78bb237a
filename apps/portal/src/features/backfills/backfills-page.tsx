"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { BackfillsTable } from "./components/backfills-table.tsx";

/** Every backfill, newest first, with how far it is. */
export function BackfillsPage() {
  const trpc = useTRPC();
  const backfills = useQuery(trpc.backfills.list.queryOptions(undefined, { refetchInterval: 15_000 }));
  return (
    <PageBody>
      <PageHeader
        title="Backfills"
        lead="Days and datasets that are computed again by a plan that was looked at first. Fresh data always goes before them."
      />
      <Card title="All backfills" flush aside="newest first">
        <QueryRegion query={backfills} what="the backfills" skeleton={<SkeletonRows rows={8} rowHeight={56} />}>
          {(data) => <BackfillsTable backfills={data} />}
        </QueryRegion>
      </Card>
    </PageBody>
  );
}
