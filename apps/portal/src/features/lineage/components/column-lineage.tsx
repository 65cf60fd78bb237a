"use client";

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import { useCallback, useMemo } from "react";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Banner } from "@/ui/banner.tsx";
import { Button } from "@/ui/button.tsx";
import { plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { shownEdges } from "../column-path.ts";
import { lineageSearchParsers } from "../lineage-search.ts";
import { EDGE_KIND_WORDS } from "../lineage-words.ts";
import { drawColumns } from "../to-canvas.ts";
import { EdgesTable } from "./lineage-tables.tsx";
import { NodeDrawer } from "./node-drawer.tsx";
import { CANVAS_HEIGHT, LineageCanvas } from "./table-lineage.tsx";

const NO_TOGGLE = (): void => undefined;

/** Where one column comes from and what is made from it, with the expressions. */
export function ColumnLineage({ dataset, column }: { readonly dataset: string; readonly column: string }) {
  const trpc = useTRPC();
  const router = useRouter();
  const [search, setSearch] = useQueryStates(lineageSearchParsers, { history: "replace" });
  const path = useQuery(trpc.lineage.column.queryOptions({ name: dataset, column }, { refetchInterval: 10_000 }));
  const { data, dataUpdatedAt } = path;
  const edges = useMemo(() => shownEdges(data?.edges ?? [], search.indirect), [data, search.indirect]);
  const drawing = useMemo(
    () => drawColumns(edges, data?.datasets ?? [], { dataset, column }, new Date(dataUpdatedAt)),
    [edges, data, dataset, column, dataUpdatedAt],
  );
  const select = useCallback((id: string) => void setSearch({ node: id }), [setSearch]);
  const hidden = shownEdges(data?.edges ?? [], "show").length - edges.length;
  const selected = drawing.nodes.some((node) => node.id === search.node) ? search.node : "";
  return (
    <QueryRegion query={path} what="the column's lineage" skeleton={<Skeleton height={CANVAS_HEIGHT + 45} />}>
      {({ cut, datasets }) => (
        <>
          <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-1 border-b border-line px-4 py-2">
            <Legend />
            <Button
              size="sm"
              kind="ghost"
              aria-pressed={search.indirect === "hide"}
              onClick={() => void setSearch({ indirect: search.indirect === "hide" ? null : "hide" })}
            >
              {search.indirect === "hide" ? `Show indirect (${hidden})` : "Hide indirect"}
            </Button>
          </div>
          {cut ? (
            <div className="p-3">
              <Banner tone="info" title={`The nearest ${plural(edges.length, "edge")} are shown`}>
                This column has more than can be drawn. Go on from a column further along the path.
              </Banner>
            </div>
          ) : null}
          <div className="flex min-w-0 flex-col lg:flex-row">
            <div className="min-w-0 flex-1">
              {search.view === "table" || edges.length === 0 ? (
                <EdgesTable
                  edges={edges}
                  sort={search.sort}
                  onSort={(sort) => void setSearch({ sort: sort === "" ? null : sort })}
                />
              ) : (
                <LineageCanvas
                  key={`${dataset}.${column}`}
                  label={`Lineage of ${dataset}.${column}`}
                  nodes={drawing.nodes}
                  edges={drawing.edges}
                  focus={dataset}
                  selected={selected}
                  select={select}
                  toggle={NO_TOGGLE}
                  onOpen={(id) => {
                    const [source = "", stream] = id.split("/");
                    void setSearch({ node: id }).then(() =>
                      router.push(stream === undefined ? paths.dataset(id) : paths.stream(source, stream)),
                    );
                  }}
                />
              )}
            </div>
            {selected === "" ? null : (
              <NodeDrawer
                name={selected}
                dataset={datasets.find((one) => one.name === selected) ?? null}
                made={edges.filter((edge) => edge.toDataset === selected)}
                onClose={() => void setSearch({ node: null })}
              />
            )}
          </div>
        </>
      )}
    </QueryRegion>
  );
}

function Legend() {
  return (
    <ul aria-label="Kinds of lines" className="flex flex-wrap items-center gap-x-4 gap-y-1 text-xs text-fg-muted">
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="w-5 border-t-2 border-line-strong" />
        {EDGE_KIND_WORDS.identity.label}: {EDGE_KIND_WORDS.identity.meaning}
      </li>
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="w-5 border-t-2 border-accent" />
        {EDGE_KIND_WORDS.transformed.label}: {EDGE_KIND_WORDS.transformed.meaning}
      </li>
      <li className="inline-flex items-center gap-1.5">
        <span aria-hidden className="w-5 border-t-2 border-dashed border-line-strong" />
        {EDGE_KIND_WORDS.indirect.label}: {EDGE_KIND_WORDS.indirect.meaning}
      </li>
    </ul>
  );
}
