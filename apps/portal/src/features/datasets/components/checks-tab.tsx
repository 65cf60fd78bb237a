"use client";

import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import type { CheckRow, DatasetHead } from "@nova/db/read-models";
import { ShieldCheck } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { DataTable } from "@/ui/data-table.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StateStrip } from "@/ui/state-strip.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { useTimeZone } from "@/ui/time.tsx";
import { formatClock, Timestamp } from "@/ui/timestamp.tsx";
import { Tooltip } from "@/ui/tooltip.tsx";
import { formatCheckValue, KIND_LABEL, NO_OUTCOME, OUTCOME_WORDS, SEVERITY_LABEL } from "../check-words.ts";
import { datasetSearchParsers } from "../dataset-search.ts";
import { CheckDetail } from "./check-detail.tsx";

const column = createColumnHelper<CheckRow>();

function columnsFor(open: (check: string) => void, zone: string) {
  return [
    column.accessor("name", {
      header: "Check",
      cell: ({ row: { original: check } }) => (
        <div className="min-w-44 max-w-md">
          <p className="flex items-center gap-1.5">
            <button
              type="button"
              onClick={() => open(check.name)}
              className="min-h-6 truncate rounded-sm text-left font-mono text-xs font-medium hover:underline"
            >
              {check.name}
            </button>
            {check.blocking ? (
              <Tooltip content="Blocking: runs before readers see the result; on failure the last good snapshot stays.">
                <span tabIndex={0} className="inline-flex items-center gap-0.5 rounded-sm text-2xs text-info">
                  <ShieldCheck aria-hidden className="size-3.5" />
                  blocking
                </span>
              </Tooltip>
            ) : null}
          </p>
          <p className="text-xs text-fg-muted">{check.description || KIND_LABEL[check.kind]}</p>
        </div>
      ),
    }),
    column.display({
      id: "outcome",
      header: "Outcome",
      cell: ({ row: { original: check } }) => {
        const words = check.outcome === null ? NO_OUTCOME : OUTCOME_WORDS[check.outcome];
        return (
          <div>
            <StatusText tone={words.tone} label={words.label} />
            {check.since === null ? null : (
              <p className="text-xs text-fg-muted">
                since <Timestamp at={check.since} />
              </p>
            )}
          </div>
        );
      },
    }),
    column.display({
      id: "recent",
      header: "Last 30",
      cell: ({ row: { original: check } }) =>
        check.recent.length === 0 ? (
          <span className="text-xs text-fg-subtle">none yet</span>
        ) : (
          <StateStrip
            shape="ticks"
            label={describeRecent(check)}
            segments={check.recent.map((result) => ({
              key: result.at.getTime(),
              tone: OUTCOME_WORDS[result.outcome].tone,
              label: `${formatClock(result.at, zone, false)}, ${OUTCOME_WORDS[result.outcome].label.toLowerCase()}${result.value === null ? "" : `, ${formatCheckValue(check.kind, result.value)}`}`,
            }))}
          />
        ),
    }),
    column.display({
      id: "value",
      header: "Value",
      meta: { align: "right" },
      cell: ({ row: { original: check } }) => (
        <>
          <span>{check.value === null ? "–" : formatCheckValue(check.kind, check.value)}</span>
          <p className="text-xs text-fg-muted">at most {formatCheckValue(check.kind, check.threshold)}</p>
        </>
      ),
    }),
    column.accessor("severity", {
      header: "Severity",
      meta: { wideOnly: true },
      cell: ({ getValue }) => <span className="text-xs text-fg-muted">{SEVERITY_LABEL[getValue()]}</span>,
    }),
    column.display({
      id: "at",
      header: "Last run",
      meta: { align: "right", wideOnly: true },
      cell: ({ row: { original: check } }) => <Timestamp at={check.at} />,
    }),
  ];
}

function describeRecent(check: CheckRow): string {
  const bad = check.recent.filter((one) => one.outcome === "failed" || one.outcome === "warned").length;
  return `Last ${plural(check.recent.length, "result")} of ${check.name}: ${bad === 0 ? "all in bounds" : `${bad} out of bounds`}`;
}

/** Every rule the dataset is judged by, those out of bounds first; one opens with its history. */
export function ChecksTab({ head }: { readonly head: DatasetHead }) {
  const trpc = useTRPC();
  const zone = useTimeZone();
  const [{ check: open }, setSearch] = useQueryStates(datasetSearchParsers, { history: "push" });
  const checks = useQuery(trpc.datasets.checks.queryOptions({ name: head.name }));
  const columns = useMemo(() => columnsFor((check) => void setSearch({ check }), zone), [setSearch, zone]);
  const shown = checks.data?.find((check) => check.name === open);
  return (
    <>
      <Card title="Checks" flush aside={checks.data === undefined ? undefined : plural(checks.data.length, "check")}>
        <QueryRegion
          query={checks}
          what="the checks"
          skeleton={<SkeletonRows rows={Math.max(3, head.checks)} rowHeight={57} />}
        >
          {(rows) => (
            <DataTable
              label="Checks"
              rows={rows}
              columns={columns}
              rowKey={(check) => check.name}
              onOpen={(check) => void setSearch({ check: check.name })}
              empty={
                <EmptyState kind="none-yet" title="No check watches this dataset">
                  Checks are declared in the header of its model.
                </EmptyState>
              }
            />
          )}
        </QueryRegion>
      </Card>
      <Dialog
        open={shown !== undefined}
        onOpenChange={(next) => void setSearch({ check: next ? open : null })}
        title={shown?.name ?? "Check"}
        description={shown?.description ?? ""}
        place="side"
        size="lg"
      >
        {shown === undefined ? null : <CheckDetail dataset={head.name} check={shown} />}
      </Dialog>
    </>
  );
}
