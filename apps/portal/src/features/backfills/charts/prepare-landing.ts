import type { Landing } from "@nova/db/read-models";
import type { TimePoint } from "@/ui/time-series-chart.tsx";

/** Spans as points of a chart. A single one is drawn over the length of its span, so that it can be seen. */
export function prepareLanding({ points, spanSeconds }: Landing): TimePoint[] {
  const drawn = points.map(({ at, medianSeconds, worstSeconds }) => ({
    at: at.getTime(),
    values: { median: medianSeconds, worst: worstSeconds },
  }));
  const [only] = drawn;
  return only !== undefined && drawn.length === 1 ? [only, { ...only, at: only.at + spanSeconds * 1_000 }] : drawn;
}
