import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isPlatformError, PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import type { CaptureHost, Connector, SourceId, StreamSchema } from "@nova/pipeline-core/connectors";
import { envelopeBatch } from "@nova/pipeline-core/lakehouse";
import Stripe from "stripe";
import { committedSegment, segmentEndPosition, type Spool } from "../spool/index.ts";
import { eventList, type ListedEvent } from "./event-list.ts";
import { refusedEvent } from "./refused-event.ts";
import { readStripeEvent, stripeRow } from "./stripe-event.ts";

export interface StripeConnectorOptions {
  readonly source: SourceId;
  readonly apiKey: string;
  /** As `readStripeEvent` has it. */
  readonly livemode: boolean | null;
  /** Another address than Stripe's own, e.g. `http://127.0.0.1:4020`. */
  readonly apiBase?: string;
  /** Where webhooks land; see `stripeWebhook`. */
  readonly spool: Spool;
  readonly schemas: readonly Omit<StreamSchema, "version">[];
  readonly commitEveryMillis: number;
  /** How often the event list is compared with what came by webhook. */
  readonly gapCheckEveryMillis: number;
}

const CHUNK = 2_000;

/** Reads Stripe's events: those that webhooks brought, and from the event list those that no webhook did. */
export function stripeConnector(options: StripeConnectorOptions): Connector {
  const client = stripeClient(options);

  const run = async (host: CaptureHost, signal: AbortSignal): Promise<void> => {
    for (const record of await host.saveStreamSchemas(options.schemas)) {
      if (record.state !== "streaming") await host.setStreamState(record.stream, "streaming");
    }
    const progress = parsePosition(await host.position());
    await options.spool.remove(progress.segment);
    const loader = eventLoader(host, options, progress);
    const list = eventList(client, progress.checkedThrough);
    let nextCheckAt = 0;
    while (!signal.aborted) {
      await loader.loadSpool();
      if (host.clock.now().getTime() >= nextCheckAt) {
        const checkedAt = host.clock.now();
        if (loader.checkedThrough === 0) await host.setState("snapshotting");
        for await (const events of list.since(checkedAt, signal)) await loader.add(events);
        if (signal.aborted) return;
        await loader.flush();
        await loader.checked(checkedAt);
        await host.setState("streaming");
        await host.dataThrough(checkedAt);
        nextCheckAt = checkedAt.getTime() + options.gapCheckEveryMillis;
      }
      host.observeLag({ bytes: options.spool.waitingBytes });
      await sleep(options.commitEveryMillis, undefined, { signal }).catch(() => undefined);
    }
  };

  return {
    source: options.source,
    kind: "stripe",
    run: (host, signal) =>
      run(host, signal).catch((error: unknown) => {
        if (signal.aborted) return;
        throw stripeFailure(error);
      }),
  };
}

function stripeClient(options: StripeConnectorOptions): Stripe {
  const base = options.apiBase === undefined ? null : new URL(options.apiBase);
  return new Stripe(options.apiKey, {
    maxNetworkRetries: 2,
    timeout: 20 * SECOND,
    telemetry: false,
    ...(base === null
      ? {}
      : {
          host: base.hostname,
          port: base.port || (base.protocol === "http:" ? 80 : 443),
          protocol: base.protocol === "http:" ? "http" : "https",
        }),
  });
}

interface Progress {
  segment: number;
  /** Seconds since 1970 up to which the event list was compared; 0 before the first time. */
  checkedThrough: number;
}

interface EventLoader {
  readonly checkedThrough: number;
  loadSpool(): Promise<void>;
  add(events: readonly ListedEvent[]): Promise<void>;
  flush(): Promise<void>;
  checked(at: Date): Promise<void>;
}

/** Commits events that the ledger does not know, and remembers them there in the same transaction. */
function eventLoader(host: CaptureHost, options: StripeConnectorOptions, progress: Progress): EventLoader {
  let batch = envelopeBatch();
  let ids = new Set<string>();

  const commit = async (moved: Progress): Promise<void> => {
    const rows = batch;
    const claimed = [...ids];
    batch = envelopeBatch();
    ids = new Set();
    await host.commit({
      input: { from: "columns", columns: rows.columns },
      counts: rows.counts(),
      bytes: rows.size,
      position: positionText(moved),
      within: (tx) =>
        claimed.length === 0 ? Promise.resolve() : host.deliveries.claim(tx, options.source, claimed, host.clock.now()),
    });
    progress.segment = moved.segment;
    progress.checkedThrough = moved.checkedThrough;
  };
  const collect = async (events: readonly ListedEvent[]): Promise<void> => {
    const unseen = await host.deliveries.unseen(
      options.source,
      events.map((event) => event.id),
    );
    for (const event of events) {
      if (!unseen.has(event.id) || ids.has(event.id)) continue;
      ids.add(event.id);
      const read = readStripeEvent(event, options.livemode);
      if (!read.ok) {
        // One that nobody understands must not hold up the others; its id is remembered, so it is kept once.
        await host.quarantine.add([
          refusedEvent(options.source, read.problem, JSON.stringify(event), host.clock.now()),
        ]);
        continue;
      }
      const row = stripeRow(read.event);
      batch.add(row.stream, row.op, row.key, row.payload, null, row.sourceMicros, row.position, 1);
    }
  };

  return {
    get checkedThrough() {
      return progress.checkedThrough;
    },
    async loadSpool() {
      const segments = await options.spool.seal();
      const last = segments.at(-1);
      if (last === undefined) return;
      for (const segment of segments) {
        const lines = (await readFile(segment.file, "utf8")).split("\n").filter((line) => line !== "");
        await collect(lines.map((line) => JSON.parse(line) as ListedEvent));
      }
      await commit({ ...progress, segment: last.number });
      await options.spool.remove(last.number);
    },
    async add(events) {
      await collect(events);
      if (batch.rows >= CHUNK) await commit(progress);
    },
    async flush() {
      if (ids.size > 0) await commit(progress);
    },
    async checked(at) {
      const through = Math.max(progress.checkedThrough, Math.floor(at.getTime() / 1000));
      await commit({ ...progress, checkedThrough: through });
    },
  };
}

/** `<segment end>.<checked through, 12 digits>`: both only grow, so the text does. */
function positionText(progress: Progress): string {
  return `${segmentEndPosition(progress.segment)}.${String(progress.checkedThrough).padStart(12, "0")}`;
}

function parsePosition(position: string | null): Progress {
  return {
    segment: committedSegment(position),
    checkedThrough: position === null ? 0 : Number(position.slice(position.lastIndexOf(".") + 1)),
  };
}

/** Messages of the library name the request, never card or customer data. */
function stripeFailure(error: unknown): PlatformError {
  if (isPlatformError(error)) return error;
  const { errors } = Stripe;
  if (error instanceof errors.StripeAuthenticationError || error instanceof errors.StripePermissionError) {
    return new PlatformError("source-auth", `Stripe refuses the API key: ${error.message}`, { cause: error });
  }
  if (error instanceof errors.StripeRateLimitError)
    return new PlatformError("source-budget", "Stripe asks for fewer requests", { cause: error });
  if (error instanceof errors.StripeInvalidRequestError)
    return new PlatformError("source-misconfigured", `Stripe refuses the request: ${error.message}`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof errors.StripeError)
    return new PlatformError("source-unreachable", `Stripe did not answer: ${message}`, { cause: error });
  return new PlatformError("internal", message, { cause: error });
}
