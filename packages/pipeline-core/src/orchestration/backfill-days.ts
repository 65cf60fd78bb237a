import { z } from "zod";
import { DAY } from "../kernel/index.ts";

/** A UTC day, `YYYY-MM-DD`. */
export type Day = string;

/** Days from `from` to `to`, both included. */
export interface DayRange {
  readonly from: Day;
  readonly to: Day;
}

/**
 * Days of partitions are UTC days: each has 24 hours, so no change of clocks makes one that is missing or there twice. A day
 * that the calendar does not have is refused.
 */
export const daySchema = z.iso.date("must be a day that the calendar has, as YYYY-MM-DD (UTC)");

export const dayRangeSchema = z
  .strictObject({ from: daySchema, to: daySchema })
  .refine(({ from, to }) => from <= to, "must not end before it begins");

/** Days since 1970-01-01. */
export function dayNumber(day: Day): number {
  return Math.round(Date.parse(`${day}T00:00:00Z`) / DAY);
}

export function dayOf(number: number): Day {
  return new Date(number * DAY).toISOString().slice(0, 10);
}

/** The UTC day of a moment. */
export function dayAt(at: Date): Day {
  return at.toISOString().slice(0, 10);
}

export function countDays(ranges: readonly DayRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + dayNumber(to) - dayNumber(from) + 1, 0);
}

/** The same days as ranges in order that neither touch nor overlap. */
export function joinRanges(ranges: readonly DayRange[]): DayRange[] {
  const joined: { from: number; to: number }[] = [];
  const spans = ranges.map(({ from, to }) => ({ from: dayNumber(from), to: dayNumber(to) }));
  for (const span of spans.toSorted((left, right) => left.from - right.from)) {
    const last = joined.at(-1);
    if (last !== undefined && span.from <= last.to + 1) last.to = Math.max(last.to, span.to);
    else joined.push(span);
  }
  return joined.map(({ from, to }) => ({ from: dayOf(from), to: dayOf(to) }));
}

/** Days that are in both. */
export function intersectRanges(left: readonly DayRange[], right: readonly DayRange[]): DayRange[] {
  const [mine, theirs] = [joinRanges(left), joinRanges(right)];
  const both: DayRange[] = [];
  for (let i = 0, j = 0; i < mine.length && j < theirs.length;) {
    const [one, other] = [mine[i] as DayRange, theirs[j] as DayRange];
    const from = one.from > other.from ? one.from : other.from;
    const to = one.to < other.to ? one.to : other.to;
    if (from <= to) both.push({ from, to });
    if (one.to < other.to) i += 1;
    else j += 1;
  }
  return both;
}

/** Days of `ranges` that are not in `without`. */
export function subtractRanges(ranges: readonly DayRange[], without: readonly DayRange[]): DayRange[] {
  let rest = joinRanges(ranges);
  const [first] = rest;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return rest;
  const gaps: DayRange[] = [];
  let next = dayNumber(first.from);
  for (const { from, to } of joinRanges(without)) {
    if (dayNumber(from) > next) gaps.push({ from: dayOf(next), to: dayOf(dayNumber(from) - 1) });
    next = Math.max(next, dayNumber(to) + 1);
  }
  if (next <= dayNumber(last.to)) gaps.push({ from: dayOf(next), to: last.to });
  rest = intersectRanges(rest, gaps);
  return rest;
}

/** Ranges of at most `size` days each, in order; a range never spans a gap. */
export function chunkRanges(ranges: readonly DayRange[], size: number): DayRange[] {
  const chunks: DayRange[] = [];
  for (const range of joinRanges(ranges)) {
    const end = dayNumber(range.to);
    for (let from = dayNumber(range.from); from <= end; from += size)
      chunks.push({ from: dayOf(from), to: dayOf(Math.min(end, from + size - 1)) });
  }
  return chunks;
}

export function daysOf(ranges: readonly DayRange[]): Day[] {
  return chunkRanges(ranges, 1).map(({ from }) => from);
}

/** Single days as ranges. */
export function rangesOf(days: readonly Day[]): DayRange[] {
  return joinRanges(days.map((day) => ({ from: day, to: day })));
}

/** `2026-11-01…2026-11-03, 2026-11-09`. */
export function rangesText(ranges: readonly DayRange[]): string {
  return ranges.map(({ from, to }) => (from === to ? from : `${from}…${to}`)).join(", ");
}
