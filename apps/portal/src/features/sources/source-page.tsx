"use client";

import { useQuery } from "@tanstack/react-query";
import { type AskedAction, COMPARED_SOURCES, type SourceId, STEERED } from "@nova/pipeline-core/connectors";
import { useQueryStates } from "nuqs";
import { useCallback, useState } from "react";
import { SourceDrift } from "@/features/drift/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { useMay } from "@/features/profile/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { FLOW_CHARTS_HEIGHT, FlowCharts } from "./charts/flow-charts.tsx";
import { ComparisonsCard } from "./components/comparisons-card.tsx";
import { DiagnosisCard } from "./components/diagnosis-card.tsx";
import { FlowStats } from "./components/flow-stats.tsx";
import { QuarantineCard } from "./components/quarantine-card.tsx";
import { RefusalsCard } from "./components/refusals-card.tsx";
import { RequestsCard } from "./components/requests-card.tsx";
import { SourceStatus } from "./components/source-status.tsx";
import { SourceTroubleBanner } from "./components/source-trouble-banner.tsx";
import { type Steering, SteerDialog } from "./components/steer-dialog.tsx";
import { StreamsCard } from "./components/streams-card.tsx";
import { sourceSearchParsers } from "./source-search.ts";
import { SOURCE_COLOR, SOURCE_HOW } from "./source-words.ts";

const RANGE_CHOICES = [
  { value: "1h", label: "1 hour" },
  { value: "6h", label: "6 hours" },
  { value: "24h", label: "24 hours" },
] as const;

/** One source: state and flow, charts, streams, quarantine, drift. */
export function SourcePage({ source: id }: { readonly source: SourceId }) {
  const trpc = useTRPC();
  const [{ range }, setSearch] = useQueryStates(sourceSearchParsers, { history: "replace" });
  const source = useQuery(trpc.sources.one.queryOptions({ source: id }, { refetchInterval: 15_000 }));
  const chart = useQuery(trpc.sources.chart.queryOptions({ source: id, range }, { refetchInterval: 30_000 }));
  const streams = useQuery(trpc.sources.streams.queryOptions({ source: id }));
  const maySteer = useMay("sources.steer") && STEERED[id].length > 0;
  const mayReplay = useMay("quarantine.replay") && STEERED[id].includes("replay");
  const compared = COMPARED_SOURCES.some((each) => each === id);
  const [steering, setSteering] = useState<Steering | null>(null);
  const steer = useCallback(
    (stream: string | null, action: AskedAction) => setSteering({ source: id, stream, action }),
    [id],
  );
  return (
    <PageBody>
      <PageHeader
        up={{ href: paths.sources, label: "Sources" }}
        title={
          <>
            {SOURCE_LABEL[id]}
            {source.data === undefined || source.data === null ? null : <SourceStatus state={source.data.state} />}
          </>
        }
        lead={
          <>
            <span className="font-mono text-xs">{id}</span> · {SOURCE_HOW[id]}
            {source.data === undefined || source.data === null ? null : (
              <>
                {" "}
                · {source.data.state === "streaming" ? "streaming" : "in this state"}{" "}
                <Timestamp at={source.data.stateSince} show="since" />
              </>
            )}
          </>
        }
      />
      <QueryRegion query={source} what="the source" skeleton={<Skeleton height={90} />}>
        {(data) =>
          data === null ? (
            <EmptyState kind="not-started" title={`${SOURCE_LABEL[id]} is not known yet`} compact>
              The worker makes a source known when it starts. This page follows by itself.
            </EmptyState>
          ) : (
            <>
              <SourceTroubleBanner source={data} />
              {maySteer && data.state === "stopped" && data.errorKind === "slot-lost" ? (
                <Button kind="primary" onClick={() => steer(null, "resync")}>
                  Resync the source
                </Button>
              ) : null}
              <FlowStats source={data} />
            </>
          )
        }
      </QueryRegion>
      <Card
        title="Flow"
        flush
        aside={
          <SegmentedControl
            label="Range of the charts"
            value={range}
            choices={RANGE_CHOICES}
            onChange={(next) => void setSearch({ range: next })}
          />
        }
      >
        <QueryRegion query={chart} what="the flow" skeleton={<Skeleton height={FLOW_CHARTS_HEIGHT} />}>
          {(buckets) => <FlowCharts buckets={buckets} color={SOURCE_COLOR[id]} />}
        </QueryRegion>
      </Card>
      <StreamsCard query={streams} source={id} onSteer={maySteer ? steer : null} />
      {STEERED[id].length > 0 ? (
        <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
          {id === "orders_db" ? <DiagnosisCard source={id} /> : null}
          <div className={id === "orders_db" ? "flex flex-col gap-5" : "contents"}>
            <RequestsCard source={id} />
            {compared ? <ComparisonsCard source={id} /> : null}
          </div>
        </div>
      ) : null}
      {id === "app_logs" || id === "stripe" ? <RefusalsCard source={id} /> : null}
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <QuarantineCard
          source={id}
          onReplay={mayReplay ? ({ stream, why }) => setSteering({ source: id, stream, why, action: "replay" }) : null}
        />
        <SourceDrift source={id} newTables={source.data?.newTables} />
      </div>
      <SteerDialog steering={steering} onClose={() => setSteering(null)} />
    </PageBody>
  );
}
