import type { LogEvent } from "./log-events.ts";
import { SHOP_SERVICES } from "./shop-services.ts";

let secondOf = -1;
let secondText = "";

/** ISO 8601 with milliseconds; the text up to the second is kept, for thousands of lines share it. */
function isoOf(at: number): string {
  const second = Math.floor(at / 1000);
  if (second !== secondOf) {
    secondOf = second;
    secondText = new Date(second * 1000).toISOString().slice(0, 20);
  }
  return `${secondText}${String(at - second * 1000).padStart(3, "0")}Z`;
}

/** One event as the services write it to their NDJSON shipper: one line, no line break at its end. */
export function ndjsonLine(event: LogEvent): string {
  const { route, error } = event;
  const customer = event.customerId === 0 ? "" : `,"customer_id":${event.customerId}`;
  const order = event.orderId === 0 ? "" : `,"order_id":${event.orderId}`;
  const failure = error === null ? "" : `,"error.type":"${error.type}","error.stack":${JSON.stringify(error.stack)}`;
  return `{"ts":"${isoOf(event.at)}","service":"${SHOP_SERVICES[event.service]?.name ?? ""}","level":"${event.level}","message":${JSON.stringify(event.message)},"attributes":{"http.method":"${route.method}","http.route":"${route.route}","http.status_code":${event.status},"duration_ms":${event.durationMs},"k8s.pod.name":"${event.pod}","service.version":"${event.version}"${customer}${order}${failure}},"trace_id":"${event.traceId}","span_id":"${event.spanId}"}`;
}

/** What a shipper writes when a process dies under it or a library prints past the logger: never a valid line. */
export function malformedLine(event: LogEvent, kind: number): string {
  const line = ndjsonLine(event);
  switch (kind % 5) {
    case 0:
      return line.slice(0, Math.floor(line.length * 0.6));
    case 1:
      return "panic: runtime error: index out of range [7] with length 5";
    case 2:
      return line.replace(/"ts":"[^"]*"/, '"ts":"yesterday, about noon"');
    case 3:
      return line.replace(/"service":"[^"]*",/, "");
    default:
      return `["${event.level}", ${JSON.stringify(event.message)}]`;
  }
}
