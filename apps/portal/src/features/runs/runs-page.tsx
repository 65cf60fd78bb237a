"use client";

import { useQuery } from "@tanstack/react-query";
import { ChevronLeft, ChevronRight, ChevronsLeft } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useState } from "react";
import { PausedBanner, RunsActions, useSteersRuns } from "@/features/commands/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Tabs } from "@/ui/tabs.tsx";
import { useNow } from "@/ui/time.tsx";
import { tabCountText } from "./count-tab.ts";
import { RunsFilters } from "./components/runs-filters.tsx";
import { RunsTable } from "./components/runs-table.tsx";
import { describeFilter } from "./describe-filter.ts";
import { RUN_TABS, type RunTab } from "./run-tabs.ts";
import { isFiltered, NO_FILTER, runsFilter, runsPageInput, type RunsSearch, runsSearchParsers } from "./runs-search.ts";

const BY_THEMSELVES = "Runs in this state show up here by themselves.";
const NOTHING: Record<Exclude<RunTab, "all">, { readonly title: string; readonly next: string }> = {
  running: {
    title: "Nothing is running now",
    next: "The next one starts by itself when changes wait and a dataset nears its target lag.",
  },
  queued: { title: "Nothing waits for its turn", next: "Runs stand here while all slots are taken." },
  failed: { title: "No run has failed", next: BY_THEMSELVES },
  succeeded: { title: "No run has succeeded", next: BY_THEMSELVES },
  cancelled: { title: "No run has been cancelled", next: BY_THEMSELVES },
  scheduled: {
    title: "Nothing has run by the calendar yet",
    next: "When which dataset runs next stands under Schedules.",
  },
  backfills: {
    title: "No backfill yet",
    next: "Open a dataset, choose days on its Partitions tab, and press Backfill.",
  },
};

const TAB_LABEL: Record<RunTab, string> = {
  all: "All",
  running: "In progress",
  queued: "Queued",
  failed: "Failed",
  succeeded: "Succeeded",
  cancelled: "Cancelled",
  scheduled: "Scheduled",
  backfills: "Backfills",
};

/** Every run, newest first: what ran, why, how long, with which outcome. */
export function RunsPage() {
  const trpc = useTRPC();
  const [search, setSearch] = useQueryStates(runsSearchParsers, { history: "push" });
  const minute = Math.floor(useNow() / 60_000) * 60_000;
  const counts = useQuery(trpc.runs.counts.queryOptions(runsFilter(search, minute), { refetchInterval: 15_000 }));
  const tabs = RUN_TABS.filter(
    (tab) => tab !== "cancelled" || search.state === tab || (counts.data?.runs.cancelled ?? 0) > 0,
  );
  const change = (next: Parameters<typeof setSearch>[0]): void => void setSearch({ at: null, ...next });
  return (
    <PageBody>
      <PageHeader
        title="Runs"
        lead="Each time something was loaded or refreshed. What found nothing to do is no run."
      />
      <PausedBanner />
      <Tabs<RunTab>
        label="State"
        value={search.state}
        onChange={(state) => change({ state })}
        items={tabs.map((value) => ({
          value,
          label: TAB_LABEL[value],
          count: counts.data === undefined ? "…" : tabCountText(value, counts.data, search.inside),
          content: value === search.state ? <RunsList search={search} minute={minute} onChange={change} /> : null,
        }))}
      />
    </PageBody>
  );
}

interface RunsListProps {
  readonly search: RunsSearch;
  readonly minute: number;
  readonly onChange: (next: Partial<{ [Key in keyof RunsSearch]: RunsSearch[Key] | null }>) => void;
}

function RunsList({ search, minute, onChange }: RunsListProps) {
  const trpc = useTRPC();
  const page = useQuery(trpc.runs.page.queryOptions(runsPageInput(search, minute), { refetchInterval: 15_000 }));
  const steers = useSteersRuns();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  return (
    <section aria-label="Runs" className="min-w-0 overflow-hidden rounded-lg border border-line bg-surface">
      <RunsFilters search={search} onChange={onChange} />
      <QueryRegion query={page} what="the runs" skeleton={<SkeletonRows rows={20} />}>
        {(data) => (
          <>
            {/* What has left the page is not chosen any more: nothing happens to a run that nobody sees. */}
            <RunsActions
              runs={data.rows.filter((row) => row.kind === "run").filter((run) => chosen.has(run.id))}
              onClear={() => setChosen(new Set())}
            >
              <RunsTable
                rows={data.rows}
                dimmed={page.isPlaceholderData}
                empty={<NoRuns search={search} onChange={onChange} />}
                selection={steers ? { chosen, onChange: setChosen } : undefined}
              />
            </RunsActions>
            {data.older === null && data.newer === null ? null : (
              <nav aria-label="Pages of runs" className="flex justify-end gap-2 border-t border-line px-4 py-2">
                <Button
                  size="sm"
                  kind="ghost"
                  disabledReason={search.at === null ? "These are the newest runs." : null}
                  onClick={() => onChange({ at: null })}
                >
                  <ChevronsLeft aria-hidden className="size-3.5" />
                  Newest
                </Button>
                <PageButton direction="newer" cursor={data.newer} onChange={onChange} />
                <PageButton direction="older" cursor={data.older} onChange={onChange} />
              </nav>
            )}
          </>
        )}
      </QueryRegion>
    </section>
  );
}

interface PageButtonProps {
  readonly direction: "older" | "newer";
  readonly cursor: string | null;
  readonly onChange: RunsListProps["onChange"];
}

function PageButton({ direction, cursor, onChange }: PageButtonProps) {
  const older = direction === "older";
  return (
    <Button
      size="sm"
      disabledReason={cursor === null ? `There are no ${direction} runs.` : null}
      onClick={() => cursor !== null && onChange({ at: { direction, cursor } })}
    >
      {older ? null : <ChevronLeft aria-hidden className="size-3.5" />}
      {older ? "Older" : "Newer"}
      {older ? <ChevronRight aria-hidden className="size-3.5" /> : null}
    </Button>
  );
}

function NoRuns({ search, onChange }: Pick<RunsListProps, "search" | "onChange">) {
  if (isFiltered(search))
    return (
      <FilteredOut
        title={search.state === "all" ? "No run matches" : `No ${TAB_LABEL[search.state].toLowerCase()} run matches`}
        clear="Clear filters"
        onClear={() => onChange(NO_FILTER)}
      >
        Narrowed by {describeFilter(search)}.
      </FilteredOut>
    );
  if (search.state !== "all")
    return (
      <EmptyState
        kind="none-yet"
        title={NOTHING[search.state].title}
        action={
          <Button size="sm" onClick={() => onChange({ state: null })}>
            Show all runs
          </Button>
        }
      >
        {NOTHING[search.state].next}
      </EmptyState>
    );
  return (
    <EmptyState kind="not-started" title="Nothing has run yet">
      The worker runs a pipeline as soon as its sources have sent something. This page follows by itself.
    </EmptyState>
  );
}
