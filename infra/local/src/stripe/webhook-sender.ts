import { Agent, request } from "node:http";
import type { Happening } from "./event-kinds.ts";
import { encodeId } from "./object-ids.ts";
import type { StripeEvent } from "./stripe-events.ts";
import { type Forgery, planDeliveries } from "./webhook-plan.ts";
import { signWebhook } from "./webhook-signature.ts";

const SECOND = 1000;
const HOUR = 3600;
const TICK = 100;
const AT_ONCE = 8;
const ANSWER_WITHIN = 20 * SECOND;
const FIRST_BACKOFF = SECOND;
const MAX_BACKOFF = 60 * SECOND;
const MAX_ATTEMPTS = 60;
/** Rows are read for this many notices at a time. */
const RENDER_BATCH = 200;

export interface WebhookCounts {
  delivered: number;
  retries: number;
  forgedSent: number;
  /** Forged notices answered with 2xx: the receiver's signature check is broken. */
  forgedAccepted: number;
  /** Given up; the event list still has them. */
  abandoned: number;
}

export interface WebhookSender {
  /** Plans the deliveries of new events. */
  notify(happenings: readonly Happening[]): void;
  readonly counts: Readonly<WebhookCounts>;
  waiting(): number;
  close(): Promise<void>;
}

export interface WebhookSenderOptions {
  readonly url: string;
  readonly secret: string;
  /** Makes the events' JSON; null for one whose row is gone. */
  readonly render: (happenings: readonly Happening[]) => Promise<(StripeEvent | null)[]>;
  /** How many notices may wait; above it the oldest are abandoned. */
  readonly capacity?: number;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

interface Notice {
  readonly happening: Happening;
  readonly forgery: Forgery | null;
  dueAt: number;
  attempt: number;
}

/** A notice nobody at Stripe wrote: a new id, a tempting amount. */
function forge(event: StripeEvent): StripeEvent {
  return {
    ...event,
    id: encodeId("evt", "z", event.created),
    data: { object: { ...event.data.object, amount: 999_999_00, amount_received: 999_999_00 } },
  };
}

/** Sends signed notices to one endpoint until each is answered with 2xx, as Stripe does: more than once, late, out of order. */
export function createWebhookSender(options: WebhookSenderOptions): WebhookSender {
  const { url, secret, render, now, log, capacity = 50_000 } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const counts: WebhookCounts = { delivered: 0, retries: 0, forgedSent: 0, forgedAccepted: 0, abandoned: 0 };
  let notices: Notice[] = [];
  let unreachableSince: number | null = null;
  let pausedUntil = 0;
  let pauseMs = FIRST_BACKOFF;
  let working: Promise<void> | null = null;

  const post = (body: string, signature: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = {
        "content-type": "application/json; charset=utf-8",
        "content-length": Buffer.byteLength(body),
        "stripe-signature": signature,
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
      };
      const call = request(url, { method: "POST", agent, headers, timeout: ANSWER_WITHIN }, (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
        response.on("error", reject);
      });
      call.on("timeout", () => call.destroy(new Error("no answer in time")));
      call.on("error", reject);
      call.end(body);
    });

  function tryAgain(notice: Notice): void {
    notice.attempt += 1;
    if (notice.attempt >= MAX_ATTEMPTS) {
      counts.abandoned += 1;
      return;
    }
    counts.retries += 1;
    notice.dueAt = now() + Math.min(MAX_BACKOFF, FIRST_BACKOFF * 2 ** Math.min(10, notice.attempt - 1));
    notices.push(notice);
  }

  function reached(): void {
    if (unreachableSince !== null)
      log(
        `webhook endpoint reachable again after ${Math.round((now() - unreachableSince) / SECOND)} s; ${notices.length} notices wait`,
      );
    unreachableSince = null;
    pauseMs = FIRST_BACKOFF;
  }

  function notReached(error: unknown): void {
    if (unreachableSince === null)
      log(
        `webhook endpoint not reachable, trying again: ${error instanceof Error ? error.message || error.name : String(error)}`,
      );
    unreachableSince ??= now();
    if (pausedUntil > now()) return;
    pausedUntil = now() + pauseMs;
    pauseMs = Math.min(MAX_BACKOFF / 4, pauseMs * 2);
  }

  async function deliver(notice: Notice, event: StripeEvent): Promise<void> {
    const forged = notice.forgery !== null;
    const body = JSON.stringify(forged ? forge(event) : event, null, 2);
    const at = Math.floor(now() / SECOND) - (notice.forgery === "stale" ? HOUR : 0);
    try {
      const status = await post(
        body,
        signWebhook(body, notice.forgery === "signature" ? `${secret}-forged` : secret, at),
      );
      reached();
      const taken = status >= 200 && status < 300;
      if (forged) {
        counts.forgedSent += 1;
        if (taken) {
          counts.forgedAccepted += 1;
          log(
            `FORGED NOTICE ACCEPTED with status ${status}: the receiver does not check signatures (${notice.forgery ?? ""})`,
          );
        }
      } else if (taken) counts.delivered += 1;
      else tryAgain(notice);
    } catch (error) {
      notReached(error);
      // Nobody was there: that is no answer to this notice, so it keeps its place in time.
      notices.push(notice);
    }
  }

  async function sendDue(): Promise<void> {
    const at = now();
    const due = notices
      .filter((notice) => notice.dueAt <= at)
      .toSorted((a, b) => a.dueAt - b.dueAt)
      .slice(0, RENDER_BATCH);
    if (due.length === 0) return;
    const chosen = new Set(due);
    notices = notices.filter((notice) => !chosen.has(notice));
    let events: (StripeEvent | null)[];
    try {
      events = await render(due.map(({ happening }) => happening));
    } catch (error) {
      log(`events could not be read, trying again: ${error instanceof Error ? error.message : String(error)}`);
      pausedUntil = now() + FIRST_BACKOFF;
      notices.push(...due);
      return;
    }
    const queue = due.map((notice, index) => ({ notice, event: events[index] ?? null }));
    const lane = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (next.event === null) counts.abandoned += 1;
        else if (pausedUntil > now()) notices.push(next.notice);
        else await deliver(next.notice, next.event);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  }

  const timer = setInterval(() => {
    if (working !== null || pausedUntil > now()) return;
    working = sendDue().finally(() => {
      working = null;
    });
  }, TICK);

  return {
    counts,
    waiting: () => notices.length,
    notify(happenings) {
      for (const happening of happenings) {
        for (const { afterMs, forgery } of planDeliveries(happening.code))
          notices.push({ happening, forgery, dueAt: now() + afterMs, attempt: 0 });
      }
      const surplus = notices.length - capacity;
      if (surplus <= 0) return;
      notices.splice(0, surplus);
      counts.abandoned += surplus;
      log(`ABANDONED ${surplus} notices: too many wait; the event list has them`);
    },
    async close() {
      clearInterval(timer);
      agent.destroy();
      await working;
    },
  };
}
