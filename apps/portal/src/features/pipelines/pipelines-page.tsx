"use client";

import { useQuery } from "@tanstack/react-query";
import type { PipelineNode } from "@nova/db/read-models";
import dynamic from "next/dynamic";
import { useRouter } from "next/navigation";
import { useQueryStates } from "nuqs";
import { useCallback, useMemo } from "react";
import { PausedBanner } from "@/features/commands/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { GraphOrTable } from "@/ui/graph/graph-or-table.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { plural } from "@/ui/format.ts";
import { SearchInput } from "@/ui/input.tsx";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { DatasetDrawer } from "./components/dataset-drawer.tsx";
import { NodesTable } from "./components/nodes-table.tsx";
import { PoolsCard } from "./components/pools-card.tsx";
import { judgeNode } from "./judge-node.ts";
import { pipelinesSearchParsers } from "./pipelines-search.ts";
import { prepareGraph } from "./prepare-graph.ts";

const CANVAS_HEIGHT = 560;
const PipelinesCanvas = dynamic(
  () => import("./components/pipelines-canvas.tsx").then((module) => module.PipelinesCanvas),
  { ssr: false, loading: () => <Skeleton height={CANVAS_HEIGHT} /> },
);

/** Every dataset with what it reads and how it is now: groups first, what is inside them on demand. */
export function PipelinesPage() {
  const trpc = useTRPC();
  const graph = useQuery(trpc.pipelines.graph.queryOptions(undefined, { refetchInterval: 60_000 }));
  return (
    <PageBody>
      <PageHeader
        title="Pipelines"
        lead="Every dataset with what it reads and how it is now. A group shows the worst state of its datasets."
      />
      <PausedBanner />
      <QueryRegion query={graph} what="the pipelines" skeleton={<Skeleton height={CANVAS_HEIGHT + 100} />}>
        {(nodes) =>
          nodes.length === 0 ? (
            <EmptyState kind="not-started" title="No dataset yet">
              The worker lists its models here as soon as it starts. This page follows by itself.
            </EmptyState>
          ) : (
            <Graph nodes={nodes} />
          )
        }
      </QueryRegion>
      <PoolsCard />
    </PageBody>
  );
}

function Graph({ nodes }: { readonly nodes: readonly PipelineNode[] }) {
  const trpc = useTRPC();
  const router = useRouter();
  const [{ by, open, find, node, view, sort }, setSearch] = useQueryStates(pipelinesSearchParsers, {
    history: "replace",
  });
  const states = useQuery(trpc.pipelines.states.queryOptions(undefined, { refetchInterval: 15_000 }));
  const { data: stateRows, dataUpdatedAt } = states;
  const stateOf = useMemo(() => new Map((stateRows ?? []).map((state) => [state.name, state])), [stateRows]);
  const judged = useMemo(() => {
    const now = new Date(dataUpdatedAt);
    return new Map((stateRows ?? []).map((state) => [state.name, judgeNode(state, now)]));
  }, [stateRows, dataUpdatedAt]);
  const openText = open.join(",");
  const prepared = useMemo(
    () => prepareGraph(nodes, judged, { by, open: openText.split(","), find }),
    [nodes, judged, by, openText, find],
  );
  const select = useCallback((dataset: string) => void setSearch({ node: dataset }), [setSearch]);
  const toggle = useCallback(
    (group: string) =>
      void setSearch((before) => {
        const next = before.open.includes(group) ? before.open.filter((one) => one !== group) : [...before.open, group];
        return { open: next.length === 0 ? null : next };
      }),
    [setSearch],
  );
  // A double click selects first: left before that stands in the address, the page would be held back.
  const openDataset = useCallback(
    (dataset: string) => void setSearch({ node: dataset }).then(() => router.push(paths.dataset(dataset))),
    [router, setSearch],
  );
  const chosen = nodes.find((one) => one.name === node);
  const allOpen = prepared.groups.every((group) => group.open);
  return (
    <Card
      title="Datasets"
      flush
      aside={
        <>
          <span role="status">
            {find === "" ? plural(nodes.length, "dataset") : `${prepared.found} of ${plural(nodes.length, "dataset")}`}
          </span>
          <GraphOrTable
            value={view}
            onChange={(next) => void setSearch({ view: next === "graph" ? null : next, sort: null })}
          />
        </>
      }
    >
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
        <SearchInput
          label="Find datasets"
          value={find}
          onChange={(next) => void setSearch({ find: next === "" ? null : next })}
        />
        {view === "table" ? null : (
          <>
            <SegmentedControl
              label="Group by"
              value={by}
              choices={[
                { value: "pipeline", label: "By pipeline" },
                { value: "layer", label: "By layer" },
              ]}
              onChange={(next) => void setSearch({ by: next === "pipeline" ? null : next, open: null })}
            />
            <Button
              size="sm"
              kind="ghost"
              onClick={() => void setSearch({ open: allOpen ? null : prepared.groups.map((group) => group.name) })}
            >
              {allOpen ? "Close all groups" : "Open all groups"}
            </Button>
          </>
        )}
      </div>
      <QueryRegion
        query={{ ...states, data: states.data ?? (states.error === null ? [] : undefined) }}
        what="the states"
        skeleton={null}
      >
        {() => null}
      </QueryRegion>
      {prepared.found === 0 ? (
        <FilteredOut title="No dataset matches" clear="Clear the search" onClear={() => void setSearch({ find: null })}>
          “{find}” is in no dataset’s name; {plural(nodes.length, "dataset")} are hidden.
        </FilteredOut>
      ) : (
        <div className="flex min-w-0 flex-col lg:flex-row">
          <div className="min-w-0 flex-1">
            {view === "table" ? (
              <NodesTable
                rows={prepared.groups
                  .flatMap((group) => group.shown)
                  .map((one) => ({
                    node: one,
                    state: stateOf.get(one.name) ?? null,
                    judged: judged.get(one.name) ?? null,
                  }))}
                sort={sort}
                onSort={(next) => void setSearch({ sort: next === "" ? null : next })}
              />
            ) : (
              <PipelinesCanvas
                prepared={prepared}
                judged={judged}
                selected={node}
                onSelect={select}
                onToggle={toggle}
                onOpen={openDataset}
              />
            )}
          </div>
          {chosen === undefined ? null : (
            <DatasetDrawer
              node={chosen}
              state={stateOf.get(chosen.name) ?? null}
              judged={judged.get(chosen.name) ?? null}
              readers={nodes.filter((one) => one.inputs.includes(chosen.name)).length}
              onClose={() => void setSearch({ node: null })}
            />
          )}
        </div>
      )}
    </Card>
  );
}
