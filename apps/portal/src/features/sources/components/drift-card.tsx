"use client";

import type { DriftRow } from "@nova/db/read-models";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { QueryRegion, type RegionQuery } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StatusPill } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { describeChange } from "../describe-change.ts";

/** How the streams' schemas changed against what was known, open ones first. */
export function DriftCard({ query }: { readonly query: RegionQuery<DriftRow[]> }) {
  return (
    <div id="drift" className="scroll-mt-16">
      <Card
        title="Schema drift"
        flush
        aside={
          query.data === undefined ? undefined : `${query.data.filter((item) => item.settledAt === null).length} open`
        }
      >
        <QueryRegion query={query} what="the schema drift" skeleton={<SkeletonRows rows={3} rowHeight={56} />}>
          {(items) =>
            items.length === 0 ? (
              <EmptyState kind="none-yet" title="No schema has changed" compact>
                Every stream still sends the columns it began with.
              </EmptyState>
            ) : (
              <ul>
                {items.map((item) => (
                  <li key={item.id} className="border-b border-line px-4 py-3 last:border-b-0">
                    <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
                      <p className="truncate font-mono text-xs font-medium">{item.stream}</p>
                      <p className="flex items-center gap-2 text-xs text-fg-muted">
                        <span>
                          v{item.fromVersion} → v{item.toVersion}
                        </span>
                        <Timestamp at={item.seenAt} />
                        {item.settledAt === null ? (
                          <StatusPill tone="warn" label="Open" />
                        ) : (
                          <StatusPill tone="ok" label="Settled" />
                        )}
                      </p>
                    </div>
                    <ul className="mt-1">
                      {item.changes.map((change) => (
                        <li key={`${change.column}:${change.change}`} className="text-xs text-fg-muted">
                          <span className="font-mono text-fg">{change.column}</span> {describeChange(change)}
                        </li>
                      ))}
                    </ul>
                  </li>
                ))}
              </ul>
            )
          }
        </QueryRegion>
      </Card>
    </div>
  );
}
