import protobuf from "protobufjs";
import { EnvelopeLines, type LogRecord } from "./envelope-lines.ts";
import { OTLP_PROTO } from "./otlp-proto.ts";
import { type OtlpEncoding, readOtlp } from "./otlp.ts";

/** An envelope as it stands in the spool. */
export interface OtlpLine {
  readonly payload: LogRecord;
  readonly source_ts: string;
  readonly position: string;
}

/** The envelopes of a request, in its order. Throws what reading it throws. */
export function otlpLines(body: Buffer, encoding: OtlpEncoding): OtlpLine[] {
  const lines = new EnvelopeLines();
  readOtlp(body, encoding, lines);
  const text = lines.render((index) => `000000000007.${String(index).padStart(8, "0")}`).toString();
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as OtlpLine);
}

/** An OTLP logs request in its JSON form, as far as the samples and tests need it. */
export interface OtlpRequest {
  readonly resourceLogs: readonly {
    readonly resource?: object;
    readonly scopeLogs: readonly { readonly scope?: object; readonly logRecords: readonly OtlpRecord[] }[];
  }[];
}
type OtlpRecord = Readonly<Record<string, unknown>> & { readonly traceId?: string; readonly spanId?: string };

const REQUEST = protobuf.parse(OTLP_PROTO, { keepCase: true }).root.lookupType("Request");

/** The protobuf form of a request. */
export function encodeOtlpRequest(request: OtlpRequest): Buffer {
  const bytes = (hex: string | undefined): Buffer | undefined => (hex === undefined ? hex : Buffer.from(hex, "hex"));
  const resourceLogs = request.resourceLogs.map((resource) => ({
    ...resource,
    scopeLogs: resource.scopeLogs.map((scope) => ({
      ...scope,
      logRecords: scope.logRecords.map((record) => ({
        ...record,
        traceId: bytes(record.traceId),
        spanId: bytes(record.spanId),
      })),
    })),
  }));
  return Buffer.from(REQUEST.encode(REQUEST.fromObject({ resourceLogs })).finish());
}

const LEVELS = ["debug", "info", "info", "info", "info", "warn", "error"] as const;
const SEVERITY = { debug: 5, info: 9, warn: 13, error: 17 } as const;
const ROUTES = ["/orders/:id", "/cart", "/products/:sku/price", "/login"] as const;
const STACK =
  "TimeoutError: no answer\n    at Pool.connect (/srv/checkout/pool:41)\n    at handle (/srv/checkout/server:41)";

function sampleEvent(number: number) {
  const level = LEVELS[number % LEVELS.length] ?? "info";
  return {
    millis: Date.UTC(2026, 10, 23, 9) + number,
    level,
    message: `order ${number} placed by a customer in the web shop`,
    attributes: {
      "http.method": "POST",
      "http.route": ROUTES[number % ROUTES.length] ?? "",
      "http.status_code": level === "error" ? 503 : 200,
      duration_ms: (number % 30_000) / 100,
      "k8s.pod.name": `checkout-7d9f8b6c5-x${number % 6}q8`,
      "service.version": "2026.11.3",
      ...(number % 3 === 0 ? { customer_id: number % 30_000 } : {}),
      ...(level === "error" ? { "error.type": "TimeoutError", "error.stack": STACK } : {}),
    },
    traceId: number.toString(16).padStart(32, "5b8efff798038103d269b633813fc60c"),
    spanId: number.toString(16).padStart(16, "eee19b7ec3c1b174"),
  };
}

/** `count` events of one service as its NDJSON shipper sends them. */
export function sampleLines(start: number, count: number): Buffer {
  const lines = Array.from({ length: count }, (_, index) => {
    const { millis, level, message, attributes, traceId, spanId } = sampleEvent(start + index);
    const ts = new Date(millis).toISOString();
    return `${JSON.stringify({ ts, service: "checkout", level, message, attributes, trace_id: traceId, span_id: spanId })}\n`;
  });
  return Buffer.from(lines.join(""));
}

/** The same events as the official OpenTelemetry exporter sends them. */
export function sampleOtlpRequest(start: number, count: number): OtlpRequest {
  const logRecords = Array.from({ length: count }, (_, index) => {
    const { millis, level, message, attributes, traceId, spanId } = sampleEvent(start + index);
    return {
      timeUnixNano: `${millis}000000`,
      observedTimeUnixNano: `${millis}000000`,
      severityNumber: SEVERITY[level],
      severityText: level.toUpperCase(),
      body: { stringValue: message },
      attributes: keyValues(attributes),
      traceId,
      spanId,
    };
  });
  const resource = { "service.name": "checkout", "service.version": "2026.11.3", "service.namespace": "novaretail" };
  return {
    resourceLogs: [
      {
        resource: { attributes: keyValues(resource) },
        scopeLogs: [{ scope: { name: "novaretail-shop", version: "2026.11.3" }, logRecords }],
      },
    ],
  };
}

function keyValues(values: Readonly<Record<string, string | number>>): object[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number): object {
  if (typeof value === "string") return { stringValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
