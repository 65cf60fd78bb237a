import { z } from "zod";
import type { LogRecord } from "./envelope-lines.ts";

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

const ndjsonLineSchema = z.object({
  ts: z.string().regex(ISO_TIME, "must be an ISO 8601 time with a zone, e.g. 2026-11-23T09:30:00.000Z"),
  service: z.string().min(1).max(200),
  level: z.string().max(30).default("info"),
  message: z.string(),
  attributes: z.record(z.string(), z.unknown()).default({}),
  trace_id: z.string().nullish(),
  span_id: z.string().nullish(),
});

export type ParsedLine =
  | { readonly ok: true; readonly record: LogRecord }
  | { readonly ok: false; readonly detail: string };

/** Checks one NDJSON line, already parsed; what is wrong names the field, never its value. */
export function checkLine(value: unknown): ParsedLine {
  const parsed = ndjsonLineSchema.safeParse(value);
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => `${issue.path.join(".") || "line"}: ${issue.message}`).join("; ");
    return { ok: false, detail };
  }
  if (Number.isNaN(Date.parse(parsed.data.ts))) return { ok: false, detail: "ts: no such day or time" };
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
