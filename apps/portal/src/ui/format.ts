const LOCALE = "en-GB";
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** 1,234,567 */
export function formatCount(value: number): string {
  return whole.format(value);
}

/** 1.2M; exact below ten thousand. */
export function formatCompact(value: number): string {
  return Math.abs(value) < 10_000 ? whole.format(value) : compact.format(value);
}

/** Rows per second: one digit below ten, whole numbers above. */
export function formatRate(value: number): string {
  if (value > 0 && value < 0.1) return "<0.1";
  return value < 10 ? oneDigit.format(value) : formatCompact(Math.round(value));
}

/** A share 0–1 as a percentage: 12%, 0.4%, <0.1%. */
export function formatShare(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  return `${percent < 10 ? oneDigit.format(percent) : whole.format(percent)}%`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Binary units: 1.5 MiB. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? whole.format(value) : oneDigit.format(value)} ${BYTE_UNITS[unit]}`;
}

/** Two largest units: 45 s, 3 min 20 s, 2 h 5 min, 4 d 3 h. Below ten seconds with one digit. */
export function formatDuration(seconds: number): string {
  if (seconds < 10) return `${oneDigit.format(Math.max(0, seconds))} s`;
  const total = Math.round(seconds);
  if (total < 60) return `${total} s`;
  if (total < 3_600) return pair(Math.floor(total / 60), "min", total % 60, "s");
  if (total < 86_400) return pair(Math.floor(total / 3_600), "h", Math.floor((total % 3_600) / 60), "min");
  return pair(Math.floor(total / 86_400), "d", Math.floor((total % 86_400) / 3_600), "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** One unit, for "… ago": 12 s, 4 min, 3 h, 5 d. */
export function formatAge(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  if (total < 60) return `${total} s`;
  if (total < 3_600) return `${Math.floor(total / 60)} min`;
  if (total < 2 * 86_400) return `${Math.floor(total / 3_600)} h`;
  return `${Math.floor(total / 86_400)} d`;
}

/** What is known in its format, else a dash. */
export function formatKnown<Value>(value: Value | null | undefined, format: (value: Value) => string): string {
  return value === null || value === undefined ? "–" : format(value);
}

/** The ends of a UUID, which tell one from others near it: 019a0b1c…4f2d. */
export function formatId(id: string): string {
  return `${id.slice(0, 8)}…${id.slice(-4)}`;
}

/** 1 row, 2 rows. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
