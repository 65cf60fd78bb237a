"use client";

import type { FreshnessHistory } from "@nova/db/read-models";
import { formatShare } from "@/ui/format.ts";
import { StateStrip } from "@/ui/state-strip.tsx";
import { useTimeZone } from "@/ui/time.tsx";
import { formatClock } from "@/ui/timestamp.tsx";
import { describeStrip, prepareStrip } from "./prepare-freshness.ts";

/** Fresh, late or unknown over time, with the share of time it was fresh. */
export function FreshnessStrip({ history }: { readonly history: FreshnessHistory }) {
  const zone = useTimeZone();
  const first = history.buckets[0];
  return (
    <div>
      <StateStrip
        segments={prepareStrip(history.buckets, zone)}
        label={describeStrip(history.buckets, history.freshShare)}
      />
      <div className="num mt-1 flex flex-wrap justify-between gap-x-4 text-xs text-fg-muted">
        <span>{first === undefined ? "" : formatClock(first.at, zone, false)}</span>
        <span>
          {history.freshShare === null ? "no sample yet" : `fresh ${formatShare(history.freshShare)} of the time known`}
        </span>
        <span>now</span>
      </div>
    </div>
  );
}
