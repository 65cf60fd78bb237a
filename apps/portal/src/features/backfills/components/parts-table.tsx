"use client";

import { useQuery } from "@tanstack/react-query";
import type { PartRow } from "@nova/db/read-models";
import { POLICY } from "@nova/pipeline-core/kernel";
import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { DataTable } from "@/ui/data-table.tsx";
import { Duration } from "@/ui/duration.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Select } from "@/ui/select.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { backfillSearchParsers, PART_FILTERS } from "../backfill-search.ts";
import { PART_STATE_WORDS } from "../backfill-words.ts";

const PAGE = 100;
const column = createColumnHelper<PartRow>();

const COLUMNS = [
  column.accessor("state", {
    header: "State",
    cell: ({ getValue }) => <StatusText {...PART_STATE_WORDS[getValue()]} />,
  }),
  column.accessor("part", {
    header: "Partition",
    cell: ({ row: { original: part } }) => (
      <>
        <span className="num whitespace-nowrap">{part.part}</span>
        <div className="md:hidden">
          <PartError part={part} />
        </div>
      </>
    ),
  }),
  column.accessor("dataset", {
    header: "Dataset",
    meta: { wideOnly: true },
    cell: ({ getValue }) => <span className="font-mono text-xs">{getValue()}</span>,
  }),
  column.accessor("runId", {
    header: "Run",
    cell: ({ getValue, row: { original: part } }) => {
      const runId = getValue();
      return runId === null ? (
        <span className="whitespace-nowrap text-fg-muted">run {part.number}</span>
      ) : (
        <Link href={paths.run(runId)} className="inline-flex min-h-6 items-center whitespace-nowrap hover:underline">
          run {part.number}
        </Link>
      );
    },
  }),
  column.display({
    id: "took",
    header: "Took",
    meta: { align: "right", wideOnly: true },
    cell: ({ row: { original: part } }) => <Duration from={part.startedAt} to={part.endedAt} />,
  }),
  column.display({
    id: "error",
    header: "Error",
    meta: { wideOnly: true },
    cell: ({ row: { original: part } }) => <PartError part={part} />,
  }),
];

function PartError({ part }: { readonly part: PartRow }) {
  if (part.errorKind === null) return null;
  return (
    <p className="max-w-xl min-w-40 text-xs text-bad">
      {part.errorMessage ?? part.errorKind}. {POLICY[part.errorKind].remedy}
    </p>
  );
}

/** Every part of a backfill, those that failed first. */
export function PartsTable({ id }: { readonly id: string }) {
  const trpc = useTRPC();
  const [{ part, from }, setSearch] = useQueryStates(backfillSearchParsers, { history: "push" });
  const input = { id, state: part === "any" ? null : part, offset: from };
  const parts = useQuery(trpc.backfills.parts.queryOptions(input));
  return (
    <Card
      title="Partitions"
      flush
      aside={
        <Select
          label="State of partitions"
          value={part}
          choices={PART_FILTERS.map((value) => ({
            value,
            label: value === "any" ? "Any state" : PART_STATE_WORDS[value].label,
          }))}
          onChange={(next) => void setSearch({ part: next, from: 0 })}
        />
      }
    >
      <QueryRegion query={parts} what="the partitions" skeleton={<SkeletonRows rows={10} />}>
        {(data) => (
          <>
            <DataTable
              label="Partitions"
              rows={data.parts}
              columns={COLUMNS}
              rowKey={(one) => `${one.dataset} ${one.part}`}
              dimmed={parts.isPlaceholderData}
              empty={
                <FilteredOut
                  title="No partition is in this state"
                  clear="Show all"
                  onClear={() => void setSearch({ part: "any", from: 0 })}
                >
                  The others are in other states.
                </FilteredOut>
              }
            />
            {from === 0 && !data.more ? null : (
              <nav aria-label="Pages of partitions" className="flex justify-end gap-2 border-t border-line px-4 py-2">
                <Button
                  size="sm"
                  disabledReason={from === 0 ? "These are the first." : null}
                  onClick={() => void setSearch({ from: Math.max(0, from - PAGE) })}
                >
                  Before
                </Button>
                <Button
                  size="sm"
                  disabledReason={data.more ? null : "There are no more."}
                  onClick={() => void setSearch({ from: from + PAGE })}
                >
                  After
                </Button>
              </nav>
            )}
          </>
        )}
      </QueryRegion>
    </Card>
  );
}
