"use client";

import type { ResultColumn, ResultValue } from "@nova/pipeline-core/access";
import { createColumnHelper } from "@tanstack/react-table";
import { EyeOff } from "lucide-react";
import { useMemo } from "react";
import { DataTable } from "@/ui/data-table.tsx";

type Row = readonly ResultValue[];
const column = createColumnHelper<Row>();

const NUMERIC = /^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|FLOAT|DOUBLE|DECIMAL)/;

interface SampleTableProps {
  readonly dataset: { readonly name: string };
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly Row[];
  readonly masked: readonly string[];
}

/** Rows as they are: types under the names, numbers right, nulls said, masked columns marked. */
export function SampleTable({ dataset, columns, rows, masked }: SampleTableProps) {
  const definition = useMemo(
    () =>
      columns.map(({ name, type }, index) =>
        column.display({
          id: `${index}:${name}`,
          meta: { align: NUMERIC.test(type) ? "right" : "left" },
          header: () => (
            <span className="inline-flex items-center gap-1.5">
              <span className="font-mono text-fg">{name}</span>
              <span className="font-mono text-2xs font-normal text-fg-subtle">{type.toLowerCase()}</span>
              {masked.includes(name) ? <EyeOff role="img" aria-label="masked" className="size-3" /> : null}
            </span>
          ),
          cell: ({ row }) => <Value value={row.original[index] ?? null} />,
        }),
      ),
    [columns, masked],
  );
  return (
    <DataTable
      label={`Rows of ${dataset.name}`}
      rows={rows}
      columns={definition}
      rowKey={(row) => String(rows.indexOf(row))}
      maxHeight={720}
    />
  );
}

function Value({ value }: { readonly value: ResultValue }) {
  if (value === null) return <span className="font-mono text-2xs text-fg-subtle">null</span>;
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return (
    <span className="num block max-w-80 truncate font-mono text-xs" title={text.length > 40 ? text : undefined}>
      {text === "" ? <span className="text-2xs text-fg-subtle">empty text</span> : text}
    </span>
  );
}
