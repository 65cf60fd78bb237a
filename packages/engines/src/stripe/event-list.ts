import { abortable, MINUTE, SECOND } from "@nova/pipeline-core/kernel";
import type Stripe from "stripe";

/** Stripe lists an event that comes late under its own time: this far back is looked at again, and this often. */
const OVERLAP = 10 * MINUTE;
const PAGE = 100;

/** An event as it came: what it holds is for the reader to judge. */
export interface ListedEvent {
  readonly id: string;
}

/** Stripe's event list as a source of what no webhook brought. */
export interface EventList {
  /** Pages of events that were not listed before, and from time to time once more those of the last minutes. */
  since(now: Date, signal: AbortSignal): AsyncGenerator<readonly ListedEvent[]>;
}

/**
 * `comparedThrough` is the time, in seconds since 1970, up to which the list was compared before; 0 = never. A look costs
 * what is new: it goes on from the newest event it knows. Only the first one, and one in ten minutes, reads back by time.
 */
export function eventList(client: Stripe, comparedThrough: number): EventList {
  let lookedBackAt = comparedThrough * SECOND;
  let newest: string | null = null;
  let nextLookBack = 0;

  async function* lookBack(signal: AbortSignal): AsyncGenerator<readonly ListedEvent[]> {
    const from = Math.max(0, Math.floor((lookedBackAt - OVERLAP) / SECOND));
    let first: string | null = null;
    let after: string | undefined;
    for (;;) {
      const page = await listed(signal, {
        created: { gte: from },
        ...(after === undefined ? {} : { starting_after: after }),
      });
      first ??= page.events.at(0)?.id ?? null;
      yield page.events;
      after = page.events.at(-1)?.id;
      if (!page.more || after === undefined) break;
    }
    newest = first ?? newest;
  }

  async function* goOn(from: string, signal: AbortSignal): AsyncGenerator<readonly ListedEvent[]> {
    let before = from;
    for (;;) {
      const page = await listed(signal, { ending_before: before });
      yield page.events;
      before = page.events.at(0)?.id ?? before;
      newest = before;
      if (!page.more) return;
    }
  }

  async function listed(signal: AbortSignal, window: Stripe.EventListParams) {
    const page = await abortable(client.events.list({ limit: PAGE, ...window }), signal);
    return { events: page.data, more: page.has_more };
  }

  return {
    async *since(now, signal) {
      if (newest !== null && now.getTime() < nextLookBack) {
        yield* goOn(newest, signal);
        return;
      }
      yield* lookBack(signal);
      lookedBackAt = now.getTime();
      nextLookBack = lookedBackAt + OVERLAP;
    },
  };
}
