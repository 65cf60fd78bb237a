"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import type { DatasetHead, StepRow } from "@nova/db/read-models";
import { POLICY } from "@nova/pipeline-core/kernel";
import type { StepState } from "@nova/pipeline-core/orchestration";
import { LoaderCircle } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { CostTrend } from "@/features/cost/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { DataTable } from "@/ui/data-table.tsx";
import { Duration } from "@/ui/duration.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCompact, formatKnown } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import type { Tone } from "@/ui/tone.ts";

const STEP_WORDS: Record<StepState, { readonly label: string; readonly tone: Tone; readonly spinning?: true }> = {
  waiting: { label: "Waiting", tone: "idle" },
  running: { label: "Running", tone: "info", spinning: true },
  retrying: { label: "Retrying", tone: "warn", spinning: true },
  succeeded: { label: "Succeeded", tone: "ok" },
  failed: { label: "Failed", tone: "bad" },
  skipped: { label: "Skipped", tone: "idle" },
  cancelled: { label: "Cancelled", tone: "idle" },
  "done-by-hand": { label: "Done by hand", tone: "warn" },
};

const column = createColumnHelper<StepRow>();

const COLUMNS = [
  column.accessor("state", {
    header: "State",
    cell: ({ getValue, row: { original: step } }) => {
      const { label, tone, spinning = false } = STEP_WORDS[getValue()];
      return (
        <Link href={paths.run(step.runId)} className="rounded-sm hover:underline" aria-label={`${label}, open run`}>
          <StatusText tone={tone} label={label} spinning={spinning} {...(spinning ? { icon: LoaderCircle } : {})} />
        </Link>
      );
    },
  }),
  column.accessor("startedAt", { header: "Started", cell: ({ getValue }) => <Timestamp at={getValue()} /> }),
  column.display({
    id: "took",
    header: "Took",
    meta: { align: "right" },
    cell: ({ row: { original: step } }) => <Duration from={step.startedAt} to={step.endedAt} />,
  }),
  column.accessor("rowsOut", {
    header: "Rows out",
    meta: { align: "right" },
    cell: ({ getValue }) => formatKnown(getValue(), formatCompact),
  }),
  column.accessor("attempt", { header: "Attempt", meta: { align: "right", wideOnly: true } }),
  column.display({
    id: "why",
    header: "Why",
    meta: { wideOnly: true },
    cell: ({ row: { original: step } }) => (
      <p className="max-w-xl text-xs text-fg-muted">
        {step.errorKind === null
          ? (step.skipReason ?? step.reason)
          : `${step.errorMessage ?? step.errorKind}. ${POLICY[step.errorKind].remedy}`}
      </p>
    ),
  }),
];

/** Every step that made or tried to make this dataset, newest first. */
export function RunsTab({ head }: { readonly head: DatasetHead }) {
  const trpc = useTRPC();
  const router = useRouter();
  const steps = useInfiniteQuery(
    trpc.datasets.steps.infiniteQueryOptions({ name: head.name }, { getNextPageParam: (page) => page.next }),
  );
  return (
    <div className="flex flex-col gap-5">
      <CostTrend dataset={head.name} />
      <Card title="Steps" flush aside="newest first">
        <QueryRegion query={steps} what="the steps" skeleton={<SkeletonRows rows={10} rowHeight={41} />}>
          {(data) => (
            <>
              <DataTable
                label="Steps"
                rows={data.pages.flatMap((page) => page.steps)}
                columns={COLUMNS}
                rowKey={(step) => step.runId}
                onOpen={(step) => router.push(paths.run(step.runId))}
                empty={
                  <EmptyState kind="none-yet" title="No run has made this dataset yet">
                    {head.layer === "raw"
                      ? "Raw datasets are written by capture as changes come in; see the source."
                      : "A run starts by itself when something changes upstream."}
                  </EmptyState>
                }
              />
              {steps.hasNextPage ? (
                <div className="border-t border-line p-2 text-center">
                  <Button
                    size="sm"
                    kind="ghost"
                    busy={steps.isFetchingNextPage}
                    onClick={() => void steps.fetchNextPage()}
                  >
                    Show older steps
                  </Button>
                </div>
              ) : null}
            </>
          )}
        </QueryRegion>
      </Card>
    </div>
  );
}
