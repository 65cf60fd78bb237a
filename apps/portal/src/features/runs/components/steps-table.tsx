"use client";

import type { RunStep } from "@nova/db/read-models";
import { dollarText, scanDollars } from "@nova/pipeline-core/cost";
import { createColumnHelper } from "@tanstack/react-table";
import { DatasetLink } from "@/features/navigation/index.ts";
import { DataTable } from "@/ui/data-table.tsx";
import { Duration } from "@/ui/duration.tsx";
import { formatBytes, formatCount, formatKnown } from "@/ui/format.ts";
import { Timestamp } from "@/ui/timestamp.tsx";
import { ERROR_WORDS } from "../run-words.ts";
import { StepStatus } from "./run-status.tsx";

const column = createColumnHelper<RunStep>();

const COLUMNS = [
  column.accessor("dataset", {
    header: "Dataset",
    cell: ({ getValue }) => <DatasetLink name={getValue()} />,
  }),
  column.accessor("state", { header: "State", cell: ({ getValue }) => <StepStatus state={getValue()} /> }),
  column.display({
    id: "waited",
    header: "Waited",
    meta: { align: "right", wideOnly: true },
    cell: ({ row: { original: step } }) => <Duration from={step.waitingSince} to={step.startedAt ?? step.endedAt} />,
  }),
  column.accessor("startedAt", {
    header: "Started",
    meta: { wideOnly: true },
    cell: ({ getValue }) => <Timestamp at={getValue()} show="clock" absent="–" />,
  }),
  column.display({
    id: "duration",
    header: "Duration",
    meta: { align: "right" },
    cell: ({ row: { original: step } }) => <Duration from={step.startedAt} to={step.endedAt} />,
  }),
  column.display({
    id: "attempts",
    header: "Attempts",
    meta: { align: "right", wideOnly: true },
    cell: ({ row: { original: step } }) => formatCount(step.attempts.length),
  }),
  column.accessor("rowsIn", {
    header: "Rows in",
    meta: { align: "right", wideOnly: true },
    cell: ({ getValue }) => formatKnown(getValue(), formatCount),
  }),
  column.accessor("rowsOut", {
    header: "Rows out",
    meta: { align: "right" },
    cell: ({ getValue }) => formatKnown(getValue(), formatCount),
  }),
  column.accessor("bytes", {
    header: "Written",
    meta: { align: "right", wideOnly: true },
    cell: ({ getValue }) => formatKnown(getValue(), formatBytes),
  }),
  column.accessor("scannedBytes", {
    header: "Scanned",
    meta: { align: "right", wideOnly: true },
    cell: ({ getValue }) => formatKnown(getValue(), formatBytes),
  }),
  column.accessor("billedBytes", {
    header: "Cost",
    meta: { align: "right" },
    cell: ({ getValue }) => formatKnown(getValue(), (bytes) => dollarText(scanDollars(bytes))),
  }),
  column.display({
    id: "why",
    header: "Why",
    meta: { wideOnly: true },
    cell: ({ row: { original: step } }) => <Why step={step} />,
  }),
];

/** The same as the timeline, in words and numbers. */
export function StepsTable({ steps }: { readonly steps: readonly RunStep[] }) {
  return <DataTable label="Steps" rows={steps} columns={COLUMNS} rowKey={(step) => step.dataset} maxHeight={420} />;
}

function Why({ step }: { readonly step: RunStep }) {
  const problem = step.errorKind === null ? null : (step.errorMessage ?? ERROR_WORDS[step.errorKind]);
  return (
    <div className="max-w-md min-w-56 text-xs">
      <p className={problem === null ? "text-fg-muted" : "text-bad"}>{problem ?? step.skipReason ?? step.reason}</p>
    </div>
  );
}
