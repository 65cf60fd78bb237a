"use client";

import { useQuery } from "@tanstack/react-query";
import type { SourceId } from "@nova/pipeline-core/connectors";
import { LoaderCircle } from "lucide-react";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { STREAM_ACTION_WORDS } from "../source-words.ts";

const STATE = {
  open: { tone: "info", label: "Under way" },
  done: { tone: "ok", label: "Done" },
  failed: { tone: "bad", label: "Failed" },
} as const;

/** What people asked of this source's streams, and what came of it. */
export function RequestsCard({ source }: { readonly source: SourceId }) {
  const trpc = useTRPC();
  const requests = useQuery(trpc.sources.requests.queryOptions({ source }));
  return (
    <Card title="Asked of streams" flush aside="newest first">
      <QueryRegion query={requests} what="the requests" skeleton={<SkeletonRows rows={2} rowHeight={56} />}>
        {(data) =>
          data.length === 0 ? (
            <EmptyState kind="none-yet" title="Nothing was asked of a stream" compact>
              Pausing, resuming and reading tables again is done from the menu of each stream.
            </EmptyState>
          ) : (
            <ul>
              {data.map((request) => (
                <li key={request.id} className="border-b border-line px-4 py-2.5 last:border-b-0">
                  <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                    <p className="text-sm">
                      {STREAM_ACTION_WORDS[request.action].label}{" "}
                      <span className="font-mono text-xs">
                        {request.stream ?? (request.action === "replay" ? "of no known stream" : "every table")}
                      </span>
                    </p>
                    <StatusText
                      {...STATE[request.state]}
                      {...(request.state === "open" ? { icon: LoaderCircle, spinning: true } : {})}
                    />
                  </div>
                  <p className="text-xs break-words text-fg-muted">
                    {request.message === "" ? "" : `${request.message} · `}
                    {request.requestedBy}, <Timestamp at={request.settledAt ?? request.requestedAt} />
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
