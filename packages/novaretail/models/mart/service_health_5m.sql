/*---
description: Requests, errors and response times of every service in windows of five minutes.
owner: platform
pipeline: marts
kind: partitioned
key: [window_start, service]
refresh_key: window_start
target_lag: 120s
inputs:
  curated.service_events:
    key: from_unixtime(floor(to_unixtime(event_ts) / 300) * 300)
    range: { column: event_ts, grain: 5m }
columns:
  window_start: { type: timestamptz, required: true, description: "Start of the window; it lasts five minutes." }
  service: { type: string, required: true, description: "Service the numbers are about." }
  events_count: { type: long, required: true, description: "Log events." }
  requests_count: { type: long, required: true, description: "Events that answered a request." }
  errors_count: { type: long, required: true, description: "Errors, fatal events and answers of 500 and above." }
  error_rate: { type: double, required: true, description: "errors_count / events_count, 0 to 1." }
  avg_duration_ms: { type: double, description: "Mean response time in milliseconds." }
  p50_duration_ms: { type: double, description: "Half of the requests were faster; approximate." }
  p95_duration_ms: { type: double, description: "19 of 20 requests were faster; approximate." }
  p99_duration_ms: { type: double, description: "99 of 100 requests were faster; approximate." }
checks:
  - sql:
      name: error-rate-is-a-share
      query: SELECT count(*) FROM mart.service_health_5m WHERE error_rate < 0 OR error_rate > 1
      description: Error rates are between 0 and 1.
---*/
SELECT
  from_unixtime(floor(to_unixtime(e.event_ts) / 300) * 300) AS window_start,
  coalesce(e.service, 'unknown') AS service,
  count(*) AS events_count,
  count(e.http_status_code) AS requests_count,
  sum(CASE WHEN e.is_error THEN 1 ELSE 0 END) AS errors_count,
  CAST(sum(CASE WHEN e.is_error THEN 1 ELSE 0 END) AS double) / count(*) AS error_rate,
  avg(e.duration_ms) AS avg_duration_ms,
  approx_percentile(e.duration_ms, 0.5) AS p50_duration_ms,
  approx_percentile(e.duration_ms, 0.95) AS p95_duration_ms,
  approx_percentile(e.duration_ms, 0.99) AS p99_duration_ms
FROM curated.service_events e
WHERE e.event_ts IS NOT NULL
GROUP BY 1, 2
