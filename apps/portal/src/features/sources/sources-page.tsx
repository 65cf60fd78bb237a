"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { plural } from "@/ui/format.ts";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { SourceTroubleBanner } from "./components/source-trouble-banner.tsx";
import { SourcesTable } from "./components/sources-table.tsx";

/** The upstream systems: state, flow, lag and errors of each. */
export function SourcesPage() {
  const trpc = useTRPC();
  const sources = useQuery(trpc.sources.list.queryOptions(undefined, { refetchInterval: 15_000 }));
  return (
    <PageBody>
      <PageHeader title="Sources" lead="The upstream systems whose changes flow into the lakehouse." />
      {sources.data?.map((source) => (
        <SourceTroubleBanner key={source.id} source={source} linked />
      ))}
      <Card
        title="All sources"
        flush
        aside={
          sources.data === undefined
            ? undefined
            : plural(
                sources.data.reduce((sum, source) => sum + source.streams, 0),
                "stream",
              )
        }
      >
        <QueryRegion query={sources} what="the sources" skeleton={<SkeletonRows rows={5} rowHeight={56} />}>
          {(data) =>
            data.length === 0 ? (
              <EmptyState kind="not-started" title="No source is known yet">
                The worker makes the sources known when it starts. This page follows by itself.
              </EmptyState>
            ) : (
              <SourcesTable sources={data} />
            )
          }
        </QueryRegion>
      </Card>
    </PageBody>
  );
}
