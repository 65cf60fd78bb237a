import { ROOT_CONTEXT, SeverityNumber, trace } from "@opentelemetry/api";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordExporter } from "@opentelemetry/sdk-logs";
import type { Level, LogEvent } from "./log-events.ts";
import type { ShopService } from "./shop-services.ts";

const SECOND = 1000;
const QUEUE = 4096;
const BATCH = 512;
const SUCCESS = 0;

const SEVERITY: Readonly<Record<Level, SeverityNumber>> = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

export interface OtlpCounts {
  emitted: number;
  delivered: number;
  /** Given up by the exporter after its own tries, or not queued because the queue was full. */
  lost: number;
}

export interface OtlpEmitter {
  emit(event: LogEvent): void;
  readonly counts: Readonly<OtlpCounts>;
  close(): Promise<void>;
}

/** Counts what the official exporter reports; it loses records without a word otherwise. */
function counting(
  exporter: LogRecordExporter,
  counts: OtlpCounts,
  lost: (records: number, reason: string) => void,
): LogRecordExporter {
  return {
    export(records, done) {
      exporter.export(records, (result) => {
        if (result.code === SUCCESS) counts.delivered += records.length;
        else lost(records.length, result.error?.message ?? "export failed");
        // The processor would report the failure to a global handler as well; it has been counted here.
        done({ code: SUCCESS });
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}

/** One service's official OpenTelemetry logger, exporting OTLP/HTTP protobuf to `{base}/v1/logs`. */
export function createOtlpEmitter(
  service: ShopService,
  url: string,
  token: string,
  log: (line: string) => void,
): OtlpEmitter {
  const counts: OtlpCounts = { emitted: 0, delivered: 0, lost: 0 };
  let lastWarning = Number.NEGATIVE_INFINITY;
  const lost = (records: number, reason: string): void => {
    counts.lost += records;
    const now = performance.now();
    if (now - lastWarning < 10 * SECOND) return;
    lastWarning = now;
    log(`LOST OTLP records of ${service.name}: ${counts.lost} in all, last reason: ${reason}`);
  };
  const exporter = counting(
    new OTLPLogExporter({ url, headers: { authorization: `Bearer ${token}` }, timeoutMillis: 20 * SECOND }),
    counts,
    lost,
  );
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({
      "service.name": service.name,
      "service.version": service.version,
      "service.namespace": "novaretail",
    }),
    processors: [
      new BatchLogRecordProcessor({
        exporter,
        maxExportBatchSize: BATCH,
        maxQueueSize: 2 * QUEUE,
        scheduledDelayMillis: SECOND,
        exportTimeoutMillis: 25 * SECOND,
      }),
    ],
  });
  const logger = provider.getLogger("novaretail-shop", service.version);

  return {
    counts,
    emit(event) {
      if (counts.emitted - counts.delivered - counts.lost >= QUEUE) {
        counts.emitted += 1;
        lost(1, "queue full");
        return;
      }
      counts.emitted += 1;
      logger.emit({
        timestamp: event.at,
        severityNumber: SEVERITY[event.level],
        severityText: event.level.toUpperCase(),
        body: event.message,
        context: trace.setSpanContext(ROOT_CONTEXT, { traceId: event.traceId, spanId: event.spanId, traceFlags: 1 }),
        attributes: {
          "http.method": event.route.method,
          "http.route": event.route.route,
          "http.status_code": event.status,
          duration_ms: event.durationMs,
          "k8s.pod.name": event.pod,
          "service.version": event.version,
          ...(event.customerId === 0 ? {} : { customer_id: event.customerId }),
          ...(event.orderId === 0 ? {} : { order_id: event.orderId }),
          ...(event.error === null ? {} : { "error.type": event.error.type, "error.stack": event.error.stack }),
        },
      });
    },
    close: () => provider.shutdown(),
  };
}
