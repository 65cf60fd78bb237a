"use client";

import { useQuery } from "@tanstack/react-query";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import { useCallback, useMemo } from "react";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { boundedExtent, lineageSearchParsers } from "../lineage-search.ts";
import { drawTables } from "../to-canvas.ts";
import { DepthControl } from "./depth-control.tsx";
import { NodesTable } from "./lineage-tables.tsx";
import { NodeDrawer } from "./node-drawer.tsx";

export const CANVAS_HEIGHT = 560;

export const LineageCanvas = dynamic(() => import("./lineage-canvas.tsx").then((module) => module.LineageCanvas), {
  ssr: false,
  loading: () => <Skeleton height={CANVAS_HEIGHT} />,
});

/** What a dataset reads and who reads it: neighbours first, more on demand, with counts of what is hidden. */
export function TableLineage({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  const router = useRouter();
  const [search, setSearch] = useQueryStates(lineageSearchParsers, { history: "replace" });
  const extent = boundedExtent(search);
  const around = useQuery(trpc.lineage.around.queryOptions({ name: dataset, ...extent }, { refetchInterval: 10_000 }));
  const { data, dataUpdatedAt } = around;
  const openText = extent.open.join(" ");
  const drawing = useMemo(
    () => (data === undefined ? null : drawTables(data, dataset, openText.split(" "), new Date(dataUpdatedAt))),
    [data, dataUpdatedAt, dataset, openText],
  );
  const select = useCallback((id: string) => void setSearch({ node: id }), [setSearch]);
  const toggle = useCallback(
    (id: string, side: "inputs" | "readers") => {
      const entry = `${side === "inputs" ? "<" : ">"}${id}`;
      void setSearch(({ open }) => {
        const next = open.includes(entry) ? open.filter((one) => one !== entry) : [...open, entry];
        return { open: next.length === 0 ? null : next };
      });
    },
    [setSearch],
  );
  return (
    <QueryRegion query={around} what="the lineage" skeleton={<Skeleton height={CANVAS_HEIGHT + 45} />}>
      {({ nodes, totalUp, totalDown }) => {
        const chosen = nodes.find((node) => node.name === search.node);
        return (
          <>
            <div className="flex flex-wrap items-center gap-x-6 gap-y-1 border-b border-line px-4 py-2">
              <DepthControl
                label="Upstream"
                depth={extent.up}
                shown={nodes.filter((node) => node.distance < 0).length}
                total={totalUp}
                onChange={(up) => void setSearch({ up })}
              />
              <DepthControl
                label="Downstream"
                depth={extent.down}
                shown={nodes.filter((node) => node.distance > 0).length}
                total={totalDown}
                onChange={(down) => void setSearch({ down })}
              />
            </div>
            <div className="flex min-w-0 flex-col lg:flex-row">
              <div className="min-w-0 flex-1">
                {search.view === "table" || drawing === null ? (
                  <NodesTable
                    nodes={nodes}
                    sort={search.sort}
                    onSort={(sort) => void setSearch({ sort: sort === "" ? null : sort })}
                  />
                ) : (
                  <LineageCanvas
                    key={dataset}
                    label={`Lineage of ${dataset}`}
                    nodes={drawing.nodes}
                    edges={drawing.edges}
                    focus={dataset}
                    selected={search.node}
                    select={select}
                    toggle={toggle}
                    onOpen={(id) =>
                      // A double click selects first: left before that stands in the address, the page would be held back.
                      void setSearch({ node: id }).then(() =>
                        router.push(id.includes(".") ? paths.dataset(id) : paths.source(id)),
                      )
                    }
                  />
                )}
              </div>
              {chosen === undefined ? null : (
                <NodeDrawer
                  name={chosen.name}
                  dataset={chosen.kind === "dataset" ? chosen : null}
                  made={[]}
                  onClose={() => void setSearch({ node: null })}
                />
              )}
            </div>
          </>
        );
      }}
    </QueryRegion>
  );
}
