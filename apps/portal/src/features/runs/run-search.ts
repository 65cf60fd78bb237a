import { DIFF_BASES } from "@nova/pipeline-core/orchestration";
import { parseAsArrayOf, parseAsBoolean, parseAsInteger, parseAsString, parseAsStringLiteral } from "nuqs/server";

export const TIMELINE_VIEWS = ["timeline", "table", "compare"] as const;
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

/** What the address of a run's page says. */
export const runSearchParsers = {
  view: parseAsStringLiteral(TIMELINE_VIEWS).withDefault("timeline"),
  /** The dataset whose data is compared, beside which rows, and whether its rows were asked for. */
  data: parseAsString,
  against: parseAsStringLiteral(DIFF_BASES).withDefault("last-good"),
  rows: parseAsBoolean.withDefault(false),
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
