import type { StreamColumn, StreamSchema } from "@nova/pipeline-core/connectors";

type Declared = readonly [
  name: string,
  sourceType: string,
  type: string,
  pii: StreamColumn["pii"],
  description: string,
  path: string,
];

const COLUMNS: readonly Declared[] = [
  ["ts", "timestamp", "timestamptz", "none", "When the service wrote the event.", "/ts"],
  ["service", "string", "string", "none", "Service that wrote it.", "/service"],
  ["level", "string", "string", "none", "Severity.", "/level"],
  ["message", "string", "string", "indirect", "What the service said.", "/message"],
  ["trace_id", "string", "string", "none", "Trace the event belongs to.", "/trace_id"],
  ["span_id", "string", "string", "none", "Span the event belongs to.", "/span_id"],
  ["http_route", "string", "string", "none", "Route of the request, without ids.", "/attributes/http.route"],
  ["http_status_code", "int", "int", "none", "Status answered.", "/attributes/http.status_code"],
  ["duration_ms", "double", "double", "none", "How long the request took, in milliseconds.", "/attributes/duration_ms"],
  ["customer_id", "string", "string", "indirect", "Customer the request was for.", "/attributes/customer_id"],
  ["order_id", "string", "string", "none", "Order the request was about.", "/attributes/order_id"],
  ["error_type", "string", "string", "none", "Class of the error.", "/attributes/error.type"],
  ["pod", "string", "string", "none", "Pod the service ran in.", "/attributes/k8s.pod.name"],
  ["service_version", "string", "string", "none", "Version of the service.", "/attributes/service.version"],
  ["attributes", "json", "string", "indirect", "All attributes as JSON.", "/attributes"],
];

/** Logs are events, not rows: every one is kept. */
export const LOG_STREAMS: readonly StreamSchema[] = [
  {
    stream: "events",
    version: 1,
    key: [],
    description: "Log events of the shop's services.",
    columns: COLUMNS.map(([name, sourceType, type, pii, description, path]) => ({
      name,
      sourceType,
      type,
      nullable: true,
      description,
      pii,
      path,
    })),
  },
];
