import { createLoader, createParser, parseAsBoolean, parseAsString, parseAsStringLiteral } from "nuqs/server";
import { TRIGGERS } from "@nova/pipeline-core/orchestration";
import { isRunCursor } from "./run-cursor.ts";
import { RUN_TABS, type RunTab } from "./run-tabs.ts";

export const STARTED_RANGES = ["1h", "24h", "7d", "30d"] as const;
export type StartedRange = (typeof STARTED_RANGES)[number];
const RANGE_MILLIS: Record<StartedRange, number> = {
  "1h": 3_600_000,
  "24h": 86_400_000,
  "7d": 7 * 86_400_000,
  "30d": 30 * 86_400_000,
};

/** A moment to the minute, in UTC: 2026-11-23T14:30Z. */
const parseAsMinute = createParser<Date>({
  parse(text) {
    if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z$/.test(text)) return null;
    const at = new Date(text);
    return Number.isNaN(at.getTime()) ? null : at;
  },
  serialize: (at) => `${at.toISOString().slice(0, 16)}Z`,
  eq: (a, b) => a.getTime() === b.getTime(),
});

/** `12s`, `5m`, `2h`: longer than this. */
const parseAsSeconds = createParser<number>({
  parse(text) {
    const [, amount = "", unit = ""] = /^(\d{1,6})(s|m|h)$/.exec(text) ?? [];
    return amount === "" ? null : Number(amount) * (unit === "h" ? 3_600 : unit === "m" ? 60 : 1);
  },
  serialize: (seconds) =>
    seconds % 3_600 === 0 ? `${seconds / 3_600}h` : seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`,
});

/** A place in the list: `older~<cursor>` or `newer~<cursor>`. */
const parseAsPlace = createParser<RunsPlace>({
  parse(text) {
    const [, direction = "", cursor = ""] = /^(older|newer)~(.+)$/.exec(text) ?? [];
    return (direction === "older" || direction === "newer") && isRunCursor(cursor) ? { direction, cursor } : null;
  },
  serialize: ({ direction, cursor }) => `${direction}~${cursor}`,
  eq: (a, b) => a.cursor === b.cursor && a.direction === b.direction,
});

export interface RunsPlace {
  readonly direction: "older" | "newer";
  readonly cursor: string;
}

/** What the address of the runs list says. `from`/`to` are read only when `started` is not given. */
export const runsSearchParsers = {
  state: parseAsStringLiteral(RUN_TABS).withDefault("all"),
  pipeline: parseAsString,
  trigger: parseAsStringLiteral(TRIGGERS),
  dataset: parseAsString.withDefault(""),
  started: parseAsStringLiteral(STARTED_RANGES),
  from: parseAsMinute,
  to: parseAsMinute,
  over: parseAsSeconds,
  /** Who asked for it: an e-mail, or `platform`. */
  by: parseAsString,
  /** Runs inside backfills stand for themselves. */
  inside: parseAsBoolean.withDefault(false),
  at: parseAsPlace,
} as const;

export const loadRunsSearch = createLoader(runsSearchParsers);
export type RunsSearch = Awaited<ReturnType<typeof loadRunsSearch>>;

/** The filter as the procedures take it. A range in the past reaches to the minute, so that server and browser ask alike. */
export function runsFilter(search: RunsSearch, now: number) {
  const { pipeline, trigger, dataset, started, from, to, over, by } = search;
  const minute = Math.floor(now / 60_000) * 60_000;
  return {
    pipeline,
    trigger,
    dataset,
    startedFrom: started === null ? from : new Date(minute - RANGE_MILLIS[started]),
    startedTo: started === null ? to : null,
    longerThanSeconds: over,
    launchedBy: by,
  };
}

export function runsPageInput(
  search: RunsSearch,
  now: number,
): ReturnType<typeof runsFilter> & {
  tab: RunTab;
  inside: boolean;
  at: RunsPlace | null;
} {
  return { ...runsFilter(search, now), tab: search.state, inside: search.inside, at: search.at };
}

/** Whether anything but the tab narrows the list. */
export function isFiltered({ pipeline, trigger, dataset, started, from, to, over, by }: RunsSearch): boolean {
  return [pipeline, trigger, started, from, to, over, by].some((value) => value !== null) || dataset !== "";
}

export const NO_FILTER = {
  pipeline: null,
  trigger: null,
  dataset: null,
  started: null,
  from: null,
  to: null,
  over: null,
  by: null,
  at: null,
} as const;
