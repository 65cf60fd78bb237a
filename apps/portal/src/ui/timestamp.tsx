"use client";

import { useMemo } from "react";
import { formatAge } from "./format.ts";
import { useNow, useTimeZone } from "./time.tsx";
import { Tooltip } from "./tooltip.tsx";

interface TimestampProps {
  readonly at: Date | null;
  /** Shown when there is no time. */
  readonly absent?: string;
  /** "relative" (default): 4 min ago · "since": since 14:03 (4 min) · "clock": 14:03:22 · "millis": 14:03:22.123 · "full": 23 Nov 2026, 14:03:22. */
  readonly show?: "relative" | "since" | "clock" | "millis" | "full";
}

/** The one way to show a time: the short form in the text, the absolute time with its zone on hover and focus. */
export function Timestamp({ at, absent = "never", show = "relative" }: TimestampProps) {
  const zone = useTimeZone();
  const full = useMemo(() => (at === null ? "" : formatAbsolute(at, zone)), [at, zone]);
  if (at === null) return <span className="text-fg-subtle">{absent}</span>;
  return (
    <Tooltip content={full}>
      <time
        dateTime={at.toISOString()}
        tabIndex={0}
        className="num rounded-sm whitespace-nowrap decoration-dotted underline-offset-4 hover:underline"
        suppressHydrationWarning
      >
        <TimeText at={at} show={show} zone={zone} full={full} />
      </time>
    </Tooltip>
  );
}

interface TimeTextProps {
  readonly at: Date;
  readonly show: NonNullable<TimestampProps["show"]>;
  readonly zone: string;
  readonly full: string;
}

/** Only texts that grow older follow the clock. */
function TimeText({ at, show, zone, full }: TimeTextProps) {
  switch (show) {
    case "relative":
      return <Ago at={at} />;
    case "since":
      return <Since at={at} zone={zone} />;
    case "clock":
      return <>{formatClock(at, zone)}</>;
    case "millis":
      return <>{`${formatClock(at, zone)}.${String(at.getUTCMilliseconds()).padStart(3, "0")}`}</>;
    case "full":
      return <>{full}</>;
  }
}

function Ago({ at }: { readonly at: Date }) {
  return <>{relativeText(at.getTime(), useNow())}</>;
}

function Since({ at, zone }: { readonly at: Date; readonly zone: string }) {
  return <>{sinceText(at, useNow(), zone)}</>;
}

/** "since 14:03 (4 min)"; "since 21 Nov (2 d)" when it is longer than a day. */
export function sinceText(at: Date, now: number, zone: string): string {
  const seconds = Math.max(0, (now - at.getTime()) / 1_000);
  const start = seconds < 86_400 ? formatClock(at, zone, false) : formatDay(at, zone);
  return `since ${start} (${formatAge(seconds)})`;
}

/** "just now", "12 s ago", "in 3 min". */
export function relativeText(at: number, now: number): string {
  const seconds = (now - at) / 1_000;
  if (Math.abs(seconds) < 1.5) return "just now";
  return seconds < 0 ? `in ${formatAge(-seconds)}` : `${formatAge(seconds)} ago`;
}

/** 23 Nov 2026, 14:03:22 GMT+1 */
export function formatAbsolute(at: Date, zone: string): string {
  return formatterOf("absolute", zone).format(at);
}

/** 14:03:22, or 14:03 without seconds. */
export function formatClock(at: Date, zone: string, seconds = true): string {
  return formatterOf(seconds ? "clock" : "minutes", zone).format(at);
}

/** From this span on, in milliseconds, a time of day alone would be ambiguous. */
export const DAYS_FROM = 36 * 60 * 60 * 1000;

/** A moment among others that span so many milliseconds: 14:03:22, or 23 Nov, 14:03. */
export function formatMoment(at: Date, zone: string, span: number): string {
  return span > DAYS_FROM ? `${formatDay(at, zone)}, ${formatClock(at, zone, false)}` : formatClock(at, zone);
}

/** Day and month, for axes that span days. */
export function formatDay(at: Date, zone: string): string {
  return formatterOf("day", zone).format(at);
}

const PARTS = {
  absolute: {
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    timeZoneName: "short",
  },
  clock: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  minutes: { hour: "2-digit", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** Making a formatter costs a hundred times what using it does, and a page has hundreds of times. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(kind: keyof typeof PARTS, zone: string): Intl.DateTimeFormat {
  const key = `${kind} ${zone}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...PARTS[kind] });
    formatters.set(key, formatter);
  }
  return formatter;
}
