/*---
description: What the shop's services did, one row per log event, typed and ready for error and latency questions.
owner: platform
pipeline: services
kind: append
target_lag: 120s
partition: { column: event_ts, transform: hour }
inputs:
  staged.app_logs__events: {}
columns:
  event_id: { type: string, required: true, description: "Place of the event in the log intake; unique." }
  event_ts: { type: timestamptz, description: "When the service wrote the event." }
  service: { type: string, description: "Service that wrote it." }
  level: { type: string, description: "Severity: debug, info, warn, error or fatal." }
  message: { type: string, pii: indirect, description: "What the service said." }
  http_route: { type: string, description: "Route of the request, without ids." }
  http_status_code: { type: int, description: "Status answered." }
  duration_ms: { type: double, description: "How long the request took, in milliseconds." }
  is_error: { type: boolean, required: true, description: "True for errors, fatal events and answers of 500 and above." }
  error_type: { type: string, description: "Class of the error." }
  customer_id: { type: string, pii: indirect, description: "Customer the request was for." }
  order_id: { type: string, description: "Order the request was about." }
  trace_id: { type: string, description: "Trace the event belongs to." }
  span_id: { type: string, description: "Span the event belongs to." }
checks:
  - null_rate: { column: service, max: 0 }
  - null_rate: { column: event_ts, max: 0 }
---*/
SELECT
  e._position AS event_id,
  e.ts AS event_ts,
  e.service,
  lower(e.level) AS level,
  e.message,
  e.http_route,
  e.http_status_code,
  e.duration_ms,
  coalesce(lower(e.level) IN ('error', 'fatal'), false) OR coalesce(e.http_status_code >= 500, false) AS is_error,
  e.error_type,
  e.customer_id,
  e.order_id,
  e.trace_id,
  e.span_id
FROM staged.app_logs__events e
