"use client";

import type { PipelineNode, PipelineNodeState } from "@nova/db/read-models";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { FreshnessText } from "@/features/health/index.ts";
import { DatasetLink, paths } from "@/features/navigation/index.ts";
import { DataTable } from "@/ui/data-table.tsx";
import { formatCompact, formatKnown } from "@/ui/format.ts";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { ACTIVITY_WORDS, CONDITION_WORDS, CONDITIONS, type JudgedNode } from "../judge-node.ts";

export interface NodeRow {
  readonly node: PipelineNode;
  readonly state: PipelineNodeState | null;
  readonly judged: JudgedNode | null;
}

const column = createColumnHelper<NodeRow>();

const COLUMNS = [
  column.accessor((row) => row.node.name, {
    id: "name",
    header: "Dataset",
    cell: ({ getValue }) => <DatasetLink name={getValue()} />,
  }),
  column.accessor((row) => (row.judged === null ? undefined : CONDITIONS.indexOf(row.judged.condition)), {
    id: "state",
    header: "State",
    cell: ({ row: { original: row } }) =>
      row.judged === null ? "…" : <StatusText {...CONDITION_WORDS[row.judged.condition]} />,
  }),
  column.accessor((row) => row.judged?.activity ?? undefined, {
    id: "now",
    header: "Now",
    cell: ({ getValue }) => {
      const activity = getValue();
      return activity === undefined ? null : <span className="text-info">{ACTIVITY_WORDS[activity]}</span>;
    },
  }),
  column.accessor((row) => row.node.pipeline, { id: "pipeline", header: "Pipeline", meta: { wideOnly: true } }),
  column.accessor((row) => row.node.layer, { id: "layer", header: "Layer", meta: { wideOnly: true } }),
  column.display({
    id: "freshness",
    header: "Freshness",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => (row.state === null ? null : <FreshnessText facts={row.state} words="age" />),
  }),
  column.accessor((row) => row.state?.lastStep?.endedAt, {
    id: "last",
    header: "Last run",
    meta: { wideOnly: true },
    cell: ({ getValue, row: { original: row } }) => {
      const runId = row.state?.lastStep?.runId;
      return runId === undefined ? (
        <span className="text-fg-muted">–</span>
      ) : (
        <Link href={paths.run(runId)} className="hover:underline">
          <Timestamp at={getValue() ?? null} />
        </Link>
      );
    },
  }),
  column.accessor((row) => row.node.inputs.join(", "), {
    id: "inputs",
    header: "Reads",
    enableSorting: false,
    meta: { wideOnly: true },
    cell: ({ getValue }) => (
      <span className="block max-w-72 truncate font-mono text-xs text-fg-muted" title={getValue()}>
        {getValue() === "" ? "–" : getValue()}
      </span>
    ),
  }),
  column.accessor((row) => row.state?.rowCount ?? undefined, {
    id: "rows",
    header: "Rows",
    meta: { align: "right", wideOnly: true },
    cell: ({ getValue }) => formatKnown(getValue(), formatCompact),
  }),
];

interface NodesTableProps {
  readonly rows: readonly NodeRow[];
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}

/** The graph as a list: the same datasets, states and inputs in words. */
export function NodesTable({ rows, sort, onSort }: NodesTableProps) {
  const router = useRouter();
  return (
    <DataTable
      label="Pipelines as a table"
      rows={rows}
      columns={COLUMNS}
      rowKey={(row) => row.node.name}
      sort={sort}
      onSort={onSort}
      onOpen={(row) => router.push(paths.dataset(row.node.name))}
      maxHeight={720}
    />
  );
}
