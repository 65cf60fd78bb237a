"use client";

import { useQueryStates } from "nuqs";
import { Card } from "@/ui/card.tsx";
import { GraphOrTable } from "@/ui/graph/graph-or-table.tsx";
import { Select } from "@/ui/select.tsx";
import { ColumnLineage } from "./components/column-lineage.tsx";
import { TableLineage } from "./components/table-lineage.tsx";
import { lineageSearchParsers } from "./lineage-search.ts";

/** Stands for "no column" in the list of columns; no column has an empty name. */
const ALL = " ";

interface LineagePanelProps {
  readonly dataset: string;
  readonly columns: readonly string[];
}

/** The lineage of a dataset, or of one of its columns, as a graph or as a table. */
export function LineagePanel({ dataset, columns }: LineagePanelProps) {
  const [{ column, view }, setSearch] = useQueryStates(lineageSearchParsers, { history: "push" });
  return (
    <Card
      title={column === "" ? "Lineage" : `Lineage of ${column}`}
      flush
      aside={
        <>
          <Select
            label="Lineage of"
            value={column === "" ? ALL : column}
            choices={[{ value: ALL, label: "Whole dataset" }, ...columns.map((name) => ({ value: name, label: name }))]}
            onChange={(next) => void setSearch({ column: next === ALL ? null : next, node: null, sort: null })}
          />
          <GraphOrTable
            value={view}
            onChange={(next) => void setSearch({ view: next === "graph" ? null : next, sort: null })}
          />
        </>
      }
    >
      {column === "" ? <TableLineage dataset={dataset} /> : <ColumnLineage dataset={dataset} column={column} />}
    </Card>
  );
}
