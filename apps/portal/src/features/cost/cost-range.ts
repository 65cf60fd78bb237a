import { monthStart } from "@nova/pipeline-core/cost";
import { DAY } from "@nova/pipeline-core/kernel";

export const COST_RANGES = ["month", "last-month", "7d", "30d", "90d"] as const;
export type CostRange = (typeof COST_RANGES)[number];

const day = (at: Date): string => at.toISOString().slice(0, 10);

/** First and last UTC day of a range that ends today, or with the last month. */
export function daysOfRange(range: CostRange, now: Date): { readonly from: string; readonly to: string } {
  switch (range) {
    case "month":
      return { from: day(monthStart(now)), to: day(now) };
    case "last-month":
      return { from: day(monthStart(now, -1)), to: day(new Date(monthStart(now).getTime() - DAY)) };
    case "7d":
    case "30d":
    case "90d":
      return { from: day(new Date(now.getTime() - (Number.parseInt(range, 10) - 1) * DAY)), to: day(now) };
  }
}
