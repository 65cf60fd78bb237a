import { abortable, MINUTE, SECOND } from "@nova/pipeline-core/kernel";
import type Stripe from "stripe";
import { listPages } from "./list-pages.ts";

/** Stripe lists an event that comes late under its own time: this far back is looked at again, and this often. */
const OVERLAP = 10 * MINUTE;
/** Most late ones are listed within this of the newest, by Stripe's clock: every look goes over that part again. */
const STILL_FILLING_SECONDS = 60;
const PAGE = 100;

/** An event as it came: what it holds is for the reader to judge. */
export interface ListedEvent {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
}

/** Stripe's event list as a source of what no webhook brought. */
export interface EventList {
  /** Pages of events that were not listed before, and from time to time once more those of the last minutes. */
  since(now: Date, signal: AbortSignal): AsyncGenerator<readonly ListedEvent[]>;
}

/**
 * `comparedThrough` is the time, in seconds since 1970, up to which the list was compared before; 0 = never. A look costs
 * what is new and the last minute: it goes on from an event behind which the list no longer fills. Only the first one, and
 * one in ten minutes, reads back by time.
 */
export function eventList(client: Stripe, comparedThrough: number): EventList {
  let lookedBackAt = comparedThrough * SECOND;
  /** The newest event that no late one is listed before. */
  let settled: string | null = null;
  let nextLookBack = 0;

  async function* lookBack(signal: AbortSignal): AsyncGenerator<readonly ListedEvent[]> {
    const from = Math.max(0, Math.floor((lookedBackAt - OVERLAP) / SECOND));
    let filling: number | null = null;
    let found: string | null = null;
    let oldest: string | null = null;
    const created = { gte: from };
    for await (const events of listPages((start) => client.events.list({ ...start, created }), signal)) {
      const [newest] = events;
      filling ??= newest === undefined ? null : newest.created - STILL_FILLING_SECONDS;
      yield events;
      oldest = events.at(-1)?.id ?? oldest;
      found ??= events.find((event) => filling !== null && event.created <= filling)?.id ?? null;
    }
    settled = found ?? oldest;
  }

  async function* goOn(from: string, signal: AbortSignal): AsyncGenerator<readonly ListedEvent[]> {
    let before = from;
    const passed: ListedEvent[] = [];
    for (;;) {
      const page = await abortable(client.events.list({ limit: PAGE, ending_before: before }), signal);
      yield page.data;
      passed.push(...page.data.toReversed().map(({ id, created }) => ({ id, created })));
      before = passed.at(-1)?.id ?? before;
      if (!page.has_more) break;
    }
    const filling = (passed.at(-1)?.created ?? 0) - STILL_FILLING_SECONDS;
    settled = passed.findLast(({ created }) => created <= filling)?.id ?? from;
  }

  return {
    async *since(now, signal) {
      if (settled !== null && now.getTime() < nextLookBack) {
        yield* goOn(settled, signal);
        return;
      }
      yield* lookBack(signal);
      lookedBackAt = now.getTime();
      nextLookBack = lookedBackAt + OVERLAP;
    },
  };
}
