/** Severity ranges of the log data model: 1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20 error, 21-24 fatal. */
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** The level of a severity; the text counts only when the number says nothing. */
export function levelOf(text: string | null | undefined, number: number | null | undefined): string {
  if (number !== null && number !== undefined && number >= 1 && number <= 24)
    return LEVELS[Math.floor((number - 1) / 4)] ?? "info";
  return text ? text.toLowerCase() : "info";
}

/** The message of a body, which may be any value. */
export function messageOf(body: unknown): string {
  if (body === null) return "";
  return typeof body === "string" ? body : JSON.stringify(body);
}

/** A record whose resource does not say what sent it. */
export const UNKNOWN_SERVICE = "unknown_service";
