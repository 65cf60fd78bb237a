"use client";

import type { LandedRow } from "@nova/db/read-models";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCompact, formatCount } from "@/ui/format.ts";
import { QueryRegion, type RegionQuery } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Badge } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";

/** The datasets whose rows changed last. */
export function LandedList({ query }: { readonly query: RegionQuery<LandedRow[]> }) {
  return (
    <Card title="Just landed" flush aside="newest commits first">
      <QueryRegion query={query} what="the latest commits" skeleton={<SkeletonRows rows={6} rowHeight={37} />}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState kind="not-started" title="Nothing has landed yet" compact>
              The first commit shows here within seconds of the first rows.
            </EmptyState>
          ) : (
            <ul className="grid grid-cols-1 md:grid-cols-2">
              {rows.map((row) => (
                <li
                  key={row.dataset}
                  className="relative flex items-center gap-3 border-b border-line px-4 py-2 hover:bg-hover md:odd:border-r"
                >
                  <Badge>{row.layer}</Badge>
                  <Link
                    prefetch={false}
                    href={paths.dataset(row.dataset)}
                    className="min-w-0 flex-1 truncate font-mono text-xs after:absolute after:inset-0"
                  >
                    {row.dataset}
                  </Link>
                  <span className="num hidden text-xs whitespace-nowrap text-fg-muted sm:inline">
                    {row.rowsChanged === null ? "" : `+${formatCount(row.rowsChanged)} `}
                    {row.rowCount === null ? "" : `of ${formatCompact(row.rowCount)} rows`}
                  </span>
                  <span className="relative w-20 text-right text-xs text-fg-muted">
                    <Timestamp at={row.committedAt} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </QueryRegion>
    </Card>
  );
}
