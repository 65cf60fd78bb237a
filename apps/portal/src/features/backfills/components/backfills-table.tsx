"use client";

import type { BackfillListRow } from "@nova/db/read-models";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { paths } from "@/features/navigation/index.ts";
import { DataTable } from "@/ui/data-table.tsx";
import { Duration } from "@/ui/duration.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCount } from "@/ui/format.ts";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { BACKFILL_STATE_WORDS } from "../backfill-words.ts";
import { PartsMeter } from "./parts-meter.tsx";

const column = createColumnHelper<BackfillListRow>();

const COLUMNS = [
  column.accessor("state", {
    header: "State",
    cell: ({ getValue }) => <StatusText {...BACKFILL_STATE_WORDS[getValue()]} />,
  }),
  column.accessor("dataset", {
    header: "Dataset",
    cell: ({ row: { original: one } }) => (
      <Link
        href={paths.backfill(one.id)}
        className="inline-flex min-h-6 items-center font-mono text-xs font-medium hover:underline"
      >
        {one.dataset}
        {one.datasets > 1 ? ` +${formatCount(one.datasets - 1)}` : ""}
      </Link>
    ),
  }),
  column.accessor("parts", {
    header: "Partitions",
    cell: ({ getValue }) => <PartsMeter parts={getValue()} label="Progress" />,
  }),
  column.accessor("requestedBy", { header: "Asked by", meta: { wideOnly: true } }),
  column.accessor("startedAt", {
    header: "Began",
    meta: { wideOnly: true },
    cell: ({ getValue }) => <Timestamp at={getValue()} />,
  }),
  column.display({
    id: "took",
    header: "Took",
    meta: { align: "right", wideOnly: true },
    cell: ({ row: { original: one } }) => <Duration from={one.startedAt} to={one.endedAt} absent="not begun" />,
  }),
];

export function BackfillsTable({ backfills }: { readonly backfills: readonly BackfillListRow[] }) {
  const router = useRouter();
  return (
    <DataTable
      label="Backfills"
      rows={backfills}
      columns={COLUMNS}
      rowKey={(one) => one.id}
      onOpen={(one) => router.push(paths.backfill(one.id))}
      empty={
        <EmptyState kind="none-yet" title="No backfill yet">
          Open a dataset, choose days on its Partitions tab, and press Backfill. Or: npm run nova -- backfill
          mart.daily_sales --from 2026-11-01 --to 2026-11-07
        </EmptyState>
      }
    />
  );
}
