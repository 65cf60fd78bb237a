import { randomUUID } from "node:crypto";
import { createRandom, nextEvent } from "./log-events.ts";
import { malformedLine, ndjsonLine } from "./ndjson-lines.ts";
import { createNdjsonSender } from "./ndjson-sender.ts";
import { createOtlpEmitter } from "./otlp-emitter.ts";
import { SHOP_SERVICES, type ShopService } from "./shop-services.ts";

export type Rate = "quiet" | "normal" | "peak";

const SECOND = 1000;
const TICK = 100;
const BATCH_LINES = 1_000;
const BATCH_AGE = SECOND;
const QUEUED_BYTES = 16 * 2 ** 20;
const REPORT_EVERY = 30 * SECOND;
const CLOSE_DEADLINE = 2 * SECOND;
const MALFORMED_ONE_IN = 1_000;

/** Events a second, and how many of them go through the OpenTelemetry exporter. */
const RATES: Readonly<Record<Rate, { readonly total: number; readonly otlp: number }>> = {
  quiet: { total: 5, otlp: 2.5 },
  normal: { total: 100, otlp: 50 },
  peak: { total: 20_000, otlp: 2_500 },
};

export interface AppLogsOptions {
  /** The worker's base address: OTLP goes to `/v1/logs`, NDJSON to `/intake/logs`. */
  readonly intakeUrl: string;
  readonly token: string;
  /** Or events a second, for tests and benchmarks. */
  readonly rate: Rate | { readonly total: number; readonly otlp: number };
  readonly signal?: AbortSignal;
  readonly seed?: number;
  readonly now?: () => number;
  readonly log: (line: string) => void;
}

export interface AppLogsCounts {
  readonly otlp: { readonly emitted: number; readonly delivered: number; readonly lost: number };
  readonly ndjson: {
    readonly emitted: number;
    readonly malformed: number;
    readonly delivered: number;
    readonly retries: number;
    readonly dropped: number;
    readonly refused: number;
  };
}

export interface AppLogs {
  counts(): AppLogsCounts;
  /** Stops emitting and sends what is queued, for at most two seconds. */
  close(): Promise<void>;
}

/** One service's two ways out: the OpenTelemetry exporter and NDJSON batches. */
function createOutlets(service: ShopService, options: AppLogsOptions, startId: string) {
  const { intakeUrl, token, log } = options;
  const sender = createNdjsonSender({
    url: `${intakeUrl}/intake/logs`,
    token,
    idPrefix: `${service.name}-${startId}`,
    maxQueuedBytes: QUEUED_BYTES,
    log,
  });
  let body = "";
  let lines = 0;
  let oldest = 0;
  return {
    sender,
    otlp: createOtlpEmitter(service, `${intakeUrl}/v1/logs`, token, log),
    write(line: string, at: number): void {
      if (lines === 0) oldest = at;
      body += `${line}\n`;
      lines += 1;
      if (lines >= BATCH_LINES) this.flush();
    },
    flushIfOld(at: number): void {
      if (lines > 0 && at - oldest >= BATCH_AGE) this.flush();
    },
    flush(): void {
      if (lines > 0) sender.send(body, lines);
      body = "";
      lines = 0;
    },
  };
}

/** Starts the shop's services talking to the log intake. */
export function startAppLogs(options: AppLogsOptions): AppLogs {
  const { log, now = Date.now } = options;
  const { total, otlp } = typeof options.rate === "string" ? RATES[options.rate] : options.rate;
  const random = createRandom(options.seed ?? 20_261_123);
  const startId = randomUUID();
  const outlets = SHOP_SERVICES.map((service) => createOutlets(service, options, startId));
  const otlpIn100K = Math.round((otlp / total) * 100_000);
  let malformed = 0;
  let written = 0;
  let due = 0;
  let last = now();

  function emit(at: number): void {
    const event = nextEvent(random, at);
    const outlet = outlets[event.service];
    if (outlet === undefined) return;
    if (random() % 100_000 < otlpIn100K) {
      outlet.otlp.emit(event);
      return;
    }
    written += 1;
    const broken = random() % MALFORMED_ONE_IN === 0;
    if (broken) malformed += 1;
    outlet.write(broken ? malformedLine(event, malformed) : ndjsonLine(event), at);
  }

  const ticking = setInterval(() => {
    const at = now();
    const passed = Math.min(SECOND, Math.max(0, at - last));
    last = at;
    due += (passed / SECOND) * total;
    const events = Math.floor(due);
    due -= events;
    for (let i = 0; i < events; i += 1) emit(at - Math.floor((passed * (events - 1 - i)) / events));
    for (const outlet of outlets) outlet.flushIfOld(at);
  }, TICK);

  const sum = (of: (outlet: (typeof outlets)[number]) => number): number =>
    outlets.reduce((all, outlet) => all + of(outlet), 0);
  const counts = (): AppLogsCounts => ({
    otlp: {
      emitted: sum((o) => o.otlp.counts.emitted),
      delivered: sum((o) => o.otlp.counts.delivered),
      lost: sum((o) => o.otlp.counts.lost),
    },
    ndjson: {
      emitted: written,
      malformed,
      delivered: sum((o) => o.sender.counts.delivered),
      retries: sum((o) => o.sender.counts.retries),
      dropped: sum((o) => o.sender.counts.dropped),
      refused: sum((o) => o.sender.counts.refused),
    },
  });
  const report = (): void => {
    const c = counts();
    log(
      `log events: OTLP ${c.otlp.delivered} of ${c.otlp.emitted} delivered, ${c.otlp.lost} lost; NDJSON ${c.ndjson.delivered} of ${c.ndjson.emitted} delivered, ${c.ndjson.malformed} malformed on purpose, ${c.ndjson.retries} retries, ${c.ndjson.refused} refused, ${c.ndjson.dropped} DROPPED`,
    );
  };
  const reporting = setInterval(report, REPORT_EVERY);

  let closing: Promise<void> | undefined;
  async function stop(): Promise<void> {
    clearInterval(ticking);
    clearInterval(reporting);
    for (const outlet of outlets) outlet.flush();
    const giveUp = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_DEADLINE).unref());
    await Promise.race([giveUp, Promise.all(outlets.map((outlet) => outlet.otlp.close()))]);
    await Promise.all(outlets.map((outlet) => outlet.sender.close(CLOSE_DEADLINE)));
    report();
  }
  const close = (): Promise<void> => (closing ??= stop());
  options.signal?.addEventListener("abort", () => void close(), { once: true });
  log(
    `application logs: ${SHOP_SERVICES.length} services, ${total} events/s (${otlp} by OTLP) to ${options.intakeUrl}`,
  );
  return { counts, close };
}
