"use client";

import { createColumnHelper } from "@tanstack/react-table";
import type { CostRow } from "@nova/db/read-models";
import { type CostGroup, dollarText, scanDollars } from "@nova/pipeline-core/cost";
import { useMemo } from "react";
import { DatasetLink } from "@/features/navigation/index.ts";
import { DataTable } from "@/ui/data-table.tsx";
import { formatBytes, formatCount, formatShare } from "@/ui/format.ts";
import { GROUP_WORDS, nameText } from "../cost-words.ts";

interface CostTableProps {
  readonly by: CostGroup;
  readonly rows: readonly CostRow[];
  readonly sort: string;
  readonly onSort: (sort: string) => void;
  /** Narrows everything to one row's share. */
  readonly onNarrow: (name: string) => void;
  readonly dimmed: boolean;
}

const column = createColumnHelper<CostRow>();

/** Who is charged how much; a name narrows the page to it, a dataset's leads to its page. */
export function CostTable({ by, rows, sort, onSort, onNarrow, dimmed }: CostTableProps) {
  const total = rows.reduce((sum, row) => sum + row.billedBytes, 0);
  const columns = useMemo(
    () => [
      column.accessor("name", {
        header: GROUP_WORDS[by],
        cell: ({ getValue }) =>
          by === "dataset" ? (
            <DatasetLink name={getValue()} />
          ) : (
            <button
              type="button"
              className="inline-flex min-h-6 items-center text-left font-medium hover:underline"
              onClick={() => onNarrow(getValue())}
            >
              {nameText(by, getValue())}
            </button>
          ),
      }),
      column.accessor((row) => row.billedBytes, {
        id: "dollars",
        header: "Dollars",
        meta: { align: "right" },
        cell: ({ getValue }) => dollarText(scanDollars(getValue())),
      }),
      column.display({
        id: "share",
        header: "Share",
        meta: { align: "right", wideOnly: true },
        cell: ({ row }) => formatShare(total === 0 ? 0 : row.original.billedBytes / total),
      }),
      column.accessor("queries", {
        header: "Queries",
        meta: { align: "right" },
        cell: ({ getValue }) => formatCount(getValue()),
      }),
      column.accessor("scannedBytes", {
        header: "Scanned",
        meta: { align: "right", wideOnly: true },
        cell: ({ getValue }) => formatBytes(getValue()),
      }),
    ],
    [by, total, onNarrow],
  );
  return (
    <DataTable
      label="Cost"
      rows={rows}
      columns={columns}
      rowKey={(row) => row.name}
      sort={sort}
      onSort={onSort}
      dimmed={dimmed}
    />
  );
}
