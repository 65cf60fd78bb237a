"use client";

import type { QueryableDataset } from "@nova/db/read-models";
import { ChevronRight, LockKeyhole } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { paths } from "@/features/navigation/index.ts";
import { cx } from "@/ui/class-names.ts";
import { EmptyState } from "@/ui/empty-state.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { formatCount } from "@/ui/format.ts";
import { SearchInput } from "@/ui/input.tsx";
import { QueryRegion, type RegionQuery } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { findDatasets } from "../find-datasets.ts";

interface DatasetListProps {
  readonly query: RegionQuery<readonly QueryableDataset[]>;
  readonly find: string;
  readonly onFind: (text: string) => void;
  /** Puts a name into the editor. */
  readonly onInsert: (name: string) => void;
}

/** What can be queried: a click puts the name where the cursor is, the arrow shows the columns. */
export function DatasetList({ query, find, onFind, onInsert }: DatasetListProps) {
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <div className="px-3">
        <SearchInput label="Find dataset or column" value={find} onChange={onFind} width="full" />
      </div>
      <div
        className="min-h-0 flex-1 overflow-auto px-1.5 pb-3"
        role="region"
        aria-label="Datasets to query"
        tabIndex={0}
      >
        <QueryRegion query={query} what="the datasets" skeleton={<SkeletonRows rows={14} rowHeight={28} />}>
          {(datasets) => {
            const groups = findDatasets(datasets, find);
            if (datasets.length === 0)
              return (
                <EmptyState kind="not-started" title="No dataset yet" compact>
                  They show up here once the first rows have landed.
                </EmptyState>
              );
            if (groups.length === 0)
              return (
                <FilteredOut title="Nothing has that name" compact clear="Clear" onClear={() => onFind("")}>
                  No dataset or column holds “{find}”.
                </FilteredOut>
              );
            return groups.map(({ layer, found }) => (
              <section key={layer} aria-label={layer} className="mb-2">
                <h3 className="flex justify-between px-2 py-1 text-2xs font-medium text-fg-subtle">
                  {layer}
                  <span className="num">{formatCount(found.length)}</span>
                </h3>
                <ul>
                  {found.map(({ dataset, columns }) => (
                    <DatasetItem key={dataset.name} dataset={dataset} matching={columns} onInsert={onInsert} />
                  ))}
                </ul>
              </section>
            ));
          }}
        </QueryRegion>
      </div>
    </div>
  );
}

interface DatasetItemProps {
  readonly dataset: QueryableDataset;
  /** Columns that the search found; they are shown without being asked for. */
  readonly matching: readonly string[];
  readonly onInsert: (name: string) => void;
}

function DatasetItem({ dataset, matching, onInsert }: DatasetItemProps) {
  const [open, setOpen] = useState(false);
  const columns = open ? dataset.columns : dataset.columns.filter((column) => matching.includes(column.name));
  return (
    <li>
      <div className="flex items-center rounded-md hover:bg-hover">
        <button
          type="button"
          aria-expanded={open}
          aria-label={`Columns of ${dataset.name}`}
          onClick={() => setOpen(!open)}
          className="flex size-6 shrink-0 items-center justify-center rounded-sm text-fg-subtle hover:text-fg"
        >
          <ChevronRight aria-hidden className={cx("size-3.5 transition-transform", open && "rotate-90")} />
        </button>
        <button
          type="button"
          title={dataset.description === "" ? `Insert ${dataset.name}` : dataset.description}
          onClick={() => onInsert(dataset.name)}
          className="min-h-7 min-w-0 flex-1 truncate rounded-sm pr-2 text-left font-mono text-xs"
        >
          {dataset.name.slice(dataset.layer.length + 1)}
        </button>
      </div>
      {columns.length === 0 ? null : (
        <ul className="mb-1 ml-6 border-l border-line pl-1.5">
          {columns.map((column) => (
            <li key={column.name}>
              <button
                type="button"
                title={`Insert ${column.name}`}
                onClick={() => onInsert(column.name)}
                className="flex min-h-6 w-full items-center gap-2 rounded-sm px-1.5 text-left font-mono text-xs text-fg-muted hover:bg-hover hover:text-fg"
              >
                <span className="truncate">{column.name}</span>
                {column.pii === "none" ? null : (
                  <LockKeyhole role="img" aria-label="personal" className="size-3 shrink-0 text-warn" />
                )}
                <span className="ml-auto shrink-0 text-2xs text-fg-subtle">{column.type}</span>
              </button>
            </li>
          ))}
          {open ? (
            <li>
              <Link
                href={paths.dataset(dataset.name)}
                className="inline-flex min-h-6 items-center px-1.5 text-xs text-accent-text hover:underline"
              >
                Open dataset
              </Link>
            </li>
          ) : null}
        </ul>
      )}
    </li>
  );
}
