"use client";

import { useQuery } from "@tanstack/react-query";
import { SlidersHorizontal } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useMemo, useState } from "react";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { formatCount, plural } from "@/ui/format.ts";
import { SearchInput } from "@/ui/input.tsx";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Select } from "@/ui/select.tsx";
import { Skeleton, SkeletonRows } from "@/ui/skeleton.tsx";
import { catalogSearchParsers, FACETS, type Facet, ORDERS, searchWords } from "./catalog-search.ts";
import { CatalogTable } from "./components/catalog-table.tsx";
import { FacetPanel } from "./components/facet-panel.tsx";
import { describeFilters, FilterSummary } from "./components/filter-summary.tsx";
import { ORDER_LABEL } from "./dataset-words.ts";
import { judgeRows, narrow, orderRows } from "./narrow-catalog.ts";

/** Every dataset: search that says why it found, facets with counts, health and freshness per row. */
export function CatalogPage() {
  const trpc = useTRPC();
  const [search, setSearch] = useQueryStates(catalogSearchParsers, { history: "replace" });
  const [facetsOpen, setFacetsOpen] = useState(false);
  const words = useMemo(() => searchWords(search.q), [search.q]);
  const list = useQuery(trpc.datasets.list.queryOptions({ words }, { refetchInterval: 15_000 }));
  const judged = useMemo(
    () => judgeRows(list.data ?? [], new Date(list.dataUpdatedAt)),
    [list.data, list.dataUpdatedAt],
  );
  const shown = useMemo(() => orderRows(narrow(judged, search), search.order), [judged, search]);
  const active = FACETS.reduce((sum, facet) => sum + search[facet].length, 0);

  const choose = (facet: Facet, values: string[]): void =>
    void setSearch({ [facet]: values.length === 0 ? null : values });
  const clear = (): void => void setSearch({ q: null, ...Object.fromEntries(FACETS.map((facet) => [facet, null])) });
  const facets = <FacetPanel rows={judged} choice={search} onChoose={choose} />;

  return (
    <PageBody>
      <PageHeader title="Catalog" lead="Every dataset of the lakehouse: what it means, how fresh and how good it is." />
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[208px_minmax(0,1fr)]">
        <aside aria-label="Filters" className="hidden lg:block">
          {list.data === undefined ? <Skeleton height={480} /> : facets}
        </aside>
        <div className="flex min-w-0 flex-col gap-3">
          <div className="flex flex-wrap items-center gap-2">
            <div className="min-w-0 flex-1 basis-64">
              <SearchInput
                label="Search names, columns, descriptions"
                value={search.q}
                width="full"
                onChange={(q) => void setSearch({ q: q === "" ? null : q })}
              />
            </div>
            <div className="lg:hidden">
              <Button onClick={() => setFacetsOpen(true)}>
                <SlidersHorizontal aria-hidden className="size-4" />
                Filters{active === 0 ? "" : ` (${active})`}
              </Button>
            </div>
            <Select
              label="Order"
              value={search.order}
              choices={ORDERS.map((order) => ({ value: order, label: ORDER_LABEL[order] }))}
              onChange={(order) => void setSearch({ order })}
            />
          </div>
          <FilterSummary choice={search} onChoose={choose} onClear={clear} />
          <Card
            title="Datasets"
            flush
            aside={
              list.data === undefined ? undefined : (
                <span aria-live="polite">
                  {active === 0 && search.q === ""
                    ? plural(shown.length, "dataset")
                    : `${formatCount(shown.length)} found`}
                </span>
              )
            }
          >
            <QueryRegion query={list} what="the catalog" skeleton={<SkeletonRows rows={12} rowHeight={57} />}>
              {() => (
                <CatalogTable
                  key={`${search.q} ${search.order}`}
                  rows={shown}
                  words={words}
                  dimmed={list.isPlaceholderData}
                  empty={
                    active === 0 && search.q === "" ? (
                      <EmptyState kind="not-started" title="No dataset yet">
                        Datasets appear here as soon as the worker has read the first source. This page follows by
                        itself.
                      </EmptyState>
                    ) : (
                      <FilteredOut title="No dataset matches" clear="Clear search and filters" onClear={clear}>
                        Nothing fits {describeFilters(search.q, search)}.
                      </FilteredOut>
                    )
                  }
                />
              )}
            </QueryRegion>
          </Card>
        </div>
      </div>
      <Dialog open={facetsOpen} onOpenChange={setFacetsOpen} title="Filters" place="side" size="sm">
        {facets}
      </Dialog>
    </PageBody>
  );
}
