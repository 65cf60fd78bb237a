import { DAY } from "../kernel/index.ts";

/** `over`: more is spent than the month may cost; `over-pace`: it will be, if it goes on like this. */
export type PaceVerdict = "within" | "over-pace" | "over";

export interface Pace {
  readonly verdict: PaceVerdict;
  /** What the whole month comes to at this pace, in millionths of a dollar. */
  readonly projected: number;
  /** The day (UTC) on which the budget is used up at this pace; null while that is not in this month. */
  readonly reachedOn: Date | null;
}

export interface MonthSoFar {
  readonly now: Date;
  /** Millionths of a dollar, as `budget`. */
  readonly spent: number;
  readonly budget: number;
  /** The first day that anything was charged; null: nothing was yet. */
  readonly since: Date | null;
}

/** A pace needs this much time to be one: an hour of a first load says nothing of a month. */
const LEAST_WINDOW = DAY;

/** First moment of the calendar month (UTC) that `at` lies in; `more` months later. */
export function monthStart(at: Date, more = 0): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + more, 1));
}

/** Goes on until the end of the month as it went since the month, or the charging, began. */
export function judgePace({ now, spent, budget, since }: MonthSoFar): Pace {
  const begun = Math.max(monthStart(now).getTime(), since?.getTime() ?? 0);
  const perMilli = spent / Math.max(now.getTime() - begun, LEAST_WINDOW);
  const left = monthStart(now, 1).getTime() - now.getTime();
  const projected = Math.round(spent + perMilli * left);
  if (spent > budget) return { verdict: "over", projected, reachedOn: null };
  if (projected <= budget) return { verdict: "within", projected, reachedOn: null };
  const reached = new Date(now.getTime() + (budget - spent) / perMilli);
  return { verdict: "over-pace", projected, reachedOn: reached };
}
