import type { FlowBucket } from "@nova/db/read-models";
import type { TimePoint } from "@/ui/time-series-chart.tsx";

export interface FlowCharts {
  readonly rate: readonly TimePoint[];
  readonly lagSeconds: readonly TimePoint[];
  /** Null when the source never tells how many bytes wait. */
  readonly lagBytes: readonly TimePoint[] | null;
  /** No bucket holds a sample. */
  readonly empty: boolean;
}

/** Turns buckets into the points of the three charts; a bucket without a sample stays a gap. */
export function prepareFlow(buckets: readonly FlowBucket[]): FlowCharts {
  const points = (pick: (bucket: FlowBucket) => number | null): TimePoint[] =>
    buckets.map((bucket) => ({ at: bucket.at.getTime(), values: { value: pick(bucket) } }));
  return {
    rate: points((bucket) => bucket.rowsPerSecond),
    lagSeconds: points((bucket) => bucket.lagSeconds),
    lagBytes: buckets.some((bucket) => bucket.lagBytes !== null) ? points((bucket) => bucket.lagBytes) : null,
    empty: buckets.every((bucket) => bucket.rowsPerSecond === null),
  };
}
