import { billedPrice, SCAN_BUDGET } from "../lakehouse/index.ts";
import { judgePace, type PaceVerdict } from "./judge-pace.ts";

/** The month so far against its budget, as screens and the command line show it. Dollars are numbers to be rounded, not to be added up. */
export interface MonthlyScans {
  readonly dollars: number;
  readonly budgetDollars: number;
  readonly projectedDollars: number;
  readonly verdict: PaceVerdict;
  readonly reachedOn: Date | null;
}

const MICRO = 1e6;

export function scanDollars(billedBytes: number): number {
  return billedPrice(billedBytes) / MICRO;
}

/** Judges the calendar month (UTC) that `now` lies in. */
export function monthlyScans(
  now: Date,
  month: { readonly billedBytes: number; readonly since: Date | null },
): MonthlyScans {
  const spent = billedPrice(month.billedBytes);
  const budgetDollars = SCAN_BUDGET.dollarsPerMonth;
  const { verdict, projected, reachedOn } = judgePace({
    now,
    spent,
    budget: budgetDollars * MICRO,
    since: month.since,
  });
  return { dollars: spent / MICRO, budgetDollars, projectedDollars: projected / MICRO, verdict, reachedOn };
}

/** The word on the month, for people. Dates are days in UTC. */
export function monthText({ dollars, budgetDollars, projectedDollars, verdict, reachedOn }: MonthlyScans): string {
  const spent = `${dollarText(dollars)} so far this month`;
  switch (verdict) {
    case "over":
      return `${spent}: more than the budget of ${dollarText(budgetDollars)}`;
    case "over-pace":
      return `${spent}; at this pace ${dollarText(projectedDollars)}, more than the budget of ${dollarText(budgetDollars)}, which is used up on ${reachedOn?.toISOString().slice(0, 10) ?? "its last day"}`;
    case "within":
      return `${spent}; at this pace ${dollarText(projectedDollars)} of the budget of ${dollarText(budgetDollars)}`;
  }
}

/** `$1,234.50`; below a cent as many places as it takes: `$0.0002`. */
export function dollarText(dollars: number): string {
  const places = dollars === 0 || dollars >= 0.01 ? 2 : 4;
  if (dollars > 0 && dollars < 0.0001) return "< $0.0001";
  return `$${dollars.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places })}`;
}
