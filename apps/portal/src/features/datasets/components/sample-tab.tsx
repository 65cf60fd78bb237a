"use client";

import { useQuery } from "@tanstack/react-query";
import type { DatasetHead } from "@nova/db/read-models";
import { EyeOff, RefreshCw } from "lucide-react";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { buttonClass } from "@/ui/button-class.ts";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { sampleSql } from "../ready-sql.ts";
import { SampleTable } from "./sample-table.tsx";

/** Twenty of the newest rows, personal columns masked unless granted. New rows are offered, never swapped in unasked. */
export function SampleTab({ head }: { readonly head: DatasetHead }) {
  const trpc = useTRPC();
  const sample = useQuery(
    trpc.samples.newest.queryOptions(
      { name: head.name },
      {
        enabled: head.snapshotId !== null,
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        retry: false,
      },
    ),
  );
  if (head.snapshotId === null) {
    return (
      <Card title="Newest rows">
        <EmptyState kind="not-started" title="Nothing was loaded yet">
          Rows can be looked at after the first commit. This page follows by itself.
        </EmptyState>
      </Card>
    );
  }
  const news = sample.data !== undefined && sample.data.snapshotId !== head.snapshotId;
  return (
    <Card
      title="Newest rows"
      flush
      aside={
        <>
          <span aria-live="polite">
            {sample.data === undefined ? null : news ? (
              <Button size="sm" kind="primary" busy={sample.isFetching} onClick={() => void sample.refetch()}>
                <RefreshCw aria-hidden className="size-3.5" />
                New rows, refresh
              </Button>
            ) : (
              <>
                read <Timestamp at={sample.data.readAt} />
              </>
            )}
          </span>
          <Link href={paths.queryOf(sampleSql(head, 20, head.dataThrough))} className={buttonClass({ size: "sm" })}>
            Open in Query
          </Link>
        </>
      }
    >
      {sample.data === undefined && sample.error?.data?.kind === "overloaded" ? (
        <EmptyState
          kind="broken"
          title="The worker does not answer"
          compact
          action={
            <Button size="sm" busy={sample.isFetching} onClick={() => void sample.refetch()}>
              Try again
            </Button>
          }
        >
          Rows are read by the worker, so none can be shown now. Everything else on this page is as last known.
        </EmptyState>
      ) : (
        <QueryRegion query={sample} what="the rows" skeleton={<SkeletonRows rows={20} rowHeight={33} />}>
          {(data) => (
            <>
              {data.masked.length === 0 ? null : <MaskNote owner={head.owner} masked={data.masked} />}
              {data.rows.length === 0 ? (
                <EmptyState kind="none-yet" title="No row to show">
                  {head.layer === "raw" ? "Nothing came in within the last hour." : "The dataset is empty."}
                </EmptyState>
              ) : (
                <SampleTable dataset={head} columns={data.columns} rows={data.rows} masked={data.masked} />
              )}
            </>
          )}
        </QueryRegion>
      )}
    </Card>
  );
}

function MaskNote({ owner, masked }: { readonly owner: string; readonly masked: readonly string[] }) {
  return (
    <p className="flex items-start gap-2 border-b border-line bg-sunken px-4 py-2 text-xs text-fg-muted">
      <EyeOff aria-hidden className="mt-0.5 size-3.5 shrink-0" />
      <span>
        {plural(masked.length, "column is", "columns are")} masked because you hold no grant on personal data here:{" "}
        <span className="font-mono text-fg">{masked.join(", ")}</span>. {owner} owns the dataset and can say who may
        read it in the clear.
      </span>
    </p>
  );
}
