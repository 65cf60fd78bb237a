"use client";

import type { FlowBucket } from "@nova/db/read-models";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatBytes, formatDuration, formatRate } from "@/ui/format.ts";
import { type ChartColor, TimeSeriesChart } from "@/ui/time-series-chart.tsx";
import { prepareFlow } from "./prepare-flow.ts";

export const FLOW_CHARTS_HEIGHT = 262;

/** Rows per second, lag and waiting bytes of one source, side by side. */
export function FlowCharts({
  buckets,
  color,
}: {
  readonly buckets: readonly FlowBucket[];
  readonly color: ChartColor;
}) {
  const charts = prepareFlow(buckets);
  if (charts.empty) {
    return (
      <EmptyState kind="not-started" title="No samples in this time">
        The worker samples the flow every ten seconds while it runs. Choose a longer range to look further back.
      </EmptyState>
    );
  }
  return (
    <div
      className={`grid grid-cols-1 gap-x-6 gap-y-4 p-4 ${charts.lagBytes === null ? "lg:grid-cols-2" : "lg:grid-cols-3"}`}
    >
      <ChartBlock title="Rows per second">
        <TimeSeriesChart
          label="Rows per second"
          points={charts.rate}
          series={[{ key: "value", label: "rows/s", color }]}
          formatValue={formatRate}
        />
      </ChartBlock>
      <ChartBlock title="Lag">
        <TimeSeriesChart
          label="Lag"
          points={charts.lagSeconds}
          series={[{ key: "value", label: "newest change to committed", color }]}
          formatValue={formatDuration}
        />
      </ChartBlock>
      {charts.lagBytes === null ? null : (
        <ChartBlock title="Waiting bytes">
          <TimeSeriesChart
            label="Waiting bytes"
            points={charts.lagBytes}
            series={[{ key: "value", label: "held back for us", color }]}
            formatValue={formatBytes}
          />
        </ChartBlock>
      )}
    </div>
  );
}

function ChartBlock({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <h3 className="mb-2 text-xs font-medium text-fg-muted">{title}</h3>
      {children}
    </div>
  );
}
