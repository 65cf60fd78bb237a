import type { CheckResultRow } from "@nova/db/read-models";
import type { TimePoint } from "@/ui/time-series-chart.tsx";

/** Results (newest first) as points in the order of time; a result that could not be judged is a gap. */
export function prepareCheckHistory(results: readonly CheckResultRow[]): TimePoint[] {
  return results.map((result) => ({ at: result.at.getTime(), values: { value: result.value } })).toReversed();
}
