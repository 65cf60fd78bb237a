"use client";

import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import type { CheckResultRow, CheckRow } from "@nova/db/read-models";
import type { CheckKind } from "@nova/pipeline-core/quality";
import Link from "next/link";
import { useMemo } from "react";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { DataTable } from "@/ui/data-table.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Fact, Facts } from "@/ui/facts.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { TimeSeriesChart } from "@/ui/time-series-chart.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { prepareCheckHistory } from "../charts/prepare-check-history.ts";
import { formatCheckValue, KIND_LABEL, NO_OUTCOME, OUTCOME_WORDS, SEVERITY_LABEL } from "../check-words.ts";

const column = createColumnHelper<CheckResultRow>();

function columnsFor(kind: CheckKind) {
  return [
    column.accessor("at", { header: "Time", cell: ({ getValue }) => <Timestamp at={getValue()} show="full" /> }),
    column.accessor("outcome", {
      header: "Outcome",
      cell: ({ getValue }) => (
        <StatusText tone={OUTCOME_WORDS[getValue()].tone} label={OUTCOME_WORDS[getValue()].label} />
      ),
    }),
    column.accessor("value", {
      header: "Value",
      meta: { align: "right" },
      cell: ({ getValue }) => {
        const value = getValue();
        return value === null ? "–" : formatCheckValue(kind, value);
      },
    }),
    column.accessor("message", {
      header: "Message",
      cell: ({ getValue, row }) => (
        <span className="text-xs text-fg-muted">
          {getValue()}
          {row.original.runId === null ? null : (
            <>
              {" "}
              <Link href={paths.run(row.original.runId)} className="text-accent-text hover:underline">
                run
              </Link>
            </>
          )}
        </span>
      ),
    }),
  ];
}

/** One check: what it demands, how it stands, its values over time against the threshold, and every result. */
export function CheckDetail({ dataset, check }: { readonly dataset: string; readonly check: CheckRow }) {
  const trpc = useTRPC();
  const results = useQuery(trpc.datasets.checkResults.queryOptions({ name: dataset, check: check.name }));
  const columns = useMemo(() => columnsFor(check.kind), [check.kind]);
  const words = check.outcome === null ? NO_OUTCOME : OUTCOME_WORDS[check.outcome];
  const threshold = formatCheckValue(check.kind, check.threshold);
  return (
    <div className="flex flex-col gap-5">
      <Facts>
        <Fact name="Outcome">
          <StatusText tone={words.tone} label={words.label} />
          {check.message === null ? null : <span className="text-fg-muted"> · {check.message}</span>}
        </Fact>
        <Fact name="Since">
          <Timestamp at={check.since} absent="not run yet" />
        </Fact>
        <Fact name="Kind">
          {KIND_LABEL[check.kind]}
          {check.column === null ? null : (
            <>
              {" of "}
              <Link
                href={paths.column(dataset, check.column)}
                className="font-mono text-xs text-accent-text hover:underline"
              >
                {check.column}
              </Link>
            </>
          )}
        </Fact>
        <Fact name="Passes at">at most {threshold}</Fact>
        <Fact name="Severity">
          {SEVERITY_LABEL[check.severity]}
          {check.blocking ? ", blocking: on failure readers keep the last good snapshot" : ""}
        </Fact>
      </Facts>
      <QueryRegion query={results} what="the history of the check" skeleton={<Skeleton height={420} />}>
        {(rows) =>
          rows.length === 0 ? (
            <EmptyState kind="none-yet" title="No result yet" compact>
              The check runs with the next commit of the dataset.
            </EmptyState>
          ) : (
            <>
              <TimeSeriesChart
                label={`Values of ${check.name}`}
                points={prepareCheckHistory(rows)}
                series={[{ key: "value", label: KIND_LABEL[check.kind].toLowerCase(), color: 1 }]}
                formatValue={(value) => formatCheckValue(check.kind, value)}
                height={180}
                threshold={{ value: check.threshold, label: `at most ${threshold}` }}
              />
              <div className="-mx-5 border-t border-line">
                <DataTable
                  label="Results"
                  rows={rows}
                  columns={columns}
                  rowKey={(row) => row.at.toISOString()}
                  maxHeight={420}
                />
              </div>
            </>
          )
        }
      </QueryRegion>
    </div>
  );
}
