import { setTimeout as sleep } from "node:timers/promises";
import { SECOND } from "@nova/pipeline-core/kernel";
import type { CaptureHost, Connector, SourceId, StreamSchema } from "@nova/pipeline-core/connectors";
import Stripe from "stripe";
import type { Spool } from "../spool/index.ts";
import { eventList } from "./event-list.ts";
import { type EventLoader, eventLoader, parsePosition } from "./event-loader.ts";
import { stripeFailure } from "./failure.ts";
import { stripeRows } from "./object-copy.ts";
import { tendRequests } from "./object-control.ts";
import { isReadAgain } from "./read-all.ts";
import { type SameSecond, sameSecond, tiedPosition } from "./same-second.ts";
import { isReadable, readObjects } from "./stripe-objects.ts";

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
  /** For tests: how long a deletion may stay untold; see `SourceRows`. */
  readonly deletesWithinMillis?: number;
}

/** Reads Stripe's events: those that webhooks brought, and from the event list those that no webhook did. */
export function stripeConnector(options: StripeConnectorOptions): Connector {
  const client = stripeClient(options);

  const run = async (host: CaptureHost, signal: AbortSignal): Promise<void> => {
    for (const record of await host.saveStreamSchemas(options.schemas)) {
      if (record.state !== "streaming" && !isReadAgain(record)) await host.setStreamState(record.stream, "streaming");
    }
    const progress = parsePosition(await host.position());
    await options.spool.remove(progress.segment);
    const ties = sameSecond();
    const loader = eventLoader(host, options, progress, ties);
    const { livemode } = options;
    const list = eventList(client, progress.checkedThrough);
    let nextCheckAt = 0; // of a clock that nobody sets
    const takeNews = async (): Promise<void> => {
      await loader.loadSpool();
      if (performance.now() >= nextCheckAt) {
        const checkedAt = host.clock.now();
        if (loader.checkedThrough === 0) await host.setState("snapshotting");
        for await (const events of list.since(checkedAt, signal)) await loader.add(events);
        if (signal.aborted) return;
        await loader.flush();
        await loader.checked(checkedAt);
        await host.setState("streaming");
        await host.dataThrough(checkedAt);
        nextCheckAt = performance.now() + options.gapCheckEveryMillis;
      }
      await settleTies(host, client, ties, loader, signal);
      host.observeLag({ bytes: options.spool.waitingBytes });
    };
    const asked = { client, livemode, store: loader.store, between: takeNews, again: loader.again };
    while (!signal.aborted) {
      await takeNews();
      await tendRequests(host, asked, signal);
      await sleep(options.commitEveryMillis, undefined, { signal }).catch(() => undefined);
    }
  };

  return {
    source: options.source,
    kind: "stripe",
    rows: stripeRows(client, options),
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

/** What two events of one second leave open is read from Stripe: the state of the object is the one that counts. */
async function settleTies(
  host: CaptureHost,
  client: Stripe,
  ties: SameSecond,
  loader: EventLoader,
  signal: AbortSignal,
): Promise<void> {
  const byStream = Map.groupBy(ties.take(), ({ stream }) => stream);
  for (const [stream, tied] of byStream) {
    if (!isReadable(stream)) continue;
    const readAt = host.clock.now();
    const places = new Map(tied.map((each) => [each.id, tiedPosition(each, readAt)]));
    const keys = tied.map(({ id }) => ({ id }));
    try {
      const { batch } = await readObjects(client, stream, keys, readAt, (id) => places.get(id) ?? "", signal);
      await loader.store(batch);
    } catch (error) {
      // A restricted key may list events and read nothing else: events are taken all the same.
      if (!(error instanceof Stripe.errors.StripePermissionError)) throw error;
      host.logger.warn("the API key may not read objects: of two events of one second the higher id counts", {
        stream,
      });
    }
  }
}
