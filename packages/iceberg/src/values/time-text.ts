const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of DuckDB's date text, BC years included; null for ±infinity. */
export function dateFromText(text: string): bigint | null {
  const match = /^(\d{4,})-(\d{2})-(\d{2})( \(BC\))?$/.exec(text.trim());
  if (!match) return null;
  const year = match[4] ? 1 - Number(match[1]) : Number(match[1]);
  const at = new Date(0);
  at.setUTCFullYear(year, Number(match[2]) - 1, Number(match[3]));
  const days = at.getTime() / DAY_MS;
  return Number.isInteger(days) ? BigInt(days) : null;
}

/** Microseconds since midnight of DuckDB's time text. */
export function timeFromText(text: string): bigint | null {
  const match = /^(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?$/.exec(text.trim());
  if (!match) return null;
  const seconds = Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
  return BigInt(seconds) * 1_000_000n + BigInt((match[4] ?? "").padEnd(6, "0"));
}

/** Microseconds since the epoch of DuckDB's timestamp text, with or without an offset; null for ±infinity. */
export function timestampFromText(text: string): bigint | null {
  const match =
    /^(\d{4,}-\d{2}-\d{2})( \(BC\))?[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)( \(BC\))?\s*(Z|[+-]\d{2}(?::?\d{2})?(?::?\d{2})?)?( \(BC\))?$/.exec(
      text.trim(),
    );
  if (!match) return null;
  const days = dateFromText(match[1] + (match[2] ?? match[4] ?? match[6] ?? ""));
  const time = timeFromText(match[3] as string);
  if (days === null || time === null) return null;
  return days * BigInt(DAY_MS) * 1000n + time - offsetMicros(match[5]);
}

function offsetMicros(offset: string | undefined): bigint {
  if (!offset || offset === "Z") return 0n;
  const digits = offset.slice(1).replaceAll(":", "").padEnd(6, "0");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60 + Number(digits.slice(4, 6));
  return BigInt(offset.startsWith("-") ? -seconds : seconds) * 1_000_000n;
}
