"use client";

import { useQuery } from "@tanstack/react-query";
import type { ColumnRow, DatasetHead } from "@nova/db/read-models";
import { createColumnHelper } from "@tanstack/react-table";
import { KeyRound } from "lucide-react";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useEffect, useMemo } from "react";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { DataTable } from "@/ui/data-table.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { formatCount, formatShare, plural } from "@/ui/format.ts";
import { SearchInput } from "@/ui/input.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Badge } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { Tooltip } from "@/ui/tooltip.tsx";
import { datasetSearchParsers } from "../dataset-search.ts";
import { PII_LABEL, PII_MEANING } from "../dataset-words.ts";
import { Marked } from "./marked.tsx";

const column = createColumnHelper<ColumnRow>();

function columnsFor(dataset: string, find: string, chosen: string) {
  const words = find === "" ? [] : [find.toLowerCase()];
  return [
    column.accessor("name", {
      header: "Column",
      cell: ({ row: { original: row } }) => (
        <span
          id={`column-${row.name}`}
          className={`inline-flex scroll-mt-24 items-center gap-1.5 rounded-sm ${row.name === chosen ? "bg-accent-soft px-1 text-accent-text" : ""}`}
        >
          <span className="font-mono text-xs font-medium">
            <Marked text={row.name} words={words} />
          </span>
          {row.isKey ? <KeyRound role="img" aria-label="part of the key" className="size-3 text-fg-subtle" /> : null}
        </span>
      ),
    }),
    column.accessor("type", {
      header: "Type",
      enableSorting: false,
      cell: ({ getValue }) => <span className="font-mono text-xs text-fg-muted">{getValue()}</span>,
    }),
    column.accessor("description", {
      header: "Meaning",
      enableSorting: false,
      cell: ({ getValue }) =>
        getValue() === "" ? (
          <span className="text-xs text-fg-subtle">not described</span>
        ) : (
          <p className="min-w-48 max-w-xl text-sm">
            <Marked text={getValue()} words={words} />
          </p>
        ),
    }),
    column.accessor("pii", {
      header: "PII",
      cell: ({ getValue }) => {
        const pii = getValue();
        return pii === "none" ? null : (
          <Tooltip content={PII_MEANING[pii]}>
            <span tabIndex={0} className="inline-flex rounded-sm">
              <Badge tone={pii === "direct" ? "warn" : "idle"}>{PII_LABEL[pii]}</Badge>
            </span>
          </Tooltip>
        );
      },
    }),
    column.accessor((row) => row.nullRate ?? undefined, {
      id: "nulls",
      header: "Nulls",
      meta: { align: "right" },
      cell: ({ row: { original: row } }) =>
        row.nullRate === null ? <span className="text-fg-subtle">–</span> : formatShare(row.nullRate),
    }),
    column.accessor((row) => row.upstream + row.downstream, {
      id: "lineage",
      header: "Lineage",
      meta: { align: "right" },
      cell: ({ row: { original: row } }) => (
        <Link
          href={paths.columnLineage(dataset, row.name)}
          scroll={false}
          className="relative inline-flex min-h-6 items-center gap-1 text-xs text-accent-text hover:underline"
        >
          <span className="sr-only">
            {`Lineage of ${row.name}: from ${plural(row.upstream, "column")}, into ${plural(row.downstream, "column")}`}
          </span>
          <span aria-hidden>
            ↑ {formatCount(row.upstream)} ↓ {formatCount(row.downstream)}
          </span>
        </Link>
      ),
    }),
  ];
}

/** What every column means, how personal it is, how often it is empty, and where it comes from. */
export function ColumnsTab({ head }: { readonly head: DatasetHead }) {
  const trpc = useTRPC();
  const [{ find, column: chosen, sort }, setSearch] = useQueryStates(datasetSearchParsers, { history: "replace" });
  const columns = useQuery(trpc.datasets.columns.queryOptions({ name: head.name }));
  const definition = useMemo(() => columnsFor(head.name, find, chosen), [head.name, find, chosen]);
  const loaded = columns.data !== undefined;
  useEffect(() => {
    if (loaded && chosen !== "") document.getElementById(`column-${chosen}`)?.scrollIntoView({ block: "center" });
  }, [loaded, chosen]);
  const wanted = find.toLowerCase();
  const shown = (columns.data ?? []).filter((row) =>
    `${row.name} ${row.description} ${row.type} ${row.pii === "none" ? "" : `pii ${row.pii}`}`
      .toLowerCase()
      .includes(wanted),
  );
  const profiledAt = columns.data?.find((row) => row.profiledAt !== null)?.profiledAt ?? null;
  return (
    <Card
      title="Columns"
      flush
      aside={
        <>
          {columns.data === undefined ? null : plural(columns.data.length, "column")}
          {profiledAt === null ? null : (
            <span>
              profiled <Timestamp at={profiledAt} />
            </span>
          )}
        </>
      }
    >
      <div className="border-b border-line px-4 py-2.5">
        <SearchInput
          label="Filter columns"
          value={find}
          onChange={(text) => void setSearch({ find: text === "" ? null : text })}
        />
      </div>
      <QueryRegion
        query={columns}
        what="the columns"
        skeleton={<SkeletonRows rows={Math.max(4, head.columns.length)} rowHeight={41} />}
      >
        {(rows) => (
          <DataTable
            label="Columns"
            rows={shown}
            columns={definition}
            rowKey={(row) => row.name}
            sort={sort}
            onSort={(next) => void setSearch({ sort: next === "" ? null : next })}
            empty={
              rows.length === 0 ? (
                <EmptyState kind="not-started" title="No column is known yet">
                  The columns become known with the first load.
                </EmptyState>
              ) : (
                <FilteredOut
                  title="No column matches"
                  clear="Clear filter"
                  onClear={() => void setSearch({ find: null })}
                >
                  “{find}” hides all {plural(rows.length, "column")}.
                </FilteredOut>
              )
            }
          />
        )}
      </QueryRegion>
    </Card>
  );
}
