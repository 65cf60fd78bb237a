import Stripe from "stripe";
import { expect, test } from "vitest";
import { createEventIndex } from "./event-index.ts";
import { EVENT_KINDS, eventCode, eventCodeOf, eventId, kindOf, numberOf, paymentHappenings } from "./event-kinds.ts";
import type { PaymentRow } from "./order-rows.ts";
import { planDeliveries } from "./webhook-plan.ts";
import { createWebhookSender } from "./webhook-sender.ts";
import { signWebhook } from "./webhook-signature.ts";

const codes = Array.from({ length: 50_000 }, (_, index) => eventCode("charge.succeeded", index + 1));
const share = (test: (code: number) => boolean): number => codes.filter(test).length / codes.length;

test("duplicates, disorder, lateness, gaps and forgeries come at their rates", () => {
  const genuine = (code: number): number[] =>
    planDeliveries(code).flatMap(({ forgery, afterMs }) => (forgery === null ? [afterMs] : []));
  expect(share((code) => genuine(code).length === 2)).toBeCloseTo(0.03, 2);
  expect(share((code) => genuine(code).length === 0)).toBeCloseTo(0.005, 2);
  expect(share((code) => (genuine(code)[0] ?? 0) >= 120_000)).toBeCloseTo(0.015, 2);
  expect(
    share((code) => genuine(code).length === 1 && (genuine(code)[0] ?? 0) > 0 && (genuine(code)[0] ?? 0) < 10_000),
  ).toBeCloseTo(0.03, 2);
  const forgeries = codes.flatMap((code) =>
    planDeliveries(code).flatMap(({ forgery }) => (forgery === null ? [] : [forgery])),
  );
  expect(forgeries.length / codes.length).toBeCloseTo(0.01, 2);
  expect(new Set(forgeries)).toEqual(new Set(["signature", "stale"]));
});

test("an event id leads back to its event, and a made-up one to none", () => {
  for (const kind of EVENT_KINDS) {
    const code = eventCode(kind.type, 123_456_789, kind.second);
    expect(eventCodeOf(eventId(code))).toBe(code);
    expect([kindOf(code), numberOf(code)]).toEqual([kind, 123_456_789]);
  }
  expect(eventCodeOf("evt_3Nova20000001x9aaaaaa")).toBeNull();
  expect(eventCodeOf("evt_1Abc")).toBeNull();
});

test("signatures follow Stripe's scheme; forged and stale ones fail", () => {
  const stripe = new Stripe("sk_test_x");
  const now = Math.floor(Date.now() / 1000);
  const body = JSON.stringify({ id: "evt_1", object: "event" }, null, 2);
  expect(stripe.webhooks.constructEvent(body, signWebhook(body, "whsec_a", now), "whsec_a").id).toBe("evt_1");
  expect(() => stripe.webhooks.constructEvent(body, signWebhook(body, "whsec_a-forged", now), "whsec_a")).toThrow(
    "No signatures found",
  );
  expect(() => stripe.webhooks.constructEvent(body, signWebhook(body, "whsec_a", now - 3600), "whsec_a")).toThrow(
    "Timestamp outside the tolerance",
  );
});

test("an order charged twice has two intents; a missing payment has no event but those of the second", () => {
  const row = {
    paymentId: 5,
    orderId: 1,
    customerId: 1,
    customerCreatedAt: 1,
    reference: null,
    amount: 100,
    currency: "eur",
    status: "captured",
    createdAt: 1000,
    capturedAt: 1100,
    updatedAt: 1100,
    refunded: 0,
  } as const satisfies PaymentRow;
  expect(
    paymentHappenings(row).map(({ code }) => `${kindOf(code).type}${kindOf(code).second ? " again" : ""}`),
  ).toEqual([
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "customer.updated",
    "payment_intent.created again",
    "charge.succeeded again",
    "payment_intent.succeeded again",
  ]);
  expect(paymentHappenings({ ...row, paymentId: 13 })).toEqual([]);
});

test("the index keeps order, refuses doubles, and forgets the oldest above its capacity", () => {
  const index = createEventIndex(5_000);
  expect(index.add({ code: 2, created: 20 })).toBe(true);
  expect(index.add({ code: 1, created: 10 })).toBe(true);
  expect(index.add({ code: 2, created: 20 })).toBe(false);
  const everything = {
    types: null,
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
    olderThan: null,
    newerThan: null,
    limit: 100_000,
  };
  expect(index.find(everything).map(({ code }) => code)).toEqual([2, 1]);
  for (let n = 3; n <= 10_000; n += 1) index.add({ code: n, created: n * 10 });
  expect(index.size()).toBeLessThanOrEqual(6_000);
  expect(index.find(everything)[0]).toEqual({ code: 10_000, created: 100_000 });
  expect(index.createdOf(1)).toBeUndefined();
});

test("while the endpoint is down the oldest notices above the capacity are abandoned, and it is said", async () => {
  const said: string[] = [];
  const sender = createWebhookSender({
    url: "http://127.0.0.1:1/",
    secret: "s",
    capacity: 100,
    now: () => 0,
    log: (line) => said.push(line),
    render: () => Promise.reject(new Error("not asked")),
  });
  sender.notify(codes.slice(0, 500).map((code) => ({ code, created: 1 })));
  await sender.close();
  expect(sender.waiting()).toBe(100);
  expect(sender.counts.abandoned).toBeGreaterThan(390);
  expect(said[0]).toMatch(/^ABANDONED \d+ notices/);
});
