"use client";

import { useQuery } from "@tanstack/react-query";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { SOURCE_IDS, type SourceId } from "@nova/pipeline-core/connectors";
import { useQueryStates } from "nuqs";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import { Select } from "@/ui/select.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { DriftList } from "./components/drift-list.tsx";
import { driftSearchParsers } from "./drift-search.ts";

const SHOWN = [
  { value: "open", label: "Open" },
  { value: "all", label: "All" },
] as const;
const SOURCES: readonly { readonly value: SourceId | "any"; readonly label: string }[] = [
  { value: "any", label: "Every source" },
  ...SOURCE_IDS.map((id) => ({ value: id, label: SOURCE_LABEL[id] })),
];

/** The drift inbox: how the sources changed against what is known, and the decisions that wait. */
export function DriftPage() {
  const trpc = useTRPC();
  const [{ source, settled }, setSearch] = useQueryStates(driftSearchParsers, { history: "replace" });
  const items = useQuery(
    trpc.drift.items.queryOptions({ source, dataset: null, openOnly: !settled }, { refetchInterval: 30_000 }),
  );
  return (
    <PageBody>
      <PageHeader
        title="Schema drift"
        lead="How streams changed against what is known. Raw takes every change; datasets follow when nothing is lost, else somebody decides here."
      />
      <Card
        title={settled ? "All changes" : "Waits for a decision"}
        flush
        aside={
          <div className="flex flex-wrap items-center gap-2">
            <Select
              label="Source"
              value={source ?? "any"}
              choices={SOURCES}
              onChange={(next) => void setSearch({ source: next === "any" ? null : next })}
            />
            <SegmentedControl
              label="Changes shown"
              value={settled ? "all" : "open"}
              choices={SHOWN}
              onChange={(next) => void setSearch({ settled: next === "all" })}
            />
          </div>
        }
      >
        <QueryRegion query={items} what="the schema drift" skeleton={<SkeletonRows rows={4} rowHeight={96} />}>
          {(data) =>
            data.length > 0 ? (
              <DriftList items={data} />
            ) : settled || source === null ? (
              <EmptyState
                kind="none-yet"
                title={settled ? "No stream has changed" : "Nothing waits for a decision"}
                action={
                  settled ? undefined : (
                    <Button size="sm" onClick={() => void setSearch({ settled: true })}>
                      Show settled changes
                    </Button>
                  )
                }
              >
                {settled
                  ? "Every stream still sends the columns it began with."
                  : "Changes that lose nothing are taken over by themselves; the others come here."}
              </EmptyState>
            ) : (
              <FilteredOut
                title={`Nothing of ${SOURCE_LABEL[source]} waits for a decision`}
                clear="Show every source"
                onClear={() => void setSearch({ source: null })}
              >
                Other sources may have changes that wait.
              </FilteredOut>
            )
          }
        </QueryRegion>
      </Card>
    </PageBody>
  );
}
