import { DISPUTED } from "./discrepancies.ts";
import type { EventIndex } from "./event-index.ts";
import {
  aboutDispute,
  customerHappenings,
  type Happening,
  paymentHappenings,
  refundHappenings,
} from "./event-kinds.ts";
import { closedAccounts } from "./closed-accounts.ts";
import { type CustomerRow, type Filter, type OrderRows, readToEnd, ROWS_AT_ONCE, since } from "./order-rows.ts";

const SECOND = 1000;
const DAY = 86_400;
const HISTORY = 7 * DAY;
/** The last stage of a dispute comes nine days after the capture. */
const DISPUTE_HISTORY = 10 * DAY;
/** Transactions that commit after a later one: how far back each look goes again (s, and numbers). */
const OVERLAP_SECONDS = 60;
const OVERLAP_NUMBERS = 200;
const MAX_RETRY_WAIT = 15 * SECOND;
/** Only one look in so many asks which customers are gone: it goes through all of them. */
const LOOKS_BETWEEN_ACCOUNTS = 15;

export interface FollowOptions {
  readonly rows: OrderRows;
  readonly index: EventIndex;
  /** Called with what is new since the start, in order; history is only in the index. */
  readonly onNews: (happenings: readonly Happening[]) => void;
  readonly pollMs: number;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export interface OrderFollower {
  /** Settles when the history has been read, however long the order database takes to appear. */
  readonly ready: Promise<void>;
  /** Customers that were deleted since the start, as they were. */
  readonly closed: ReadonlyMap<number, CustomerRow>;
  stop(): Promise<void>;
}

/** Turns the order database's payments, refunds and customers into Stripe events: the last week at once, then as they change. */
export function followOrders(options: FollowOptions): OrderFollower {
  const { rows, index, now, log } = options;
  // Whole days: a day that Stripe knew only in part would look like a day of missing payments.
  const windowStart = Math.floor((now() / SECOND - HISTORY) / DAY) * DAY;
  /** Events the calendar will bring. */
  let upcoming: Happening[] = [];
  const accounts = closedAccounts(rows, { now, everyMs: LOOKS_BETWEEN_ACCOUNTS * options.pollMs });
  let paymentsSince = windowStart;
  let refundsFrom = 0;
  let customersFrom = 0;
  let stopped = false;

  async function changesSinceLastLook(): Promise<Happening[]> {
    const found: Happening[] = [];
    const take = (happenings: readonly Happening[]): void => {
      for (const happening of happenings) if (happening.created >= windowStart) found.push(happening);
    };
    let newest = paymentsSince;
    const changed: Filter[] = [since("p.updated_at", paymentsSince - OVERLAP_SECONDS)];
    await readToEnd(
      (from) => rows.payments({ filters: changed, from, direction: "up", limit: ROWS_AT_ONCE }),
      (row) => row.paymentId,
      0,
      (row) => {
        newest = Math.max(newest, row.updatedAt);
        const begun = row.createdAt >= windowStart;
        take(paymentHappenings(row).filter(({ code }) => begun || aboutDispute(code)));
      },
    );
    let lastRefund = refundsFrom;
    await readToEnd(
      (from) =>
        rows.refunds({
          filters: refundsFrom === 0 ? [since("r.created_at", windowStart)] : [],
          from,
          direction: "up",
          limit: ROWS_AT_ONCE,
        }),
      (row) => row.refundId,
      Math.max(0, refundsFrom - OVERLAP_NUMBERS),
      (row) => {
        lastRefund = Math.max(lastRefund, row.refundId);
        take(refundHappenings(row));
      },
    );
    let lastCustomer = customersFrom;
    await readToEnd(
      (from) =>
        rows.customers({
          filters: customersFrom === 0 ? [since("c.created_at", windowStart)] : [],
          from,
          direction: "up",
          limit: ROWS_AT_ONCE,
        }),
      (row) => row.customerId,
      Math.max(0, customersFrom - OVERLAP_NUMBERS),
      (row) => {
        lastCustomer = Math.max(lastCustomer, row.customerId);
        take(customerHappenings(row));
      },
    );
    // Nothing within the window: begin at the newest, not at the table's start each time.
    const newestOnly = { filters: [], from: null, direction: "down", limit: 1 } as const;
    if (lastRefund === 0) lastRefund = (await rows.refunds(newestOnly))[0]?.refundId ?? 0;
    if (lastCustomer === 0) lastCustomer = (await rows.customers(newestOnly))[0]?.customerId ?? 0;
    // Only a look that saw everything moves the marks.
    paymentsSince = newest;
    refundsFrom = lastRefund;
    customersFrom = lastCustomer;
    return found;
  }

  /** Disputes of payments captured before the window but disputed within it. */
  async function oldDisputes(): Promise<Happening[]> {
    const found: Happening[] = [];
    const filters: Filter[] = [
      since("p.captured_at", windowStart - DISPUTE_HISTORY),
      { sql: (p) => `p.payment_id % ${DISPUTED.every} = ${p}::bigint`, value: DISPUTED.at },
    ];
    const take = (happening: Happening): void => {
      if (happening.created >= windowStart) found.push(happening);
    };
    await readToEnd(
      (from) => rows.payments({ filters, from, direction: "up", limit: ROWS_AT_ONCE }),
      (row) => row.paymentId,
      0,
      (row) =>
        paymentHappenings(row)
          .filter(({ code }) => aboutDispute(code))
          .forEach(take),
    );
    return found;
  }

  /** Puts what has happened into the index, keeps what is still to come, and returns what is new. */
  function settle(found: readonly Happening[]): Happening[] {
    const at = Math.floor(now() / SECOND);
    const due = [...upcoming, ...found].toSorted((a, b) => a.created - b.created || a.code - b.code);
    upcoming = [];
    const known = new Set<number>();
    return due.filter((happening) => {
      if (happening.created <= at) return index.add(happening);
      if (!known.has(happening.code)) upcoming.push(happening);
      known.add(happening.code);
      return false;
    });
  }

  /** Tries until it works; says so once, not at every try. */
  async function patiently<T>(what: string, action: () => Promise<T>): Promise<T | null> {
    for (let wait = SECOND / 2, failures = 0; !stopped; wait = Math.min(MAX_RETRY_WAIT, wait * 2), failures += 1) {
      try {
        const result = await action();
        if (failures > 0) log(`order database answers again: ${what}`);
        return result;
      } catch (error) {
        if (failures === 0)
          log(
            `order database does not answer, trying again (${what}): ${error instanceof Error ? error.message : String(error)}`,
          );
        await pause(wait);
      }
    }
    return null;
  }

  let wake: (() => void) | undefined;
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const ready = patiently("reading the last week", async () =>
    settle([...(await oldDisputes()), ...(await changesSinceLastLook()), ...(await accounts.look())]),
  ).then((history) => {
    if (history !== null) log(`Stripe stand-in knows ${index.size()} events of the last 7 days`);
  });

  async function watch(): Promise<void> {
    await ready;
    while (!stopped) {
      await pause(options.pollMs);
      if (stopped) return;
      const found = await patiently("looking for changes", async () => [
        ...(await changesSinceLastLook()),
        ...(await accounts.look()),
      ]);
      const news = found === null ? [] : settle(found);
      if (news.length > 0) options.onNews(news);
    }
  }
  const watching = watch();

  return {
    ready,
    closed: accounts.closed,
    async stop() {
      stopped = true;
      wake?.();
      await watching;
    },
  };
}
