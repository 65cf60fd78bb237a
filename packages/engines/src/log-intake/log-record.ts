import { z } from "zod";
import type { LogRecord } from "./envelope-lines.ts";
import { fluentRecord } from "./fluent-record.ts";
import { isTime, ISO_TIME } from "./iso-text.ts";

export const MAX_SERVICE = 200;
export const MAX_LEVEL = 30;

const ndjsonLineSchema = z.object({
  ts: z.string().regex(ISO_TIME, "must be an ISO 8601 time with a zone, e.g. 2026-11-23T09:30:00.000Z"),
  service: z.string().min(1).max(MAX_SERVICE),
  level: z.string().max(MAX_LEVEL).default("info"),
  message: z.string(),
  attributes: z.record(z.string(), z.unknown()).default({}),
  trace_id: z.string().nullish(),
  span_id: z.string().nullish(),
});

export type ParsedLine =
  | { readonly ok: true; readonly record: LogRecord }
  | { readonly ok: false; readonly detail: string };

/**
 * Checks one NDJSON line, already parsed; what is wrong names the field, never its value. `service`: whose token it came
 * with, for records of shippers that do not say it themselves.
 */
export function checkLine(value: unknown, service: string | null): ParsedLine {
  const record = plainRecord(value) ?? fluentRecord(value, service);
  return record === null ? checkBySchema(value) : { ok: true, record };
}

/**
 * Reads what nearly all lines are: records that need no default. Null leaves the line to the schema, which costs ten times
 * as much and knows what to say. Never takes what the schema refuses (`log-record.test.ts`).
 */
export function plainRecord(value: unknown): LogRecord | null {
  if (typeof value !== "object" || value === null) return null;
  const { ts, service, level, message, attributes, trace_id = null, span_id = null } = value as Partial<LogRecord>;
  if (
    typeof ts !== "string" ||
    typeof service !== "string" ||
    typeof level !== "string" ||
    typeof message !== "string" ||
    typeof attributes !== "object" ||
    attributes === null ||
    Array.isArray(attributes)
  )
    return null;
  if (service === "" || service.length > MAX_SERVICE || level.length > MAX_LEVEL) return null;
  if ((trace_id !== null && typeof trace_id !== "string") || (span_id !== null && typeof span_id !== "string"))
    return null;
  if (!isTime(ts)) return null;
  return { ts, service, level: level.toLowerCase(), message, attributes, trace_id, span_id };
}

/** The declared shape of a line, and what is wrong with one that does not have it. */
export function checkBySchema(value: unknown): ParsedLine {
  const parsed = ndjsonLineSchema.safeParse(value);
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => `${issue.path.join(".") || "line"}: ${issue.message}`).join("; ");
    return { ok: false, detail };
  }
  if (!isTime(parsed.data.ts)) return { ok: false, detail: "ts: no such day or time" };
  const { ts, service, level, message, attributes, trace_id, span_id } = parsed.data;
  return {
    ok: true,
    record: {
      ts,
      service,
      level: level.toLowerCase(),
      message,
      attributes,
      trace_id: trace_id ?? null,
      span_id: span_id ?? null,
    },
  };
}
