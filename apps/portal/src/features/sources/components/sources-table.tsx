"use client";

import type { SourceFlow } from "@nova/db/read-models";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { paths } from "@/features/navigation/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { DataTable } from "@/ui/data-table.tsx";
import { formatBytes, formatCompact, formatCount, formatDuration, formatRate } from "@/ui/format.ts";
import { SparkLine } from "@/ui/spark-line.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { SOURCE_COLOR, SOURCE_HOW } from "../source-words.ts";
import { BreakerMark } from "./breaker-banner.tsx";
import { SourceStatus } from "./source-status.tsx";

const column = createColumnHelper<SourceFlow>();

const COLUMNS = [
  column.accessor("id", {
    header: "Source",
    cell: ({ row: { original: source } }) => (
      <div className="min-w-36 py-1">
        <Link href={paths.source(source.id)} className="text-sm font-medium hover:underline">
          {SOURCE_LABEL[source.id]}
        </Link>
        <p className="hidden text-xs text-fg-muted lg:block">{SOURCE_HOW[source.id]}</p>
      </div>
    ),
  }),
  column.accessor("state", {
    header: "State",
    cell: ({ row: { original: source } }) => (
      <div className="flex flex-col items-start gap-0.5">
        <SourceStatus state={source.state} />
        <span className="text-xs whitespace-nowrap text-fg-muted">
          <Timestamp at={source.stateSince} show="since" />
        </span>
        <BreakerMark breakers={source.breakers} />
      </div>
    ),
  }),
  column.accessor("rowsPerSecond", {
    header: "Rows/s",
    meta: { align: "right" },
    cell: ({ getValue }) => formatRate(getValue()),
  }),
  column.display({
    id: "recent",
    header: "Last 30 minutes",
    meta: { wideOnly: true },
    cell: ({ row: { original: source } }) => (
      <div className="w-36">
        <SparkLine
          values={source.recent}
          color={SOURCE_COLOR[source.id]}
          height={28}
          label={`Rows per second of ${SOURCE_LABEL[source.id]} over the last 30 minutes`}
        />
      </div>
    ),
  }),
  column.accessor("lagSeconds", {
    header: "Lag",
    meta: { align: "right" },
    cell: ({ row: { original: source } }) => (
      <>
        <div>{source.lagSeconds === null ? "unknown" : formatDuration(source.lagSeconds)}</div>
        {source.lagBytes === null ? null : <div className="text-xs text-fg-muted">{formatBytes(source.lagBytes)}</div>}
      </>
    ),
  }),
  column.accessor("lastEventAt", {
    header: "Last event",
    meta: { align: "right" },
    cell: ({ getValue }) => <Timestamp at={getValue()} absent="none yet" />,
  }),
  column.accessor("errorsLastHour", {
    header: "Errors, 1 h",
    meta: { align: "right", wideOnly: true },
    cell: ({ getValue }) => <span className={getValue() > 0 ? "text-bad" : undefined}>{formatCount(getValue())}</span>,
  }),
  column.accessor("streams", {
    header: "Streams",
    meta: { align: "right", wideOnly: true },
    cell: ({ row: { original: source } }) => (
      <>
        {formatCount(source.streams)}
        {source.streamsFailed > 0 ? (
          <span className="text-bad"> · {formatCount(source.streamsFailed)} failed</span>
        ) : null}
      </>
    ),
  }),
  column.accessor("totalRows", {
    header: "Rows, all time",
    meta: { align: "right", wideOnly: true },
    cell: ({ getValue }) => formatCompact(getValue()),
  }),
];

export function SourcesTable({ sources }: { readonly sources: readonly SourceFlow[] }) {
  const router = useRouter();
  return (
    <DataTable
      label="Sources"
      rows={sources}
      columns={COLUMNS}
      rowKey={(source) => source.id}
      onOpen={(source) => router.push(paths.source(source.id))}
    />
  );
}
