import { PlatformError } from "@nova/pipeline-core/kernel";
import protobuf from "protobufjs";
import { z } from "zod";
import type { LogRecord } from "./log-record.ts";

/** The part of opentelemetry-proto's logs service that we read (field numbers as in its v1 definitions). */
const OTLP_PROTO = `
syntax = "proto3";
message AnyValue { oneof value { string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4; ArrayValue arrayValue = 5; KeyValueList kvlistValue = 6; bytes bytesValue = 7; } }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message Scope { string name = 1; string version = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Record { fixed64 timeUnixNano = 1; fixed64 observedTimeUnixNano = 11; int32 severityNumber = 2; string severityText = 3; AnyValue body = 5; repeated KeyValue attributes = 6; bytes traceId = 9; bytes spanId = 10; string eventName = 12; }
message ScopeLogs { Scope scope = 1; repeated Record logRecords = 2; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scopeLogs = 2; }
message Request { repeated ResourceLogs resourceLogs = 1; }
message PartialSuccess { int64 rejectedLogRecords = 1; string errorMessage = 2; }
message Response { PartialSuccess partialSuccess = 1; }
message Status { int32 code = 1; string message = 2; }
`;

const { root } = protobuf.parse(OTLP_PROTO, { keepCase: true });
const REQUEST = root.lookupType("Request");
const RESPONSE = root.lookupType("Response");
const STATUS = root.lookupType("Status");

export type OtlpEncoding = "protobuf" | "json";

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

/** Reads an export request; both encodings give the same records. Throws `payload-rejected` when it is none. */
export function decodeOtlp(body: Buffer, encoding: OtlpEncoding): LogRecord[] {
  const request = requestSchema.safeParse(encoding === "json" ? parseJson(body) : parseProtobuf(body));
  if (!request.success) {
    const [issue] = request.error.issues;
    throw new PlatformError(
      "payload-rejected",
      `not an OTLP logs request: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`,
    );
  }
  const records: LogRecord[] = [];
  for (const { resource, scopeLogs } of request.data.resourceLogs ?? []) {
    const { "service.name": service, ...shared } = attributesOf(resource?.attributes);
    for (const { scope, logRecords } of scopeLogs ?? []) {
      const common = scope?.name ? { ...shared, "otel.scope.name": scope.name } : shared;
      for (const record of logRecords ?? []) {
        records.push({
          ts: isoTime(record.timeUnixNano, record.observedTimeUnixNano),
          service: typeof service === "string" && service !== "" ? service : "unknown_service",
          level: levelOf(record.severityText, record.severityNumber),
          message: messageOf(record.body),
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
  return records;
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    throw new PlatformError("payload-rejected", "the body is not JSON", { cause: error });
  }
}

function parseProtobuf(body: Buffer): unknown {
  try {
    const plain = REQUEST.toObject(REQUEST.decode(body), { longs: String, bytes: String, json: true });
    // Ids are base64 in protobuf's own JSON form and hex in OTLP's.
    for (const { scopeLogs } of (plain["resourceLogs"] ?? []) as {
      scopeLogs?: { logRecords?: { traceId?: string; spanId?: string }[] }[];
    }[]) {
      for (const { logRecords } of scopeLogs ?? []) {
        for (const record of logRecords ?? []) {
          if (record.traceId !== undefined) record.traceId = Buffer.from(record.traceId, "base64").toString("hex");
          if (record.spanId !== undefined) record.spanId = Buffer.from(record.spanId, "base64").toString("hex");
        }
      }
    }
    return plain;
  } catch (error) {
    throw new PlatformError("payload-rejected", "the body is not an OTLP protobuf message", { cause: error });
  }
}

function attributesOf(list: readonly KeyValue[] | null | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { key, value } of list ?? []) values[key] = plainValue(value);
  return values;
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

function messageOf(body: AnyValue | null | undefined): string {
  const value = plainValue(body);
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** ISO time with microseconds; the observed time stands in when the event's own is unknown (0). */
function isoTime(time: string | null | undefined, observed: string | null | undefined): string {
  const nanos = BigInt(time ?? 0) || BigInt(observed ?? 0);
  const micros = nanos / 1000n;
  const iso = new Date(Number(micros / 1000n)).toISOString();
  return `${iso.slice(0, -1)}${String(micros % 1000n).padStart(3, "0")}Z`;
}

/** Severity ranges of the log data model: 1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20 error, 21-24 fatal. */
const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

function levelOf(text: string | null | undefined, number: number | null | undefined): string {
  if (number !== null && number !== undefined && number >= 1 && number <= 24)
    return LEVELS[Math.floor((number - 1) / 4)] ?? "info";
  return text ? text.toLowerCase() : "info";
}

/** The export response: empty on full success, else how many were refused and why. */
export function encodeOtlpResponse(encoding: OtlpEncoding, rejected: number, message: string): Buffer {
  const body =
    rejected === 0 && message === "" ? {} : { partialSuccess: { rejectedLogRecords: rejected, errorMessage: message } };
  if (encoding === "json") return Buffer.from(JSON.stringify(body));
  return Buffer.from(RESPONSE.encode(RESPONSE.fromObject(body)).finish());
}

/** The error body of OTLP/HTTP: a google.rpc.Status in the request's encoding. */
export function encodeOtlpStatus(encoding: OtlpEncoding, code: number, message: string): Buffer {
  if (encoding === "json") return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.from(STATUS.encode(STATUS.fromObject({ code, message })).finish());
}
