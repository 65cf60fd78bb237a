"use client";

import type { ScheduleRow } from "@nova/db/read-models";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { AskButton } from "@/features/commands/index.ts";
import { DatasetLink, paths } from "@/features/navigation/index.ts";
import { GateLine } from "./gate-line.tsx";
import { StepStatus } from "@/features/runs/index.ts";
import { DataTable } from "@/ui/data-table.tsx";
import { Duration } from "@/ui/duration.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";

const column = createColumnHelper<ScheduleRow>();

const COLUMNS = [
  column.accessor("dataset", {
    header: "Dataset",
    cell: ({ row: { original: row } }) => (
      <>
        <DatasetLink name={row.dataset} />
        <p className="text-xs text-fg-muted md:hidden">{row.words}</p>
        <p className="text-xs text-fg-muted">pipeline {row.pipeline}</p>
      </>
    ),
  }),
  column.accessor("words", {
    header: "When",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => (
      <>
        <p>{row.words}</p>
        <p className="text-xs whitespace-nowrap text-fg-muted">
          <span className="font-mono">{row.cron}</span> · {row.zone}
        </p>
      </>
    ),
  }),
  column.accessor("paused", {
    header: "State",
    cell: ({ row: { original: row } }) => (
      <>
        <State row={row} />
        <GateLine dataset={row.dataset} />
      </>
    ),
  }),
  column.accessor("nextRuns", {
    header: "Next runs",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => <NextRuns row={row} />,
  }),
  column.accessor("lastRun", {
    header: "Last run",
    meta: { wideOnly: true },
    cell: ({ getValue }) => <LastRun run={getValue()} />,
  }),
  column.display({
    id: "actions",
    header: "Actions",
    meta: { align: "right" },
    cell: ({ row: { original: row } }) => <PauseOrResume row={row} />,
  }),
];

export function SchedulesTable({ schedules }: { readonly schedules: readonly ScheduleRow[] }) {
  return (
    <DataTable
      label="Schedules"
      rows={schedules}
      columns={COLUMNS}
      rowKey={(row) => row.dataset}
      empty={
        <EmptyState kind="none-yet" title="Nothing runs by the calendar">
          Every dataset follows its target lag. To refresh one by the calendar, give its model a schedule: in the header
          of its SQL file, a cron expression and a time zone.
        </EmptyState>
      }
    />
  );
}

function State({ row: { paused, pipelinePaused, pipeline } }: { readonly row: ScheduleRow }) {
  const stop = paused ?? pipelinePaused;
  if (stop === null) return <StatusText tone="ok" label="Active" />;
  return (
    <>
      <StatusText tone="warn" label={paused === null ? "Pipeline paused" : "Paused"} />
      <p className="text-xs text-fg-muted">
        {paused === null ? `${pipeline}, ` : ""}by {stop.by} <Timestamp at={stop.at} />
      </p>
    </>
  );
}

/** The times stand there for a paused one too: what would run. */
function NextRuns({ row: { nextRuns, paused, pipelinePaused } }: { readonly row: ScheduleRow }) {
  const [next, ...later] = nextRuns;
  if (next === undefined) return <span className="text-fg-muted">never again</span>;
  const stopped = paused !== null || pipelinePaused !== null;
  return (
    <div className={stopped ? "text-fg-muted line-through decoration-fg-subtle" : undefined}>
      <Timestamp at={next} />
      <p className="num text-xs whitespace-nowrap text-fg-muted">
        then{" "}
        {later.map((at, index) => (
          <span key={at.getTime()}>
            {index === 0 ? "" : ", "}
            <Timestamp at={at} />
          </span>
        ))}
      </p>
    </div>
  );
}

function LastRun({ run }: { readonly run: ScheduleRow["lastRun"] }) {
  if (run === null) return <span className="text-fg-muted">not yet</span>;
  return (
    <>
      <Link href={paths.run(run.id)} className="inline-flex min-h-6 items-center hover:underline">
        <StepStatus state={run.state} />
      </Link>
      <p className="text-xs text-fg-muted">
        <Timestamp at={run.startedAt} />, took <Duration from={run.startedAt} to={run.endedAt} />
      </p>
      {run.reason === null ? null : <p className="max-w-64 truncate text-xs text-fg-muted">{run.reason}</p>}
    </>
  );
}

function PauseOrResume({ row: { dataset, words, zone, paused } }: { readonly row: ScheduleRow }) {
  return paused === null ? (
    <AskButton
      request={{ kind: "pause-schedule", target: dataset }}
      label="Pause…"
      title={`Pause the schedule of ${dataset}?`}
      confirm="Pause"
    >
      <p>
        It does not run by itself ({words.charAt(0).toLowerCase() + words.slice(1)}, {zone}) until somebody resumes it.
        What runs now runs to its end, and it can still be run by hand.
      </p>
    </AskButton>
  ) : (
    <AskButton
      request={{ kind: "resume-schedule", target: dataset }}
      label="Resume…"
      title={`Resume the schedule of ${dataset}?`}
      confirm="Resume"
    >
      <p>It goes on with the next time; times that passed during the pause are not made up for.</p>
    </AskButton>
  );
}
