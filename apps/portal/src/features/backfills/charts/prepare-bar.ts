import { type Day, dayNumber, dayOf, type DayRange } from "@nova/pipeline-core/orchestration";

export interface BarSpan<State extends string> extends DayRange {
  readonly state: State;
}

/** A rectangle of the bar, in days from its begin. */
export interface BarSegment<State extends string> {
  readonly x: number;
  readonly width: number;
  readonly state: State;
  /** Days it stands for, in words. */
  readonly days: string;
}

/** Rectangles that a bar draws at most; beyond it neighbours share one, in the state that needs a person most. */
export const MOST_SEGMENTS = 400;

/**
 * Spans of days as rectangles: as many as there are changes of state, however many days there are. `worst` lists the states,
 * the one that needs a person most first.
 */
export function prepareBar<State extends string>(
  spans: readonly BarSpan<State>[],
  worst: readonly State[],
): { readonly days: number; readonly first: Day; readonly segments: readonly BarSegment<State>[] } | null {
  const [begin] = spans;
  const end = spans.at(-1);
  if (begin === undefined || end === undefined) return null;
  const first = dayNumber(begin.from);
  const days = dayNumber(end.to) - first + 1;
  const bucket = spans.length > MOST_SEGMENTS ? Math.ceil(spans.length / MOST_SEGMENTS) : 1;
  const segments: BarSegment<State>[] = [];
  for (let at = 0; at < spans.length; at += bucket) {
    const group = spans.slice(at, at + bucket);
    const from = group[0]?.from ?? begin.from;
    const to = group.at(-1)?.to ?? end.to;
    const state = worst.find((one) => group.some((span) => span.state === one)) ?? begin.state;
    segments.push({
      x: dayNumber(from) - first,
      width: dayNumber(to) - dayNumber(from) + 1,
      state,
      days: from === to ? from : `${from} to ${to}`,
    });
  }
  return { days, first: begin.from, segments };
}

/** The day under a place of the bar; `share` 0–1 from left to right. */
export function dayAtShare(share: number, first: Day, days: number): Day {
  return dayOf(dayNumber(first) + Math.min(days - 1, Math.max(0, Math.floor(share * days))));
}

export function rangeBetween(one: Day, other: Day): DayRange {
  return one <= other ? { from: one, to: other } : { from: other, to: one };
}
