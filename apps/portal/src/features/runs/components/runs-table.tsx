"use client";

import type { RunRow } from "@nova/db/read-models";
import { POLICY } from "@nova/pipeline-core/kernel";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { paths } from "@/features/navigation/index.ts";
import { DataTable, type RowSelection } from "@/ui/data-table.tsx";
import { Duration } from "@/ui/duration.tsx";
import { formatCompact, formatCount } from "@/ui/format.ts";
import { Timestamp } from "@/ui/timestamp.tsx";
import { Tooltip } from "@/ui/tooltip.tsx";
import { ERROR_WORDS } from "../run-words.ts";
import { RunStatus, TriggerName } from "./run-status.tsx";

const column = createColumnHelper<RunRow>();

const COLUMNS = [
  column.accessor("state", { header: "State", cell: ({ getValue }) => <RunStatus state={getValue()} /> }),
  column.accessor("pipeline", {
    header: "Pipeline",
    cell: ({ row: { original: run } }) => (
      <>
        <Link
          href={paths.run(run.id)}
          className="inline-flex min-h-6 items-center font-mono text-xs font-medium whitespace-nowrap hover:underline"
        >
          {run.pipeline}
        </Link>
        <p className="text-xs text-fg-muted md:hidden">
          <Timestamp at={run.startedAt ?? run.createdAt} />
        </p>
      </>
    ),
  }),
  column.display({
    id: "datasets",
    header: "Datasets",
    meta: { wideOnly: true },
    cell: ({ row: { original: run } }) => <Datasets run={run} />,
  }),
  column.accessor("trigger", {
    header: "Trigger",
    meta: { wideOnly: true },
    cell: ({ getValue }) => <TriggerName trigger={getValue()} />,
  }),
  column.accessor("createdAt", {
    header: "Started",
    meta: { wideOnly: true },
    cell: ({ row: { original: run } }) => <Timestamp at={run.startedAt ?? run.createdAt} />,
  }),
  column.display({
    id: "duration",
    header: "Duration",
    meta: { align: "right" },
    cell: ({ row: { original: run } }) => <Duration from={run.startedAt} to={run.endedAt} absent="not started" />,
  }),
  column.accessor("rowsOut", {
    header: "Rows out",
    meta: { align: "right", wideOnly: true },
    cell: ({ getValue }) => formatCompact(getValue()),
  }),
  column.display({
    id: "error",
    header: "Error",
    meta: { wideOnly: true },
    cell: ({ row: { original: run } }) => <RunError run={run} />,
  }),
];

interface RunsTableProps {
  readonly runs: readonly RunRow[];
  readonly empty: ReactNode;
  readonly dimmed: boolean;
  /** Left out: nothing can be done with runs. */
  readonly selection?: Pick<RowSelection<RunRow>, "chosen" | "onChange"> | undefined;
}

export function RunsTable({ runs, empty, dimmed, selection }: RunsTableProps) {
  const router = useRouter();
  return (
    <DataTable
      label="Runs"
      rows={runs}
      columns={COLUMNS}
      rowKey={(run) => run.id}
      onOpen={(run) => router.push(paths.run(run.id))}
      empty={empty}
      dimmed={dimmed}
      selection={
        selection === undefined
          ? undefined
          : { ...selection, nameOf: (run) => `run ${run.id.slice(0, 8)} of ${run.pipeline}` }
      }
    />
  );
}

/** How many, then the first names as far as they fit. */
function Datasets({ run }: { readonly run: RunRow }) {
  const rest = run.datasetCount - run.firstDatasets.length;
  return (
    <div className="flex max-w-72 min-w-40 items-baseline gap-2">
      <span className="num w-7 shrink-0 text-right text-fg-muted">{formatCount(run.datasetCount)}</span>
      <span className="truncate font-mono text-xs" title={run.firstDatasets.join(", ")}>
        {run.firstDatasets.join(", ")}
        {rest > 0 ? ` +${formatCount(rest)}` : ""}
      </span>
    </div>
  );
}

function RunError({ run }: { readonly run: RunRow }) {
  if (run.errorKind === null) return null;
  return (
    <Tooltip content={POLICY[run.errorKind].remedy} side="left">
      <span tabIndex={0} className="block max-w-80 truncate rounded-sm text-xs text-bad">
        {run.errorMessage ?? ERROR_WORDS[run.errorKind]}
      </span>
    </Tooltip>
  );
}
