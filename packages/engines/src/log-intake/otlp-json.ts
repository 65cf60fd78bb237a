import { PlatformError } from "@nova/pipeline-core/kernel";
import { z } from "zod";
import type { EnvelopeLines } from "./envelope-lines.ts";
import { levelOf, messageOf, UNKNOWN_SERVICE } from "./otlp-meaning.ts";

/** 64-bit numbers are text in OTLP's JSON; many senders write them as numbers all the same. */
const int64 = z
  .union([z.string().regex(/^-?\d+$/), z.number().refine(Number.isInteger).transform(BigInt)])
  .transform(String);
const MAX_NANOS = 2n ** 64n;
const unixNano = int64
  .transform(BigInt)
  .refine((nanos) => nanos >= 0n && nanos < MAX_NANOS, "not a time in nanoseconds");
interface AnyValue {
  stringValue?: string | undefined;
  boolValue?: boolean | undefined;
  intValue?: string | undefined;
  doubleValue?: number | string | undefined;
  bytesValue?: string | undefined;
  arrayValue?: { values?: AnyValue[] | undefined } | undefined;
  kvlistValue?: { values?: KeyValue[] | undefined } | undefined;
}
interface KeyValue {
  key: string;
  value?: AnyValue | null | undefined;
}
const anyValue: z.ZodType<AnyValue> = z.lazy(() =>
  z.object({
    stringValue: z.string().optional(),
    boolValue: z.boolean().optional(),
    intValue: int64.optional(),
    // The JSON form of doubles has NaN and the infinities as text.
    doubleValue: z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"])]).optional(),
    bytesValue: z.string().optional(),
    arrayValue: z.object({ values: z.array(anyValue).optional() }).optional(),
    kvlistValue: z.object({ values: z.array(keyValue).optional() }).optional(),
  }),
);
const keyValue: z.ZodType<KeyValue> = z.lazy(() => z.object({ key: z.string(), value: anyValue.nullish() }));
const attributes = z.array(keyValue).nullish();
const recordSchema = z.object({
  timeUnixNano: unixNano.nullish(),
  observedTimeUnixNano: unixNano.nullish(),
  severityNumber: z.number().int().nullish(),
  severityText: z.string().nullish(),
  body: anyValue.nullish(),
  attributes,
  traceId: z.string().nullish(),
  spanId: z.string().nullish(),
  eventName: z.string().nullish(),
});
const requestSchema = z.object({
  resourceLogs: z
    .array(
      z.object({
        resource: z.object({ attributes }).nullish(),
        scopeLogs: z
          .array(
            z.object({
              scope: z.object({ name: z.string().nullish() }).nullish(),
              // Each by itself: one that is wrong does not take the others with it.
              logRecords: z.array(z.unknown()).nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

/** Writes an export request in JSON as envelope lines and refuses records that are none. Throws `payload-rejected` when it is no request. */
export function readOtlpJson(body: Buffer, lines: EnvelopeLines): void {
  const request = requestSchema.safeParse(parseJson(body));
  if (!request.success) {
    const [issue] = request.error.issues;
    throw new PlatformError(
      "payload-rejected",
      `not an OTLP logs request: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
    );
  }
  for (const { resource, scopeLogs } of request.data.resourceLogs ?? []) {
    const { "service.name": service, ...shared } = attributesOf(resource?.attributes);
    for (const { scope, logRecords } of scopeLogs ?? []) {
      const common = scope?.name ? { ...shared, "otel.scope.name": scope.name } : shared;
      for (const given of logRecords ?? []) {
        const record = readRecord(given, lines, () => requestOf(resource, scope, given));
        if (record === null) continue;
        lines.add(
          {
            ts: isoTime(record.timeUnixNano, record.observedTimeUnixNano),
            service: typeof service === "string" && service !== "" ? service : UNKNOWN_SERVICE,
            level: levelOf(record.severityText, record.severityNumber),
            message: messageOf(plainValue(record.body)),
            attributes: {
              ...common,
              ...(record.eventName ? { "event.name": record.eventName } : {}),
              ...attributesOf(record.attributes),
            },
            trace_id: record.traceId ? record.traceId.toLowerCase() : null,
            span_id: record.spanId ? record.spanId.toLowerCase() : null,
          },
          lines.next,
        );
      }
    }
  }
}

/** A request of just one record, to be read again when the rules have changed. */
function requestOf(resource: unknown, scope: unknown, record: unknown): string {
  return JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords: [record] }] }] });
}

/** The record, or null after it was refused. */
function readRecord(given: unknown, lines: EnvelopeLines, whole: () => string): z.infer<typeof recordSchema> | null {
  try {
    const checked = recordSchema.safeParse(given);
    if (checked.success) return checked.data;
    const [issue] = checked.error.issues;
    const detail = `${issue?.path.join(".") || "record"}: ${issue?.message ?? ""}`;
    lines.refuse(lines.next, "malformed", detail, whole());
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    lines.refuse(lines.next, "malformed", "record: nested too deep", "");
  }
  return null;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new PlatformError("payload-rejected", "the body is not JSON", { cause: error });
  }
}

function attributesOf(list: readonly KeyValue[] | null | undefined): Record<string, unknown> {
  return Object.fromEntries((list ?? []).map(({ key, value }) => [key, plainValue(value)]));
}

function plainValue(value: AnyValue | null | undefined): unknown {
  if (value === null || value === undefined) return null;
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined)
    return Number.isSafeInteger(Number(value.intValue)) ? Number(value.intValue) : value.intValue;
  if (value.doubleValue !== undefined)
    return Number.isFinite(Number(value.doubleValue)) ? value.doubleValue : String(value.doubleValue);
  if (value.bytesValue !== undefined) return value.bytesValue;
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(plainValue);
  if (value.kvlistValue !== undefined) return attributesOf(value.kvlistValue.values);
  return null;
}

/** ISO time with microseconds; the observed time stands in when the event's own is unknown (0). */
function isoTime(time: bigint | null | undefined, observed: bigint | null | undefined): string {
  const nanos = (time ?? 0n) || (observed ?? 0n);
  const micros = nanos / 1000n;
  const iso = new Date(Number(micros / 1000n)).toISOString();
  return `${iso.slice(0, -1)}${String(micros % 1000n).padStart(3, "0")}Z`;
}
