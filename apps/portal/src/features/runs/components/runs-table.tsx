"use client";

import type { RunRow, RunsListRow } from "@nova/db/read-models";
import { POLICY } from "@nova/pipeline-core/kernel";
import { createColumnHelper } from "@tanstack/react-table";
import { Hand } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { BACKFILL_STATE_WORDS, PartsMeter } from "@/features/backfills/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { DataTable, type RowSelection } from "@/ui/data-table.tsx";
import { Duration } from "@/ui/duration.tsx";
import { formatCompact, formatCount, formatId, plural } from "@/ui/format.ts";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { Tooltip } from "@/ui/tooltip.tsx";
import { ERROR_WORDS } from "../run-words.ts";
import { RunStatus, TriggerName } from "./run-status.tsx";

const column = createColumnHelper<RunsListRow>();
const addressOf = (row: RunsListRow): string => (row.kind === "run" ? paths.run(row.id) : paths.backfill(row.id));

const COLUMNS = [
  column.accessor("state", {
    header: "State",
    cell: ({ row: { original: row } }) =>
      row.kind === "run" ? <RunStatus state={row.state} /> : <StatusText {...BACKFILL_STATE_WORDS[row.state]} />,
  }),
  column.display({
    id: "pipeline",
    header: "Pipeline",
    cell: ({ row: { original: row } }) => (
      <>
        <Link
          href={addressOf(row)}
          className="inline-flex min-h-6 items-center font-mono text-xs font-medium whitespace-nowrap hover:underline"
        >
          {row.kind === "run" ? row.pipeline : "backfill"}
        </Link>
        <p className="text-xs text-fg-muted md:hidden">
          {row.kind === "run" ? null : <span className="block font-mono">{row.dataset}</span>}
          <Timestamp at={row.startedAt ?? row.createdAt} />
        </p>
      </>
    ),
  }),
  column.display({
    id: "datasets",
    header: "Datasets",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) =>
      row.kind === "run" ? (
        <Datasets count={row.datasetCount} first={row.firstDatasets} />
      ) : (
        <>
          <Datasets count={row.datasets} first={[row.dataset]} />
          <PartsMeter parts={row.parts} label={`Progress of the backfill of ${row.dataset}`} />
        </>
      ),
  }),
  column.display({
    id: "launched",
    header: "Launched by",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => <LaunchedBy row={row} />,
  }),
  column.accessor("createdAt", {
    header: "Started",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => <Timestamp at={row.startedAt ?? row.createdAt} />,
  }),
  column.display({
    id: "duration",
    header: "Duration",
    meta: { align: "right" },
    cell: ({ row: { original: row } }) => <Duration from={row.startedAt} to={row.endedAt} absent="not started" />,
  }),
  column.display({
    id: "rowsOut",
    header: "Rows out",
    meta: { align: "right", wideOnly: true },
    cell: ({ row: { original: row } }) => (row.kind === "run" ? formatCompact(row.rowsOut) : "–"),
  }),
  column.display({
    id: "error",
    header: "Error",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => (row.kind === "run" ? <RunError run={row} /> : null),
  }),
];

interface RunsTableProps {
  readonly rows: readonly RunsListRow[];
  readonly empty: ReactNode;
  readonly dimmed: boolean;
  /** Left out: nothing can be done with runs. */
  readonly selection?: Pick<RowSelection<RunsListRow>, "chosen" | "onChange"> | undefined;
}

/** Runs, and backfills as one row each for the runs inside them. */
export function RunsTable({ rows, empty, dimmed, selection }: RunsTableProps) {
  const router = useRouter();
  return (
    <DataTable
      label="Runs"
      rows={rows}
      columns={COLUMNS}
      rowKey={(row) => row.id}
      onOpen={(row) => router.push(addressOf(row))}
      empty={empty}
      dimmed={dimmed}
      selection={
        selection === undefined
          ? undefined
          : {
              ...selection,
              canChoose: (row) => row.kind === "run",
              nameOf: (row) => (row.kind === "run" ? `run ${formatId(row.id)} of ${row.pipeline}` : row.id),
            }
      }
    />
  );
}

/** What started it and, when somebody asked, who; a run inside a backfill leads to it. */
function LaunchedBy({ row }: { readonly row: RunsListRow }) {
  const backfillId = row.kind === "run" ? row.backfillId : null;
  return (
    <>
      {backfillId === null ? (
        <TriggerName trigger={row.kind === "run" ? row.trigger : "backfill"} />
      ) : (
        <Link href={paths.backfill(backfillId)} className="inline-flex min-h-6 items-center hover:underline">
          <TriggerName trigger="backfill" />
        </Link>
      )}
      {row.requestedBy === null ? null : (
        <p className="max-w-44 truncate text-xs text-fg-muted" title={row.requestedBy}>
          {row.requestedBy}
        </p>
      )}
    </>
  );
}

/** How many, then the first names as far as they fit. */
function Datasets({ count, first }: { readonly count: number; readonly first: readonly string[] }) {
  const rest = count - first.length;
  return (
    <div className="flex max-w-72 min-w-40 items-baseline gap-2">
      <span className="num w-7 shrink-0 text-right text-fg-muted">{formatCount(count)}</span>
      <span className="truncate font-mono text-xs" title={first.join(", ")}>
        {first.join(", ")}
        {rest > 0 ? ` +${formatCount(rest)}` : ""}
      </span>
    </div>
  );
}

function RunError({ run }: { readonly run: RunRow }) {
  if (run.errorKind === null)
    return run.byHand === 0 ? null : (
      <StatusText tone="warn" label={`${plural(run.byHand, "step")} marked by hand`} icon={Hand} />
    );
  return (
    <Tooltip content={POLICY[run.errorKind].remedy} side="left">
      <span tabIndex={0} className="block max-w-80 truncate rounded-sm text-xs text-bad">
        {run.errorMessage ?? ERROR_WORDS[run.errorKind]}
      </span>
    </Tooltip>
  );
}
