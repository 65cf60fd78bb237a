"use client";

import { useQuery } from "@tanstack/react-query";
import type { DatasetHead } from "@nova/db/read-models";
import { TerminalSquare } from "lucide-react";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { BackfillButton, PartitionsTab } from "@/features/backfills/index.ts";
import { DatasetActions, DatasetMarks } from "@/features/commands/index.ts";
import { SnapshotsTab, snapshotSearchParsers } from "@/features/diffs/index.ts";
import { DatasetDrift } from "@/features/drift/index.ts";
import { HealthPill } from "@/features/health/index.ts";
import { LineagePanel, lineageSearchParsers } from "@/features/lineage/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { buttonClass } from "@/ui/button-class.ts";
import { CopyButton } from "@/ui/copy-button.tsx";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { Badge } from "@/ui/status-pill.tsx";
import { Tabs } from "@/ui/tabs.tsx";
import { ChecksTab } from "./components/checks-tab.tsx";
import { ColumnsTab } from "./components/columns-tab.tsx";
import { FreshnessTab } from "./components/freshness-tab.tsx";
import { OverviewTab } from "./components/overview-tab.tsx";
import { RunsTab } from "./components/runs-tab.tsx";
import { SampleTab } from "./components/sample-tab.tsx";
import { SqlTab } from "./components/sql-tab.tsx";
import { datasetSearchParsers } from "./dataset-search.ts";
import { LAYER_LABEL, LAYER_TONE, PII_LABEL } from "./dataset-words.ts";
import { readySql } from "./ready-sql.ts";

const ALL_PARSERS = { ...lineageSearchParsers, ...snapshotSearchParsers, ...datasetSearchParsers };
/** A tab begins without what was chosen on another. */
const CLEARED = Object.fromEntries(Object.keys(ALL_PARSERS).map((key) => [key, null]));

/** One dataset: what it means, whether it can be relied on, where it comes from, its rows. */
export function DatasetPage({ name }: { readonly name: string }) {
  const trpc = useTRPC();
  const head = useQuery(trpc.datasets.head.queryOptions({ name }, { refetchInterval: 30_000 }));
  return (
    <PageBody>
      <PageHeader
        up={{ href: paths.catalog, label: "Catalog" }}
        title={
          <>
            <span className="font-mono text-lg break-all">{name}</span>
            <CopyButton text={name} what="name" />
            {head.data === undefined ? null : <HeadMarks head={head.data} />}
          </>
        }
        lead={head.data?.description}
        actions={
          head.data === undefined ? undefined : (
            <div className="flex flex-wrap gap-2">
              <DatasetActions
                dataset={name}
                pipeline={head.data.pipeline}
                usedBy={head.data.usedBy.map((reader) => reader.name)}
              />
              <BackfillButton dataset={name} byDay={isByDay(head.data)} options={head.data.backfillOptions} />
              <Link href={paths.queryOf(readySql(head.data))} className={buttonClass({ kind: "primary" })}>
                <TerminalSquare aria-hidden className="size-4" />
                Query
              </Link>
            </div>
          )
        }
      />
      <QueryRegion query={head} what="the dataset" skeleton={<Skeleton height={480} />}>
        {(data) => (
          <>
            <DatasetMarks dataset={name} pipeline={data.pipeline} />
            <DatasetDrift dataset={name} />
            <DatasetTabs head={data} />
          </>
        )}
      </QueryRegion>
    </PageBody>
  );
}

function HeadMarks({ head }: { readonly head: DatasetHead }) {
  const pii = head.columns.some((column) => column.pii === "direct")
    ? "direct"
    : head.columns.some((column) => column.pii === "indirect")
      ? "indirect"
      : null;
  return (
    <>
      <Badge tone={LAYER_TONE[head.layer]}>{LAYER_LABEL[head.layer]}</Badge>
      {pii === null ? null : <Badge tone={pii === "direct" ? "warn" : "idle"}>{PII_LABEL[pii]}</Badge>}
      <HealthPill facts={head} />
    </>
  );
}

function DatasetTabs({ head }: { readonly head: DatasetHead }) {
  const [{ tab }, setSearch] = useQueryStates(ALL_PARSERS, { history: "push" });
  const troubled = head.failingChecks + head.warningChecks;
  return (
    <Tabs
      label="Parts of the dataset"
      value={tab}
      onChange={(next) => void setSearch({ ...CLEARED, tab: next })}
      items={[
        { value: "overview", label: "Overview", content: <OverviewTab head={head} /> },
        { value: "columns", label: "Columns", count: head.columns.length, content: <ColumnsTab head={head} /> },
        { value: "freshness", label: "Freshness", content: <FreshnessTab head={head} /> },
        {
          value: "checks",
          label: "Checks",
          count: troubled === 0 ? head.checks : `${troubled} of ${head.checks}`,
          content: <ChecksTab head={head} />,
        },
        {
          value: "lineage",
          label: "Lineage",
          content: <LineagePanel dataset={head.name} columns={head.columns.map((column) => column.name)} />,
        },
        {
          value: "partitions",
          label: "Partitions",
          content: <PartitionsTab dataset={head.name} byDay={isByDay(head)} options={head.backfillOptions} />,
        },
        { value: "runs", label: "Runs", content: <RunsTab head={head} /> },
        { value: "snapshots", label: "Snapshots", content: <SnapshotsTab dataset={head.name} /> },
        { value: "sample", label: "Sample", content: <SampleTab head={head} /> },
        { value: "sql", label: "SQL", content: <SqlTab head={head} /> },
      ]}
    />
  );
}

/** Marts by day and appended events are cut into days; what is merged by key is one whole. */
function isByDay({ kind, layer }: DatasetHead): boolean {
  return layer !== "raw" && layer !== "staged" && (kind === "partitioned" || kind === "append");
}
