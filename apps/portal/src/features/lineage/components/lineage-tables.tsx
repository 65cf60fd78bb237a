"use client";

import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { FreshnessText, HealthPill } from "@/features/health/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { SourceStatus } from "@/features/sources/index.ts";
import { DataTable } from "@/ui/data-table.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCompact, formatKnown } from "@/ui/format.ts";
import { edgeKey, type PathEdge } from "../column-path.ts";
import { distanceWords, EDGE_KIND_WORDS, layerWord } from "../lineage-words.ts";
import type { GraphNode } from "../neighbourhood.ts";

const node = createColumnHelper<GraphNode>();

const NODE_COLUMNS = [
  node.accessor("name", {
    header: "Name",
    cell: ({ getValue, row }) => (
      <Link
        href={row.original.kind === "dataset" ? paths.dataset(getValue()) : paths.source(getValue())}
        className="font-mono text-xs font-medium hover:underline"
      >
        {getValue()}
      </Link>
    ),
  }),
  node.accessor((row) => layerWord(row.name), { id: "layer", header: "Layer" }),
  node.accessor("distance", {
    header: "Where",
    cell: ({ getValue }) => (
      <span className="text-xs whitespace-nowrap text-fg-muted">{distanceWords(getValue())}</span>
    ),
  }),
  node.display({
    id: "health",
    header: "Health",
    cell: ({ row: { original: row } }) =>
      row.kind === "dataset" ? <HealthPill facts={row} /> : <SourceStatus state={row.state} />,
  }),
  node.display({
    id: "freshness",
    header: "Freshness",
    meta: { wideOnly: true },
    cell: ({ row: { original: row } }) => (row.kind === "dataset" ? <FreshnessText facts={row} words="age" /> : null),
  }),
  node.accessor((row) => (row.kind === "dataset" ? row.owner : ""), {
    id: "owner",
    header: "Owner",
    meta: { wideOnly: true },
  }),
  node.accessor((row) => (row.kind === "dataset" ? (row.rowCount ?? undefined) : undefined), {
    id: "rows",
    header: "Rows",
    meta: { align: "right", wideOnly: true },
    cell: ({ getValue }) => formatKnown(getValue(), formatCompact),
  }),
  node.accessor((row) => row.hiddenInputs + row.hiddenReaders, {
    id: "hidden",
    header: "Hidden beside it",
    meta: { align: "right", wideOnly: true },
  }),
];

interface SortProps {
  readonly sort: string;
  readonly onSort: (sort: string) => void;
}

/** The table graph as a list. */
export function NodesTable({ nodes, sort, onSort }: SortProps & { readonly nodes: readonly GraphNode[] }) {
  return (
    <DataTable
      label="Lineage as a table"
      rows={nodes.toSorted((a, b) => a.distance - b.distance || a.name.localeCompare(b.name))}
      columns={NODE_COLUMNS}
      rowKey={(row) => row.name}
      sort={sort}
      onSort={onSort}
      maxHeight={640}
    />
  );
}

const edge = createColumnHelper<PathEdge>();

const EDGE_COLUMNS = [
  edge.accessor((row) => `${row.fromDataset}.${row.fromColumn}`, {
    id: "from",
    header: "From",
    cell: ({ row: { original: row } }) => <ColumnName dataset={row.fromDataset} column={row.fromColumn} />,
  }),
  edge.accessor((row) => `${row.toDataset}.${row.toColumn}`, {
    id: "to",
    header: "Into",
    cell: ({ row: { original: row } }) => <ColumnName dataset={row.toDataset} column={row.toColumn} />,
  }),
  edge.accessor("kind", {
    header: "How",
    cell: ({ getValue }) => (
      <span>
        {EDGE_KIND_WORDS[getValue()].label}
        <span className="block text-xs text-fg-muted">{EDGE_KIND_WORDS[getValue()].meaning}</span>
      </span>
    ),
  }),
  edge.accessor("expression", {
    header: "Expression",
    enableSorting: false,
    cell: ({ getValue }) =>
      getValue() === "" ? (
        <span className="text-xs text-fg-subtle">as it is</span>
      ) : (
        <code className="block max-w-xl font-mono text-xs break-words whitespace-pre-wrap">{getValue()}</code>
      ),
  }),
  edge.accessor("distance", {
    header: "Where",
    meta: { wideOnly: true },
    cell: ({ getValue }) => (
      <span className="text-xs whitespace-nowrap text-fg-muted">{distanceWords(getValue())}</span>
    ),
  }),
];

function ColumnName({ dataset, column }: { readonly dataset: string; readonly column: string }) {
  const [source = "", stream] = dataset.split("/");
  return (
    <Link
      href={stream === undefined ? paths.columnLineage(dataset, column) : paths.stream(source, stream)}
      className="font-mono text-xs hover:underline"
    >
      <span className="text-fg-muted">{dataset}.</span>
      <span className="font-medium">{column}</span>
    </Link>
  );
}

/** A column's path as a list. */
export function EdgesTable({ edges, sort, onSort }: SortProps & { readonly edges: readonly PathEdge[] }) {
  return (
    <DataTable
      label="Column lineage as a table"
      rows={edges.toSorted((a, b) => a.distance - b.distance || edgeKey(a).localeCompare(edgeKey(b)))}
      columns={EDGE_COLUMNS}
      rowKey={edgeKey}
      sort={sort}
      onSort={onSort}
      maxHeight={640}
      empty={
        <EmptyState kind="none-yet" title="Nothing is known to lead into or out of this column" compact>
          Lineage is read from the models&apos; SQL and from the sources&apos; own catalogs.
        </EmptyState>
      }
    />
  );
}
