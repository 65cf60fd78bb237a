"use client";

import type { BreakerPart, SourceId } from "@nova/pipeline-core/connectors";
import { POLICY } from "@nova/pipeline-core/kernel";
import type { OwnQuery, WorkItem, WorkKind } from "@nova/db/read-models";
import { Activity, CircleX, FileWarning, GitCompareArrows, type LucideIcon, Plug, Unplug } from "lucide-react";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { BREAKER_PART_WORDS } from "@/features/sources/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { buttonClass } from "@/ui/button-class.ts";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCount } from "@/ui/format.ts";
import { QueryRegion, type RegionQuery } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import type { Waiting } from "../server/waiting.ts";
import { TroubledDataset } from "./worst-datasets.tsx";

/** What waits for this person, by what their role is for. */
export function WaitingCard({ query }: { readonly query: RegionQuery<Waiting> }) {
  return (
    <Card title="Waits for you" flush aside={query.data === undefined ? undefined : summary(query.data)}>
      <QueryRegion query={query} what="what waits for you" skeleton={<SkeletonRows rows={6} rowHeight={53} />}>
        {(waiting) => <WaitingBody waiting={waiting} />}
      </QueryRegion>
    </Card>
  );
}

function summary(waiting: Waiting): string {
  switch (waiting.for) {
    case "engineers":
      return waiting.work.length === 0 ? "nothing" : `${waiting.work.length} to look at`;
    case "owners":
      return `${waiting.owned} owned`;
    case "readers":
      return waiting.queries.length === 0 ? "" : "your latest queries";
  }
}

function WaitingBody({ waiting }: { readonly waiting: Waiting }) {
  switch (waiting.for) {
    case "engineers":
      return waiting.work.length === 0 ? (
        <EmptyState kind="none-yet" title="Nothing waits for you" compact>
          No failing check, no failed run, nothing in quarantine and no open drift.
        </EmptyState>
      ) : (
        <WorkList work={waiting.work} />
      );
    case "owners":
      return waiting.troubled.length === 0 ? (
        <EmptyState
          kind="none-yet"
          title={waiting.owned === 0 ? "You own no dataset yet" : "Your datasets are well"}
          compact
        >
          {waiting.owned === 0
            ? "Datasets name their owner in their model; yours will be listed here."
            : "All are within their target lag and no check fails."}
        </EmptyState>
      ) : (
        <ul>
          {waiting.troubled.map((dataset) => (
            <TroubledDataset key={dataset.name} dataset={dataset} />
          ))}
        </ul>
      );
    case "readers":
      return (
        <>
          <WorkList work={waiting.work} />
          {waiting.queries.length === 0 ? (
            <EmptyState
              kind="none-yet"
              title="You have not queried anything yet"
              compact
              action={
                <Link href={paths.query} className={buttonClass({ size: "sm" })}>
                  Write a query
                </Link>
              }
            >
              Your queries and the datasets they read are kept here.
            </EmptyState>
          ) : (
            <OwnQueries queries={waiting.queries} />
          )}
        </>
      );
  }
}

const WORK_ICON: Record<WorkKind, LucideIcon> = {
  source: Plug,
  breaker: Unplug,
  check: CircleX,
  run: Activity,
  quarantine: FileWarning,
  drift: GitCompareArrows,
};

function WorkList({ work }: { readonly work: readonly WorkItem[] }) {
  return (
    <ul>
      {work.map((item) => {
        const Icon = WORK_ICON[item.kind];
        return (
          <li
            key={`${item.kind}:${item.title}`}
            className="relative flex gap-3 border-b border-line px-4 py-2 last:border-b-0 hover:bg-hover"
          >
            <Icon
              aria-hidden
              className={`mt-0.5 size-4 shrink-0 ${["quarantine", "drift", "breaker"].includes(item.kind) ? "text-warn" : "text-bad"}`}
            />
            <div className="min-w-0 flex-1">
              <div className="flex items-center justify-between gap-3">
                <Link
                  prefetch={false}
                  href={workHref(item)}
                  className="truncate text-sm font-medium after:absolute after:inset-0"
                >
                  {workTitle(item)}
                </Link>
                <span className="relative shrink-0 text-xs text-fg-muted">
                  <Timestamp at={item.since} />
                </span>
              </div>
              <p className="mt-0.5 truncate text-xs text-fg-muted">
                {item.errorKind === null ? item.detail : `${item.detail} · ${POLICY[item.errorKind].remedy}`}
              </p>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function workHref({ kind, id }: WorkItem): string {
  switch (kind) {
    case "source":
    case "breaker":
      return paths.source(id);
    case "check":
      return paths.checks(id);
    case "run":
      return paths.run(id);
    case "quarantine":
      return `${paths.source(id)}#quarantine`;
    case "drift":
      return paths.driftOf(id);
  }
}

function workTitle({ kind, id, title, count }: WorkItem): string {
  const source = SOURCE_LABEL[id as SourceId] ?? id;
  switch (kind) {
    case "source":
      return `${source} is in trouble`;
    case "breaker":
      return `Circuit breaker open: ${BREAKER_PART_WORDS[title as BreakerPart]} ${source}`;
    case "check":
      return `Check fails: ${title}`;
    case "run":
      return `${count === 1 ? "Run failed" : `${count} runs failed`}: ${title}`;
    case "quarantine":
      return `${formatCount(count)} in quarantine: ${source}, ${title.split(" · ")[1] ?? ""}`;
    case "drift":
      return `Schema drift: ${title}`;
  }
}

function OwnQueries({ queries }: { readonly queries: readonly OwnQuery[] }) {
  return (
    <ul>
      {queries.map((query) => (
        <li key={query.id} className="relative border-b border-line px-4 py-2 last:border-b-0 hover:bg-hover">
          <Link
            prefetch={false}
            href={paths.queryOf(query.sql)}
            className="block truncate font-mono text-xs after:absolute after:inset-0"
          >
            {query.sql.replaceAll(/\s+/g, " ")}
          </Link>
          <p className="num mt-0.5 flex gap-2 text-xs text-fg-muted">
            <span className="relative">
              <Timestamp at={query.startedAt} />
            </span>
            <span>{query.rows === null ? query.state : `${formatCount(query.rows)} rows`}</span>
            <span className="truncate">{query.datasets.join(", ")}</span>
          </p>
        </li>
      ))}
    </ul>
  );
}
