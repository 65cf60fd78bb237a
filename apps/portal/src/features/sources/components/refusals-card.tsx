"use client";

import { useQuery } from "@tanstack/react-query";
import type { SourceId } from "@nova/pipeline-core/connectors";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { REFUSAL_WORDS } from "../source-words.ts";

/** What was turned away at the door of a source that is pushed to us, by sender and reason. */
export function RefusalsCard({ source }: { readonly source: SourceId }) {
  const trpc = useTRPC();
  const refusals = useQuery(trpc.sources.refusals.queryOptions({ source }));
  return (
    <Card title="Refused at intake" flush aside="last 24 hours">
      <QueryRegion query={refusals} what="what was refused" skeleton={<SkeletonRows rows={2} rowHeight={44} />}>
        {(data) =>
          data.length === 0 ? (
            <EmptyState kind="none-yet" title="Nothing was turned away" compact>
              Whatever was sent could be taken in.
            </EmptyState>
          ) : (
            <ul className="max-h-80 overflow-auto">
              {data.map(({ service, outcome, requests, records, lastAt }) => (
                <li
                  key={`${service} ${outcome}`}
                  className="flex flex-wrap items-baseline justify-between gap-x-4 border-b border-line px-4 py-2 last:border-b-0"
                >
                  <p className="text-sm">
                    <span className="font-mono text-xs">{service}</span> · {REFUSAL_WORDS[outcome]}
                  </p>
                  <p className="num text-xs text-fg-muted">
                    {records > 0 ? plural(records, "record") : plural(requests, "request")}, last{" "}
                    <Timestamp at={lastAt} />
                  </p>
                </li>
              ))}
            </ul>
          )
        }
      </QueryRegion>
    </Card>
  );
}
