"use client";

import { useQuery } from "@tanstack/react-query";
import { judgeSlot, type SourceId, type AskedAction } from "@nova/pipeline-core/connectors";
import type { SourceFlow } from "@nova/db/read-models";
import Link from "next/link";
import { useQueryStates } from "nuqs";
import { useCallback, useState } from "react";
import { SourceDrift } from "@/features/drift/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { useMay } from "@/features/profile/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card, Stat, StatRow } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatBytes, formatCompact, formatCount, formatDuration, formatRate } from "@/ui/format.ts";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { FLOW_CHARTS_HEIGHT, FlowCharts } from "./charts/flow-charts.tsx";
import { ComparisonsCard } from "./components/comparisons-card.tsx";
import { DiagnosisCard } from "./components/diagnosis-card.tsx";
import { QuarantineCard } from "./components/quarantine-card.tsx";
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
  const maySteer = useMay("sources.steer") && id === "orders_db";
  const mayReplay = useMay("quarantine.replay") && id === "orders_db";
  const [steering, setSteering] = useState<Steering | null>(null);
  const steer = useCallback(
    (stream: string | null, action: AskedAction) => setSteering({ source: id, stream, action }),
    [id],
  );
  return (
    <PageBody>
      <PageHeader
        above={
          <Link href={paths.sources} className="hover:text-fg hover:underline">
            Sources
          </Link>
        }
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
      <StreamsCard query={streams} onSteer={maySteer ? steer : null} />
      {id === "orders_db" ? (
        <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
          <DiagnosisCard source={id} />
          <div className="flex flex-col gap-5">
            <RequestsCard source={id} />
            <ComparisonsCard source={id} />
          </div>
        </div>
      ) : null}
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-2">
        <QuarantineCard source={id} onReplay={mayReplay ? (stream) => steer(stream, "replay") : null} />
        <SourceDrift source={id} newTables={source.data?.newTables} />
      </div>
      <SteerDialog steering={steering} onClose={() => setSteering(null)} />
    </PageBody>
  );
}

function FlowStats({ source }: { readonly source: SourceFlow }) {
  return (
    <StatRow label="Flow now">
      <Stat label="Rows per second" value={formatRate(source.rowsPerSecond)} note="over the last minute" />
      <Stat
        label="Lag"
        value={source.lagSeconds === null ? "unknown" : formatDuration(source.lagSeconds)}
        note={source.lagBytes === null ? "newest change to committed" : `${formatBytes(source.lagBytes)} waiting`}
      />
      <KeptLog source={source} />
      <Stat
        label="Last event"
        value={<Timestamp at={source.lastEventAt} absent="none yet" />}
        note={
          <>
            data through <Timestamp at={source.dataThrough} absent="not known" />
          </>
        }
      />
      <Stat
        label="Errors, last hour"
        value={formatCount(source.errorsLastHour)}
        note={`${formatCompact(source.errorCount)} all time`}
        tone={source.errorsLastHour > 0 ? "bad" : undefined}
      />
      <Stat
        label="In quarantine"
        value={formatCount(source.quarantined)}
        note="last 24 hours"
        tone={source.quarantined > 0 ? "warn" : undefined}
      />
      <Stat label="Taken in" value={formatCompact(source.totalRows)} note={`rows, ${formatBytes(source.totalBytes)}`} />
    </StatRow>
  );
}

/** Log that the source keeps on its disk for us; nothing where there is no such thing. */
function KeptLog({ source }: { readonly source: SourceFlow }) {
  const verdict = judgeSlot(source.retainedBytes, source.slotState);
  if (verdict === null) return null;
  const tone = { ok: undefined, warning: "warn", wrong: "bad" } as const;
  return (
    <Stat
      label="Log kept for us"
      value={source.retainedBytes === null ? "unknown" : formatBytes(source.retainedBytes)}
      note={`slot ${source.slotState ?? "unknown"}`}
      tone={tone[verdict]}
    />
  );
}
