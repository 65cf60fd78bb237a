import { scanDollars } from "@nova/pipeline-core/cost";
import { DAY, HOUR } from "@nova/pipeline-core/kernel";
import type { TimePoint } from "@/ui/time-series-chart.tsx";

interface ChargedDay {
  /** `2026-11-23`, UTC. */
  readonly day: string;
  readonly billedBytes: number;
}

/** A point for every day of the range, dollars of all kinds together; a day without a scan cost nothing. Points stand at noon in UTC, so that they are the same day in nearly every zone. */
export function prepareCostDays(days: readonly ChargedDay[], from: string, to: string): TimePoint[] {
  const billed = new Map<string, number>();
  for (const { day, billedBytes } of days) billed.set(day, (billed.get(day) ?? 0) + billedBytes);
  const points: TimePoint[] = [];
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`); at += DAY) {
    const day = new Date(at).toISOString().slice(0, 10);
    points.push({ at: at + 12 * HOUR, values: { dollars: scanDollars(billed.get(day) ?? 0) } });
  }
  return points;
}
