"use client";

import { STREAM_STATES, type AskedAction, type SourceId, type StreamState } from "@nova/pipeline-core/connectors";
import type { StreamRow } from "@nova/db/read-models";
import { useQueryStates } from "nuqs";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { FilterChips } from "@/ui/filter-chips.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { formatCount, plural } from "@/ui/format.ts";
import { SearchInput } from "@/ui/input.tsx";
import { QueryRegion, type RegionQuery } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { filterStreams } from "../filter-streams.ts";
import { sourceSearchParsers } from "../source-search.ts";
import { STREAM_STATE_WORDS } from "../source-words.ts";
import { StreamsTable } from "./streams-table.tsx";

/** Every stream of a source: filter, order, state, rows, errors. */
export function StreamsCard({
  query,
  source,
  onSteer,
}: {
  readonly query: RegionQuery<StreamRow[]>;
  readonly source: SourceId;
  readonly onSteer: ((stream: string, action: AskedAction) => void) | null;
}) {
  const [search, setSearch] = useQueryStates(sourceSearchParsers, { history: "replace" });
  const streams = query.data ?? [];
  const shown = filterStreams(streams, search);
  const filtered = search.stream !== "" || search.state.length > 0;
  const count = (state: StreamState): number => streams.filter((stream) => stream.state === state).length;
  const clear = (): void => void setSearch({ stream: null, state: null });
  return (
    <Card
      title="Streams"
      flush
      aside={
        filtered
          ? `${formatCount(shown.length)} of ${plural(streams.length, "stream")}`
          : plural(streams.length, "stream")
      }
    >
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
        <SearchInput
          label="Filter streams"
          value={search.stream}
          onChange={(stream) => void setSearch({ stream: stream === "" ? null : stream })}
        />
        <FilterChips
          label="State"
          chosen={search.state}
          choices={STREAM_STATES.map((state) => ({
            value: state,
            label: STREAM_STATE_WORDS[state].label,
            count: count(state),
          }))}
          onChange={(state) => void setSearch({ state: state.length === 0 ? null : state })}
        />
      </div>
      <QueryRegion query={query} what="the streams" skeleton={<SkeletonRows rows={12} />}>
        {() => (
          <StreamsTable
            streams={shown}
            source={source}
            onSteer={onSteer}
            sort={search.sort}
            onSort={(sort) => void setSearch({ sort: sort === "" ? null : sort })}
            empty={
              filtered ? (
                <FilteredOut title="No stream matches" clear="Clear filters" onClear={clear}>
                  {describeFilter(search)} hides all {plural(streams.length, "stream")} of this source.
                </FilteredOut>
              ) : (
                <EmptyState kind="not-started" title="No stream is known yet">
                  The worker lists a source&apos;s streams at the first contact. They show up here by themselves.
                </EmptyState>
              )
            }
          />
        )}
      </QueryRegion>
    </Card>
  );
}

function describeFilter({
  stream,
  state,
}: {
  readonly stream: string;
  readonly state: readonly StreamState[];
}): string {
  const parts = [
    stream === "" ? null : `“${stream}”`,
    state.length === 0 ? null : `state ${state.map((one) => STREAM_STATE_WORDS[one].label).join(" or ")}`,
  ];
  return parts.filter((part) => part !== null).join(" with ");
}
