import { PlatformError } from "@nova/pipeline-core/kernel";
import { z } from "zod";
import type { EnvelopeLines } from "./envelope-lines.ts";
import { levelOf, messageOf, UNKNOWN_SERVICE } from "./otlp-meaning.ts";

const int64 = z.union([z.string().regex(/^-?\d+$/), z.number().int()]).transform(String);
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
  timeUnixNano: int64.nullish(),
  observedTimeUnixNano: int64.nullish(),
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
              logRecords: z.array(recordSchema).nullish(),
            }),
          )
          .nullish(),
      }),
    )
    .nullish(),
});

/** Writes an export request in JSON as envelope lines. Throws `payload-rejected` when it is none. */
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
      for (const record of logRecords ?? []) {
        lines.add({
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
        });
      }
    }
  }
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
function isoTime(time: string | null | undefined, observed: string | null | undefined): string {
  const nanos = BigInt(time ?? 0) || BigInt(observed ?? 0);
  const micros = nanos / 1000n;
  const iso = new Date(Number(micros / 1000n)).toISOString();
  return `${iso.slice(0, -1)}${String(micros % 1000n).padStart(3, "0")}Z`;
}
