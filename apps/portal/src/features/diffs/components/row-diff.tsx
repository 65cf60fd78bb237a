"use client";

import { useQuery } from "@tanstack/react-query";
import {
  type ColumnDiff,
  DIFF_PHASE_WORDS,
  equalShare,
  type RowDiff,
  rowDiffWords,
  type RowDiffStatus,
  type SampledRow,
  shareText,
  sideWords,
  type SnapshotPair,
} from "@nova/pipeline-core/orchestration";
import { createColumnHelper } from "@tanstack/react-table";
import { EyeOff } from "lucide-react";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { DataTable } from "@/ui/data-table.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCount, plural } from "@/ui/format.ts";
import { ProgressBar } from "@/ui/progress-bar.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";

const LOOK_AGAIN_MILLIS = 400;
/** The phases are in this order; each is a quarter. */
const PHASES = Object.keys(DIFF_PHASE_WORDS);

/** The rows of two snapshots, compared by the worker; asking again follows it. */
export function RowDiffView({ pair }: { readonly pair: SnapshotPair }) {
  const trpc = useTRPC();
  const rows = useQuery(
    trpc.diffs.rows.queryOptions(pair, {
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      retry: false,
      refetchInterval: ({ state: { data } }) => (data?.endedAt === null ? LOOK_AGAIN_MILLIS : false),
    }),
  );
  return (
    <QueryRegion query={rows} what="the rows" skeleton={<Skeleton height={40} />}>
      {(status) =>
        status.diff !== null ? (
          <Outcome diff={status.diff} environment={pair.environment} />
        ) : status.error === null ? (
          <Progress status={status} />
        ) : (
          <EmptyState
            kind="broken"
            title={status.error.message}
            compact
            action={
              <Button size="sm" busy={rows.isFetching} onClick={() => void rows.refetch()}>
                Try again
              </Button>
            }
          >
            {status.error.remedy}
          </EmptyState>
        )
      }
    </QueryRegion>
  );
}

function Progress({ status: { state, phase } }: { readonly status: RowDiffStatus }) {
  return (
    <div className="flex max-w-md flex-col gap-1.5">
      <ProgressBar label="Comparing the rows" share={(PHASES.indexOf(phase) + 0.5) / PHASES.length} />
      <p role="status" className="text-xs text-fg-muted">
        {state === "waiting" ? "Another comparison runs; this one is next." : `It is ${DIFF_PHASE_WORDS[phase]}.`}
      </p>
    </div>
  );
}

function Outcome({ diff, environment }: { readonly diff: RowDiff; readonly environment: string | undefined }) {
  const sides = sideWords(environment);
  const masked = [...diff.shown, ...diff.columns].filter((column) => column.masked);
  return (
    <>
      <div>
        <p className="text-sm font-medium">{sentence(rowDiffWords(diff, sides))}</p>
        <p className="text-xs text-fg-muted">
          {plural(diff.both, "row is", "rows are")} in both, {formatCount(diff.equal)} of them the same;{" "}
          {plural(diff.rowsRead, "row was", "rows were")} read to know it.
          {diff.note === null ? null : ` Whole rows were compared. ${diff.note}`}
        </p>
        {masked.length === 0 ? null : (
          <p className="mt-1 flex items-center gap-1.5 text-xs text-fg-muted">
            <EyeOff aria-hidden className="size-3.5 shrink-0" />
            The values of {plural(masked.length, "column")} are masked because you hold no grant on personal data here;
            the counts are of the true ones.
          </p>
        )}
      </div>
      {diff.columns.length === 0 || diff.both === 0 ? null : <Columns diff={diff} />}
      <Only
        diff={diff}
        rows={diff.samplesOnlyBefore}
        title={`Only ${sides.before}: ${plural(diff.onlyBefore, "row")}`}
      />
      <Only diff={diff} rows={diff.samplesOnlyAfter} title={`Only ${sides.after}: ${plural(diff.onlyAfter, "row")}`} />
    </>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

interface ColumnRow extends ColumnDiff {
  readonly share: string;
  readonly shown: RowDiff["shown"];
}

const column = createColumnHelper<ColumnRow>();
const COLUMNS = [
  column.accessor("name", {
    header: "Column",
    cell: ({ row: { original: one } }) => (
      <>
        <span className="font-mono text-xs">{one.name}</span>
        {one.masked ? <EyeOff role="img" aria-label="masked" className="ml-1 inline size-3" /> : null}
        {one.name === one.nameBefore ? null : <p className="text-2xs text-fg-muted">was {one.nameBefore}</p>}
      </>
    ),
  }),
  column.accessor("share", { header: "Equal", meta: { align: "right" } }),
  column.accessor("different", {
    header: "Differ",
    meta: { align: "right" },
    cell: ({ getValue }) => formatCount(getValue()),
  }),
  column.display({ id: "samples", header: "For example", cell: ({ row: { original: one } }) => <Samples one={one} /> }),
];

function Columns({ diff }: { readonly diff: RowDiff }) {
  return (
    <div className="overflow-hidden rounded-md border border-line">
      <DataTable
        label="Columns compared"
        rows={diff.columns.map((one): ColumnRow => ({
          ...one,
          share: shareText(equalShare(one.different, diff)),
          shown: diff.shown,
        }))}
        columns={COLUMNS}
        rowKey={(row) => row.name}
        maxHeight={560}
      />
    </div>
  );
}

/** Before and after side by side, one line per sampled row. */
function Samples({ one: { name, samples, shown, masked } }: { readonly one: ColumnRow }) {
  if (samples.length === 0) return <span className="text-xs text-fg-subtle">the same everywhere</span>;
  return (
    <ul aria-label={`Samples of ${name}`} className="flex min-w-72 flex-col gap-0.5 text-xs">
      {samples.map(({ row, before, after }) => (
        <li key={row.join(" ")} className="flex flex-wrap gap-x-2">
          <span className="text-fg-muted">{rowText(row, shown)}</span>
          <span>
            <Value value={before} masked={masked} /> → <Value value={after} masked={masked} />
          </span>
        </li>
      ))}
    </ul>
  );
}

function rowText(row: SampledRow, shown: RowDiff["shown"]): string {
  return row.map((value, index) => `${shown[index]?.name ?? ""} ${value ?? "null"}`).join(", ");
}

function Value({ value, masked }: { readonly value: string | null; readonly masked: boolean }) {
  if (value === null) return <span className="text-fg-subtle">{masked ? "masked" : "null"}</span>;
  if (value === "") return <span className="text-fg-subtle">empty text</span>;
  return (
    <span className="num font-mono break-all" title={value.length > 60 ? value : undefined}>
      {value.length > 60 ? `${value.slice(0, 60)}…` : value}
    </span>
  );
}

interface OnlyProps {
  readonly diff: RowDiff;
  readonly rows: readonly SampledRow[];
  readonly title: string;
}

function Only({ diff, rows, title }: OnlyProps) {
  if (rows.length === 0) return null;
  return (
    <div className="text-xs">
      <p className="font-medium">{title}</p>
      <ul className="num mt-1 flex flex-col gap-0.5 text-fg-muted">
        {rows.map((row, index) => (
          <li key={`${index}:${row.join(" ")}`} className="break-all">
            {rowText(row, diff.shown)}
          </li>
        ))}
      </ul>
    </div>
  );
}
