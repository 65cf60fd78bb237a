import type { FreshnessBucket } from "@nova/db/read-models";
import { FRESHNESS_WORDS } from "@/features/health/index.ts";
import { formatDuration } from "@/ui/format.ts";
import type { StripSegment } from "@/ui/state-strip.tsx";
import type { TimePoint } from "@/ui/time-series-chart.tsx";
import { formatClock } from "@/ui/timestamp.tsx";

/** One segment per bucket; without a sample it stays empty. */
export function prepareStrip(buckets: readonly FreshnessBucket[], zone: string): StripSegment[] {
  return buckets.map((bucket) => {
    const at = bucket.at.getTime();
    const clock = formatClock(bucket.at, zone, false);
    if (bucket.state === null) return { key: at, tone: null, label: `${clock}, no sample` };
    const { tone, label } = FRESHNESS_WORDS[bucket.state];
    const age = bucket.ageSeconds === null ? "" : `, up to ${formatDuration(bucket.ageSeconds)} old`;
    return { key: at, tone, label: `${clock}, ${label.toLowerCase()}${age}` };
  });
}

/** The strip in one sentence. */
export function describeStrip(buckets: readonly FreshnessBucket[], freshShare: number | null): string {
  const late = buckets.filter((bucket) => bucket.state === "late").length;
  const unknown = buckets.filter((bucket) => bucket.state === null || bucket.state === "unknown").length;
  if (freshShare === null) return "Freshness over time: no sample yet";
  return `Freshness over time: fresh ${Math.round(freshShare * 1_000) / 10} % of the time known, late in ${late} of ${buckets.length} intervals, unknown in ${unknown}`;
}

/** The age of the data over time, as the chart draws it. */
export function prepareAge(buckets: readonly FreshnessBucket[]): TimePoint[] {
  return buckets.map((bucket) => ({ at: bucket.at.getTime(), values: { age: bucket.ageSeconds } }));
}
