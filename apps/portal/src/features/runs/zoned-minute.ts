import { TZDate } from "@date-fns/tz";

/** A moment as `<input type="datetime-local">` wants it, in the reader's zone: 2026-11-23T14:30. */
export function toZonedMinute(at: Date, zone: string): string {
  return new TZDate(at.getTime(), zone).toISOString().slice(0, 16);
}

/** The moment that such a text means in the reader's zone; null when it is none. */
export function fromZonedMinute(text: string, zone: string): Date | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})/.exec(text)?.slice(1).map(Number);
  if (parts === undefined) return null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0] = parts;
  const at = new TZDate(year, month - 1, day, hour, minute, 0, 0, zone);
  return Number.isNaN(at.getTime()) ? null : new Date(at.getTime());
}
