"use client";

import { useQuery } from "@tanstack/react-query";
import type { DatasetHead } from "@nova/db/read-models";
import { useQueryStates } from "nuqs";
import { LateCard } from "@/features/lineage/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Card, Stat, StatRow } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatDuration, formatShare } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { TimeSeriesChart } from "@/ui/time-series-chart.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { FreshnessStrip } from "../charts/freshness-strip.tsx";
import { prepareAge } from "../charts/prepare-freshness.ts";
import { datasetSearchParsers, FRESHNESS_CHOICES } from "../dataset-search.ts";

const RANGE_LABEL = { "1h": "1 hour", "24h": "24 hours", "7d": "7 days" } as const;

/** How old the data was against what is allowed, and why it is late when it is. */
export function FreshnessTab({ head }: { readonly head: DatasetHead }) {
  const trpc = useTRPC();
  const [{ range }, setSearch] = useQueryStates(datasetSearchParsers, { history: "replace" });
  const history = useQuery(trpc.datasets.freshness.queryOptions({ name: head.name, range }));
  const share = history.data?.freshShare ?? null;
  const allowed = formatDuration(head.targetLagSeconds);
  return (
    <div className="flex flex-col gap-5">
      <StatRow label="Freshness now">
        <Stat
          label="Data through"
          value={<Timestamp at={head.dataThrough} absent="not loaded" />}
          note={head.dataThrough === null ? undefined : <Timestamp at={head.dataThrough} show="full" />}
        />
        <Stat label="Allowed age" value={allowed} note="the target lag" />
        <Stat
          label={`Fresh, last ${RANGE_LABEL[range]}`}
          value={share === null ? "unknown" : formatShare(share)}
          note={
            history.data === undefined
              ? undefined
              : history.data.knownShare < 0.99
                ? `of the ${formatShare(history.data.knownShare)} with samples`
                : "of the time"
          }
        />
      </StatRow>
      <LateCard dataset={head.name} />
      <Card
        title="Age of the data"
        aside={
          <SegmentedControl
            label="Range"
            value={range}
            choices={FRESHNESS_CHOICES.map((value) => ({ value, label: RANGE_LABEL[value] }))}
            onChange={(next) => void setSearch({ range: next })}
          />
        }
      >
        <QueryRegion query={history} what="the freshness" skeleton={<Skeleton height={330} />}>
          {(data) =>
            data.freshShare === null ? (
              <EmptyState kind="not-started" title="No sample in this time">
                The worker samples freshness once a minute while it runs. Choose a longer range to look further back.
              </EmptyState>
            ) : (
              <div
                className={`flex flex-col gap-4 transition-opacity ${history.isPlaceholderData ? "opacity-60" : ""}`}
              >
                <TimeSeriesChart
                  label="Age of the data"
                  points={prepareAge(data.buckets)}
                  series={[{ key: "age", label: "oldest in the interval", color: 1 }]}
                  formatValue={formatDuration}
                  height={220}
                  threshold={{ value: head.targetLagSeconds, label: `allowed ${allowed}` }}
                />
                <FreshnessStrip history={data} />
              </div>
            )
          }
        </QueryRegion>
      </Card>
    </div>
  );
}
