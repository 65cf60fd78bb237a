import { Cron } from "croner";
import { z } from "zod";
import { DAY, HOUR, SECOND } from "../kernel/index.ts";

/** When a dataset is refreshed by the calendar: a cron expression of five parts, read by the wall clock of an IANA time zone. */
export interface Schedule {
  readonly cron: string;
  readonly zone: string;
}

/** Any moment does: it only asks whether an expression ever comes to pass. */
const SOME_MOMENT = new Date("2026-01-01T00:00:00Z");
const ZONE = /^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+)$/;
/** Ticks that are looked at for the longest wait between two of them; a week of hourly ones has fewer. */
const TICKS_LOOKED_AT = 200;

export const zoneSchema = z
  .string()
  .refine(isZone, "must be a time zone of the IANA database, e.g. Europe/Berlin or UTC");

/** The `schedule` of a model's header. */
export const scheduleSchema = z
  .strictObject({ cron: z.string(), zone: zoneSchema })
  .superRefine(({ cron, zone }, context) => {
    const complain = (message: string): void => context.addIssue({ code: "custom", path: ["cron"], message });
    if (/^\s*@/.test(cron)) return complain("must be five parts, e.g. 15 6 * * *; names like @daily are not taken");
    try {
      if (nextTick({ cron, zone: isZone(zone) ? zone : "UTC" }, SOME_MOMENT) === null)
        complain("never comes to pass, e.g. a 30th of February");
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^CronPattern: /, "") : String(error);
      complain(`must be five parts, minute hour day month weekday, e.g. 15 6 * * 1-5: ${reason}`);
    }
    return undefined;
  });

/** The first tick after `after`; null when there is none. */
export function nextTick(schedule: Schedule, after: Date): Date | null {
  return clockwork(schedule).nextRun(after);
}

export function nextTicks(schedule: Schedule, after: Date, count: number): Date[] {
  return clockwork(schedule).nextRuns(count, after);
}

/** The last tick later than `after` and not later than `until`; null when there is none. Earlier ones in between do not count. */
export function lastTick(schedule: Schedule, after: Date, until: Date): Date | null {
  // Ticks are whole seconds, and the search is for what lies before.
  const [tick] = clockwork(schedule).previousRuns(1, new Date(until.getTime() + SECOND - (until.getTime() % SECOND)));
  return tick !== undefined && tick > after && tick <= until ? tick : null;
}

/** How old a dataset gets by its schedule alone, in seconds: the longest wait between two ticks, and an hour for the run. */
export function scheduledLag(schedule: Schedule): number {
  const ticks = nextTicks(schedule, SOME_MOMENT, TICKS_LOOKED_AT);
  const waits = ticks.slice(1).map((tick, index) => tick.getTime() - (ticks[index]?.getTime() ?? 0));
  return (Math.max(waits.length === 0 ? 366 * DAY : 0, ...waits) + HOUR) / SECOND;
}

/** A moment by the wall clock of the zone, e.g. `2026-11-24 06:15`. */
export function wallClock(at: Date, zone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(at);
}

/**
 * Where clocks go forward, what names fixed times (no `*` or step in minute and hour) runs at the first moment after the gap;
 * where they go back, it runs the first time only. What goes by `*` or steps follows the hours that really pass.
 */
function clockwork({ cron, zone }: Schedule): Cron {
  return new Cron(cron, { timezone: zone, paused: true, mode: "5-part", fixedTimeRule: "no-wildcard" });
}

function isZone(zone: string): boolean {
  if (!ZONE.test(zone)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
