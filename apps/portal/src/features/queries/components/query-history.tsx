"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import type { PastQuery } from "@nova/db/read-models";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { cx } from "@/ui/class-names.ts";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatDuration, plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { QUERY_STATE_WORDS } from "../query-words.ts";

interface QueryHistoryProps {
  /** The query whose result is on screen. */
  readonly current: string | null;
  readonly onLoad: (query: PastQuery) => void;
}

/** My queries, newest first; a click brings text and result back. */
export function QueryHistory({ current, onLoad }: QueryHistoryProps) {
  const trpc = useTRPC();
  const history = useInfiniteQuery(
    trpc.queries.mine.infiniteQueryOptions({}, { getNextPageParam: (page) => page.next, initialCursor: null }),
  );
  return (
    <div className="min-h-0 flex-1 overflow-auto px-1.5 pb-3" role="region" aria-label="My queries" tabIndex={0}>
      <QueryRegion query={history} what="your queries" skeleton={<SkeletonRows rows={6} rowHeight={64} />}>
        {({ pages }) => {
          const queries = pages.flatMap((page) => page.rows);
          if (queries.length === 0)
            return (
              <EmptyState kind="none-yet" title="You have not queried yet" compact>
                Each query you run is kept here with its text, state and time.
              </EmptyState>
            );
          return (
            <>
              <ol aria-label="My queries">
                {queries.map((query) => (
                  <li key={query.id}>
                    <HistoryItem query={query} current={query.id === current} onLoad={() => onLoad(query)} />
                  </li>
                ))}
              </ol>
              {history.hasNextPage ? (
                <div className="p-2">
                  <Button
                    size="sm"
                    kind="ghost"
                    busy={history.isFetchingNextPage}
                    onClick={() => void history.fetchNextPage()}
                  >
                    Earlier queries
                  </Button>
                </div>
              ) : null}
            </>
          );
        }}
      </QueryRegion>
    </div>
  );
}

interface HistoryItemProps {
  readonly query: PastQuery;
  readonly current: boolean;
  readonly onLoad: () => void;
}

function HistoryItem({ query, current, onLoad }: HistoryItemProps) {
  const seconds = query.endedAt === null ? null : (query.endedAt.getTime() - query.startedAt.getTime()) / 1_000;
  return (
    <div className={cx("rounded-md px-2 py-1.5 hover:bg-hover", current && "bg-accent-soft hover:bg-accent-soft")}>
      <button
        type="button"
        aria-current={current || undefined}
        title="Bring this query back"
        onClick={onLoad}
        className="line-clamp-2 min-h-6 w-full rounded-sm text-left font-mono text-xs break-words"
      >
        {query.sql.replaceAll(/\s+/g, " ").slice(0, 200)}
      </button>
      <p className="mt-0.5 flex flex-wrap items-center gap-x-2 text-2xs text-fg-muted">
        <StatusText {...QUERY_STATE_WORDS[query.state]} />
        <Timestamp at={query.startedAt} />
        {seconds === null ? null : <span className="num">{formatDuration(seconds)}</span>}
        {query.rows === null || query.state !== "succeeded" ? null : (
          <span className="num">{plural(query.rows, "row")}</span>
        )}
      </p>
    </div>
  );
}
