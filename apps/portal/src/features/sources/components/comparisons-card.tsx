"use client";

import { useQuery } from "@tanstack/react-query";
import type { ReconciliationState, SourceId } from "@nova/pipeline-core/connectors";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import type { TonedWord } from "@/ui/tone.ts";

const STATE: Record<ReconciliationState, TonedWord> = {
  asked: { tone: "idle", label: "Asked for" },
  running: { tone: "info", label: "Comparing" },
  equal: { tone: "ok", label: "Equal" },
  different: { tone: "bad", label: "Different" },
  repaired: { tone: "ok", label: "Repaired" },
  failed: { tone: "warn", label: "Not compared" },
};
const SHOWN_KEYS = 5;

/** When streams were last compared with their datasets, and what was found. */
export function ComparisonsCard({ source }: { readonly source: SourceId }) {
  const trpc = useTRPC();
  const comparisons = useQuery(trpc.sources.comparisons.queryOptions({ source }));
  return (
    <Card title="Compared with the source" flush aside="newest first">
      <QueryRegion query={comparisons} what="the comparisons" skeleton={<SkeletonRows rows={3} rowHeight={56} />}>
        {(data) =>
          data.length === 0 ? (
            <EmptyState kind="none-yet" title="Nothing was compared yet" compact>
              Every table is compared by itself now and then; the menu of a stream does it at once.
            </EmptyState>
          ) : (
            <ul className="max-h-96 overflow-auto">
              {data.map(({ id, stream, state, requestedBy, requestedAt, endedAt, outcome }) => (
                <li key={id} className="border-b border-line px-4 py-2.5 last:border-b-0">
                  <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                    <p className="font-mono text-xs font-medium">{stream}</p>
                    <StatusText {...STATE[state]} />
                  </div>
                  <p className="text-xs break-words text-fg-muted">
                    {outcome === null ? "" : `${outcome.message} · `}
                    {requestedBy ?? "by the schedule"}, <Timestamp at={endedAt ?? requestedAt} />
                  </p>
                  {(outcome?.quarantined ?? 0) > 0 ? (
                    <a href="#quarantine" className="text-xs text-accent-text hover:underline">
                      Show the quarantine
                    </a>
                  ) : null}
                  {state === "different" ? (
                    <ul className="mt-1 font-mono text-2xs text-fg-muted">
                      {outcome?.keys.slice(0, SHOWN_KEYS).map(({ key, kind }) => (
                        <li key={JSON.stringify(key)}>
                          {kind} {JSON.stringify(key)}
                        </li>
                      ))}
                    </ul>
                  ) : null}
                </li>
              ))}
            </ul>
          )
        }
      </QueryRegion>
    </Card>
  );
}
