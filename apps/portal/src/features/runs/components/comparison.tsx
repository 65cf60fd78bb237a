"use client";

import { useQuery } from "@tanstack/react-query";
import type { RunDetail } from "@nova/db/read-models";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { DatasetLink, paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { DataTable } from "@/ui/data-table.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatBytes, formatCount, formatId, formatKnown } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { compareSteps } from "../compare-steps.ts";
import { Checks, Code, type ComparedRow, Durations, Inputs, Pair } from "./comparison-cells.tsx";
import { runSearchParsers } from "../run-search.ts";
import { StepStatus } from "./run-status.tsx";
import { TableDiff } from "./table-diff.tsx";

const column = createColumnHelper<ComparedRow>();

const COLUMNS = [
  column.accessor("dataset", {
    header: "Dataset",
    cell: ({ row: { original: row } }) => (
      <>
        <DatasetLink name={row.dataset} />
        <p className="text-xs">
          <StepStatus state={row.now.state} />
        </p>
      </>
    ),
  }),
  column.display({
    id: "good",
    header: "Last good run",
    cell: ({ row: { original: row } }) =>
      row.lastGood === null ? (
        <span className="text-fg-muted">none is known</span>
      ) : (
        <>
          <Link
            href={paths.run(row.lastGood.runId)}
            className="inline-flex min-h-6 items-center font-mono text-xs whitespace-nowrap text-accent-text hover:underline"
          >
            {formatId(row.lastGood.runId)}
          </Link>
          <p className="text-xs text-fg-muted">
            <Timestamp at={row.lastGood.startedAt} />
          </p>
          {row.partitions === null ? null : (
            <p className="max-w-40 text-xs text-fg-muted">
              {row.partitions === "same" ? "of the same partitions" : "of other partitions: none of these is known"}
            </p>
          )}
        </>
      ),
  }),
  column.display({
    id: "seconds",
    header: "Duration",
    meta: { align: "right" },
    cell: ({ row: { original: row } }) => <Durations row={row} />,
  }),
  ...(
    [
      { id: "rowsIn", header: "Rows in", format: formatCount },
      { id: "rowsOut", header: "Rows out", format: formatCount },
      { id: "bytes", header: "Written", format: formatBytes },
    ] as const
  ).map(({ id, header, format }) =>
    column.display({
      id,
      header,
      meta: { align: "right", wideOnly: true },
      cell: ({ row: { original: row } }) => (
        <Pair
          now={formatKnown(row.now[id], format)}
          before={row.lastGood === null ? null : formatKnown(row.lastGood[id], format)}
        />
      ),
    }),
  ),
  column.display({
    id: "inputs",
    header: "Inputs",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => <Inputs row={row} />,
  }),
  column.display({
    id: "code",
    header: "Code",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => <Code row={row} />,
  }),
  column.display({
    id: "checks",
    header: "Checks",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => <Checks row={row} />,
  }),
];

/** Each step of a run beside the last run before it in which its dataset succeeded. */
export function Comparison({ run }: { readonly run: RunDetail }) {
  const trpc = useTRPC();
  const [{ data: open }, setSearch] = useQueryStates(runSearchParsers, { history: "replace" });
  const columns = useMemo(
    () => [
      ...COLUMNS.slice(0, 2),
      column.display({
        id: "data",
        header: "Data",
        cell: ({ row: { original: row } }) => (
          <Button
            size="sm"
            aria-expanded={row.dataset === open}
            onClick={() => void setSearch({ data: row.dataset === open ? null : row.dataset, rows: null })}
          >
            Compare data
          </Button>
        ),
      }),
      ...COLUMNS.slice(2),
    ],
    [open, setSearch],
  );
  const comparison = useQuery(
    trpc.runs.comparison.queryOptions({ id: run.id }, { refetchInterval: run.endedAt === null ? 5_000 : false }),
  );
  return (
    <QueryRegion query={comparison} what="the comparison" skeleton={<SkeletonRows rows={4} rowHeight={56} />}>
      {(data) => (
        <>
          <DataTable
            label="Compared with the last good run"
            rows={data.map((row): ComparedRow => ({ ...row, difference: compareSteps(row) }))}
            columns={columns}
            rowKey={(row) => row.dataset}
            maxHeight={560}
            empty={
              <EmptyState kind="not-started" title="No step has begun yet" compact>
                What a step did is compared as soon as it begins.
              </EmptyState>
            }
          />
          {data.some(({ dataset }) => dataset === open) && open !== null ? (
            <TableDiff key={open} runId={run.id} dataset={open} />
          ) : null}
        </>
      )}
    </QueryRegion>
  );
}
