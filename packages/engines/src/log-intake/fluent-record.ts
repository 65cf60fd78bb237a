import type { LogRecord } from "./envelope-lines.ts";
import { isTime } from "./iso-text.ts";
import { UNKNOWN_SERVICE } from "./otlp-meaning.ts";

/** Fields of a Fluent Bit record that have a place of their own in ours. */
const MESSAGE_FIELDS = ["log", "message", "msg"] as const;
const LEVEL_FIELDS = ["level", "severity", "log.level"] as const;
const TRACE_FIELDS = ["trace_id", "traceId"] as const;
const SPAN_FIELDS = ["span_id", "spanId"] as const;
const MAX_NAME = 200;
const MAX_LEVEL = 30;
/** From this number on an epoch is in milliseconds (`json_date_format epoch_ms`): as seconds it would be the year 5138. */
const FIRST_MILLIS = 1e11;

/**
 * Reads what Fluent Bit's `http` output sends by default: the time as `date`, the text as `log`, and whatever its filters
 * added (`kubernetes`). Null when it is no such record. `service`: whose token it came with, when the record does not say.
 */
export function fluentRecord(value: unknown, service: string | null): LogRecord | null {
  if (typeof value !== "object" || value === null || Array.isArray(value) || "ts" in value || !("date" in value))
    return null;
  const { date, ...fields } = value as Record<string, unknown>;
  const ts = isoTime(date);
  if (ts === null) return null;
  const take = (names: readonly string[]): string | null => {
    for (const name of names) {
      const found = fields[name];
      if (typeof found !== "string" || found === "") continue;
      delete fields[name];
      return found;
    }
    return null;
  };
  const message = take(MESSAGE_FIELDS);
  const level = take(LEVEL_FIELDS);
  const named = take(["service"]) ?? workload(fields["kubernetes"]) ?? service ?? UNKNOWN_SERVICE;
  return {
    ts,
    service: named.slice(0, MAX_NAME),
    level: (level ?? "info").toLowerCase().slice(0, MAX_LEVEL),
    message: message?.replace(/\r?\n$/, "") ?? "",
    attributes: fields,
    trace_id: take(TRACE_FIELDS),
    span_id: take(SPAN_FIELDS),
  };
}

/** The name that Kubernetes knows the service by. */
function workload(kubernetes: unknown): string | null {
  if (typeof kubernetes !== "object" || kubernetes === null) return null;
  const { labels, container_name } = kubernetes as { labels?: unknown; container_name?: unknown };
  const { "app.kubernetes.io/name": name, app } = (
    typeof labels === "object" && labels !== null ? labels : {}
  ) as Record<string, unknown>;
  const found = [name, app, container_name].find((each) => typeof each === "string" && each !== "");
  return typeof found === "string" ? found : null;
}

/** `json_date_format`: double, epoch, epoch_ms, iso8601 or java_sql_timestamp (UTC without a zone). */
function isoTime(date: unknown): string | null {
  if (typeof date === "number") {
    const micros = Math.round(date >= FIRST_MILLIS ? date * 1e3 : date * 1e6);
    const time = new Date(Math.floor(micros / 1e3));
    if (Number.isNaN(time.getTime()) || micros < 0) return null;
    return `${time.toISOString().slice(0, -1)}${String(micros % 1e3).padStart(3, "0")}Z`;
  }
  if (typeof date !== "string") return null;
  const text = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/.test(date) ? `${date.replace(" ", "T")}Z` : date;
  return isTime(text) ? text : null;
}
