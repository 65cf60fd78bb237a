"use client";

import { useQuery } from "@tanstack/react-query";
import type { DatasetPartitions } from "@nova/db/read-models";
import type { BackfillOptions } from "@nova/pipeline-core/catalog";
import {
  type BackfillScope,
  countDays,
  dayNumber,
  dayOf,
  type DayRange,
  intersectRanges,
  PARTITION_STATES,
  type PartitionState,
} from "@nova/pipeline-core/orchestration";
import { useState } from "react";
import { useMay } from "@/features/profile/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCount, plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { PARTITION_STATE_WORDS } from "../backfill-words.ts";
import { PartitionBar } from "../charts/partition-bar.tsx";
import { BackfillDialog } from "./backfill-dialog.tsx";
import { LandingCard } from "./landing-card.tsx";
import { OtherParameters } from "./other-parameters.tsx";
import { WaitingDays } from "./waiting-days.tsx";

const WORST: readonly PartitionState[] = ["failed", "missing", "running", "queued", "empty", "present"];
/** Spans that the table shows. */
const LISTED = 200;

interface PartitionsTabProps {
  readonly dataset: string;
  /** False for a dataset that is not cut into days. */
  readonly byDay: boolean;
  /** What its model says of backfills; null for a dataset without one. */
  readonly options: BackfillOptions | null;
}

/** A dataset's days, and how long after its end the data of each run landed. */
export function PartitionsTab(props: PartitionsTabProps) {
  return (
    <div className="flex flex-col gap-4">
      <Partitions {...props} />
      {props.dataset.startsWith("raw.") ? null : <LandingCard dataset={props.dataset} />}
    </div>
  );
}

/** Which days have rows, which are missing or failed; drag over them to do them again. */
function Partitions({ dataset, byDay, options }: PartitionsTabProps) {
  const trpc = useTRPC();
  const partitions = useQuery(trpc.backfills.partitions.queryOptions({ dataset }, { enabled: byDay }));
  if (!byDay)
    return (
      <EmptyState kind="none-yet" title="This dataset is one whole">
        It is not cut into days. A backfill does all of it again.
      </EmptyState>
    );
  return (
    <QueryRegion query={partitions} what="the partitions" skeleton={<Skeleton height={260} />}>
      {(data) =>
        data === null || data.spans.length === 0 ? (
          <EmptyState kind="not-started" title="No partition is known yet">
            The worker looks at the days of a dataset within minutes of its first rows. This page follows by itself.
          </EmptyState>
        ) : (
          <Days dataset={dataset} options={options} partitions={data} />
        )
      }
    </QueryRegion>
  );
}

interface DaysProps extends Pick<PartitionsTabProps, "dataset" | "options"> {
  readonly partitions: DatasetPartitions;
}

function Days({ dataset, options, partitions }: DaysProps) {
  const { spans, surveyedAt } = partitions;
  const allowed = useMay("backfills.run");
  const [range, setRange] = useState<DayRange | null>(null);
  const [open, setOpen] = useState(false);
  const [scope, setScope] = useState<BackfillScope>();
  const compute = (days: DayRange): void => {
    setRange({ from: days.from, to: days.to });
    setScope("all");
    setOpen(true);
  };
  const all = { from: spans[0]?.from ?? "", to: spans.at(-1)?.to ?? "" };
  const last = (days: number): DayRange => ({
    from: dayOf(Math.max(dayNumber(all.from), dayNumber(all.to) - days + 1)),
    to: all.to,
  });
  return (
    <Card
      title="Days"
      aside={
        <>
          UTC, as of <Timestamp at={surveyedAt} />
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs">
          {PARTITION_STATES.map((state) => ({ state, days: daysIn(spans, state, all) }))
            .filter(({ days }) => days > 0)
            .map(({ state, days }) => (
              <li key={state} className="flex items-center gap-1.5">
                <StatusText {...PARTITION_STATE_WORDS[state]} />
                <span className="num text-fg-muted">{formatCount(days)}</span>
              </li>
            ))}
        </ul>
        <PartitionBar
          label={`${plural(countDays([all]), "day")} of ${dataset}, ${formatCount(daysIn(spans, "missing", all))} missing, ${formatCount(daysIn(spans, "failed", all))} failed`}
          spans={spans}
          words={PARTITION_STATE_WORDS}
          worst={WORST}
          selection={range}
          onSelect={setRange}
        />
        <div className="flex flex-wrap items-center gap-2">
          <Button size="sm" onClick={() => setRange(last(7))}>
            Last 7 days
          </Button>
          <Button size="sm" onClick={() => setRange(last(30))}>
            Last 30 days
          </Button>
          <Button size="sm" onClick={() => setRange(all)}>
            All days
          </Button>
          {range === null ? null : (
            <Button size="sm" kind="ghost" onClick={() => setRange(null)}>
              Clear
            </Button>
          )}
          <p role="status" className="text-sm text-fg-muted">
            {range === null
              ? "Drag over the bar to choose days, or begin with one of these."
              : `${range.from} to ${range.to}: ${plural(countDays([range]), "day")}, ${formatCount(daysIn(spans, "missing", range))} missing, ${formatCount(daysIn(spans, "failed", range))} failed`}
          </p>
          <div className="ml-auto">
            <Button
              size="sm"
              kind="primary"
              disabledReason={allowed ? null : "Only data and platform engineers may do this."}
              onClick={() => {
                setScope(undefined);
                setOpen(true);
              }}
            >
              {range === null ? "Backfill…" : "Backfill these days…"}
            </Button>
          </div>
        </div>
        <WaitingDays dataset={dataset} />
        <OtherParameters marked={partitions.marked} onChoose={compute} />
        <SpansTable spans={spans} />
      </div>
      <BackfillDialog
        dataset={dataset}
        byDay
        options={options}
        open={open}
        onOpenChange={setOpen}
        range={range}
        {...(scope === undefined ? {} : { scope })}
      />
    </Card>
  );
}

function daysIn(spans: DatasetPartitions["spans"], state: PartitionState, within: DayRange): number {
  return countDays(
    intersectRanges(
      spans.filter((span) => span.state === state),
      [within],
    ),
  );
}

function SpansTable({ spans }: { readonly spans: DatasetPartitions["spans"] }) {
  const [shown, setShown] = useState(false);
  if (!shown)
    return (
      <div>
        <Button size="sm" kind="ghost" onClick={() => setShown(true)}>
          Show data
        </Button>
      </div>
    );
  const newest = spans.toReversed().slice(0, LISTED);
  return (
    <div role="region" aria-label="Days, table" tabIndex={0} className="max-h-80 overflow-auto">
      <table aria-label="Days" className="w-full text-left text-sm">
        <thead className="text-xs text-fg-muted">
          <tr>
            <th scope="col" className="py-1 pr-3 font-medium">
              Days
            </th>
            <th scope="col" className="py-1 pr-3 font-medium">
              State
            </th>
            <th scope="col" className="py-1 text-right font-medium">
              Rows
            </th>
          </tr>
        </thead>
        <tbody>
          {newest.map((span) => (
            <tr key={span.from} className="border-t border-line">
              <td className="num py-1 pr-3">{span.from === span.to ? span.from : `${span.from} to ${span.to}`}</td>
              <td className="py-1 pr-3">
                <StatusText {...PARTITION_STATE_WORDS[span.state]} />
              </td>
              <td className="num py-1 text-right">{formatCount(span.rows)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
