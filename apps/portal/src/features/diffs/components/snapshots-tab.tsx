"use client";

import { useQuery } from "@tanstack/react-query";
import type { KeptSnapshot } from "@nova/pipeline-core/orchestration";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { DataTable } from "@/ui/data-table.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCount, formatId, plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Select } from "@/ui/select.tsx";
import { Badge } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { choosePair } from "../choose-pair.ts";
import { snapshotSearchParsers } from "../snapshot-search.ts";
import { EnvironmentDiff } from "./environment-diff.tsx";
import { SnapshotDiff } from "./snapshot-diff.tsx";

interface SnapshotRow extends KeptSnapshot {
  /** The run that published it; null for upkeep, and where that run is no longer kept. */
  readonly runId: string | null;
}

const column = createColumnHelper<SnapshotRow>();
const TOLD = [
  column.accessor("committedAt", {
    header: "Committed",
    cell: ({ row: { original: one } }) => (
      <span className="inline-flex flex-wrap items-center gap-x-2">
        <Timestamp at={one.committedAt} />
        {one.current ? <Badge tone="info">Current</Badge> : null}
      </span>
    ),
  }),
  column.accessor("rows", {
    header: "Rows",
    meta: { align: "right" },
    cell: ({ getValue }) => formatCount(getValue()),
  }),
  column.accessor("runId", {
    header: "Written by",
    cell: ({ getValue, row: { original: one } }) => {
      const runId = getValue();
      if (runId !== null)
        return (
          <Link
            href={paths.run(runId)}
            className="inline-flex min-h-6 items-center font-mono text-xs whitespace-nowrap text-accent-text hover:underline"
          >
            run {formatId(runId)}
          </Link>
        );
      return (
        <span className="text-xs text-fg-muted">
          {one.wrote === "upkeep" ? "upkeep: the same rows in fewer files" : "not on record"}
        </span>
      );
    },
  }),
  column.accessor("snapshotId", {
    header: "Snapshot",
    meta: { wideOnly: true },
    cell: ({ getValue }) => <span className="num font-mono text-xs">{getValue()}</span>,
  }),
];

/** Snapshots of a dataset that are still kept; any two are put beside each other, or the dataset beside another environment's. */
export function SnapshotsTab({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  const [{ against }, setSearch] = useQueryStates(snapshotSearchParsers, { history: "replace" });
  const { data: environments = [] } = useQuery(
    trpc.diffs.environments.queryOptions(undefined, { retry: false, staleTime: Number.POSITIVE_INFINITY }),
  );
  const snapshots = useQuery(trpc.diffs.snapshots.queryOptions({ dataset }, { refetchInterval: 15_000, retry: false }));
  return (
    <div className="flex flex-col gap-4">
      {environments.length === 0 && against === null ? null : (
        <div className="flex flex-wrap items-center gap-2 text-sm">
          <span className="text-fg-muted">Compare with</span>
          <Select
            label="Compare with"
            value={against ?? ""}
            choices={[
              { value: "", label: "a snapshot of this environment" },
              ...[...new Set([...environments, ...(against === null ? [] : [against])])].map((name) => ({
                value: name,
                label: `environment ${name}`,
              })),
            ]}
            onChange={(next) => void setSearch({ against: next === "" ? null : next, rows: null })}
          />
        </div>
      )}
      {against === null ? (
        <QueryRegion query={snapshots} what="the snapshots" skeleton={<SkeletonRows rows={8} rowHeight={41} />}>
          {(rows) => <Picker dataset={dataset} rows={rows} />}
        </QueryRegion>
      ) : (
        <EnvironmentDiff key={against} dataset={dataset} environment={against} />
      )}
    </div>
  );
}

function Picker({ dataset, rows }: { readonly dataset: string; readonly rows: readonly SnapshotRow[] }) {
  const [search, setSearch] = useQueryStates(snapshotSearchParsers, { history: "replace" });
  const pair = choosePair(rows, search);
  const { from, to } = pair;
  const columns = useMemo(() => {
    // Both stand in the address as soon as one is chosen: what is newest moves on.
    const choose = (next: { from?: string; to?: string }): void => void setSearch({ from, to, ...next, rows: null });
    const pick = (side: "from" | "to", header: string) =>
      column.display({
        id: side,
        header,
        cell: ({ row: { original: one } }) => (
          <label className="inline-flex size-6 items-center justify-center">
            <span className="sr-only">
              {header}: {one.snapshotId}
            </span>
            <input
              type="radio"
              name={side}
              checked={one.snapshotId === (side === "from" ? from : to)}
              onChange={() => choose({ [side]: one.snapshotId })}
            />
          </label>
        ),
      });
    return [pick("from", "Before"), pick("to", "After"), ...TOLD];
  }, [from, to, setSearch]);
  return (
    <div className="flex flex-col gap-4">
      <Card title="Snapshots" flush aside={`${plural(rows.length, "snapshot")}, kept for about an hour`}>
        <DataTable
          label="Snapshots"
          rows={rows}
          columns={columns}
          rowKey={(row) => row.snapshotId}
          maxHeight={420}
          empty={
            <EmptyState kind="not-started" title="Nothing was written yet" compact>
              Every commit makes a snapshot. This page follows by itself.
            </EmptyState>
          }
        />
      </Card>
      {from === null || to === null ? (
        rows.length === 1 ? (
          <p className="text-sm text-fg-muted">There is one snapshot: nothing to compare it with yet.</p>
        ) : null
      ) : from === to ? (
        <p className="text-sm text-fg-muted">This is one snapshot: choose another one before or after it.</p>
      ) : (
        <Compared key={`${from} ${to}`} dataset={dataset} from={from} to={to} />
      )}
    </div>
  );
}

interface ComparedProps {
  readonly dataset: string;
  readonly from: string;
  readonly to: string;
}

function Compared({ dataset, from, to }: ComparedProps) {
  const trpc = useTRPC();
  const [{ rows }, setSearch] = useQueryStates(snapshotSearchParsers, { history: "replace" });
  const summary = useQuery(
    trpc.diffs.ofPair.queryOptions({ dataset, before: from, after: to }, { retry: false, refetchOnWindowFocus: false }),
  );
  return (
    <Card
      title="Compared"
      aside={<CopyButton text={`npm run nova -- datasets diff ${dataset} --from ${from} --to ${to}`} what="as CLI" />}
    >
      <div className="flex flex-col gap-4">
        <QueryRegion query={summary} what="what the snapshots tell" skeleton={<SkeletonRows rows={4} rowHeight={28} />}>
          {(data) => (
            <SnapshotDiff summary={data} asked={rows} onAsk={() => void setSearch({ from, to, rows: true })} />
          )}
        </QueryRegion>
      </div>
    </Card>
  );
}
