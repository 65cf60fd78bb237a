import { parseAsArrayOf, parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs/server";

export const TIMELINE_VIEWS = ["timeline", "table"] as const;
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

/** What the address of a run's page says. */
export const runSearchParsers = {
  view: parseAsStringLiteral(TIMELINE_VIEWS).withDefault("timeline"),
  /** Whether skipped steps are drawn; null = as the number of steps suggests. */
  skipped: parseAsBoolean,
  /** The dataset whose log lines are shown. */
  step: parseAsString,
  text: parseAsString.withDefault(""),
  level: parseAsArrayOf(parseAsStringLiteral(LOG_LEVELS)).withDefault([]),
  /** The log line that a link points at. */
  line: parseAsInteger,
} as const;

/** The id, or null when the text cannot be one. */
export function parseRunId(text: string): string | null {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : null;
}
