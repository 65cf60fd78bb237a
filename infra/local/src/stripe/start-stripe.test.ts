import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Client } from "pg";
import Stripe from "stripe";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stripePaymentIntentId } from "../order-db/references.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { messyEmail, person } from "../people.ts";
import { amountAtStripe } from "./discrepancies.ts";
import { type EventType, eventCode } from "./event-kinds.ts";
import { planDeliveries } from "./webhook-plan.ts";
import { startStripe, type StripeOptions, type StripeStandIn } from "./start-stripe.ts";

const API_KEY = "sk_test_novaretail_demo_key";
const SECRET = "whsec_novaretail";
const PAYMENTS = 700;

// The columns of the order database that the stand-in reads, as its schema names them.
const TABLES = `
  CREATE TABLE customers (customer_id bigint PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE orders (order_id bigint PRIMARY KEY, customer_id bigint NOT NULL);
  CREATE TABLE payments (payment_id bigint PRIMARY KEY, order_id bigint NOT NULL, method text NOT NULL DEFAULT 'card', provider_reference text,
    amount numeric(12,2) NOT NULL, currency char(3) NOT NULL DEFAULT 'EUR', status text NOT NULL DEFAULT 'pending',
    captured_at timestamptz, created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE refunds (refund_id bigint PRIMARY KEY, payment_id bigint NOT NULL, amount numeric(12,2) NOT NULL, reason text, created_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO customers SELECT n, now() - interval '3 days' FROM generate_series(1, 50) n;
  INSERT INTO orders SELECT n, 1 + n % 50 FROM generate_series(1, ${PAYMENTS}) n;
  -- Captured one an hour or so over the last 20 days; every tenth is no card, one in fifty failed.
  INSERT INTO payments SELECT n, n, CASE WHEN n % 10 = 0 THEN 'paypal' ELSE 'card' END, 'pi_' || substr(encode(sha256(convert_to('payment ' || n, 'UTF8')), 'hex'), 1, 24),
    10 + n / 100.0, 'EUR', CASE WHEN n % 50 = 1 THEN 'failed' ELSE 'captured' END,
    CASE WHEN n % 50 <> 1 THEN at + interval '2 minutes' END, at, at + interval '2 minutes'
    FROM generate_series(1, ${PAYMENTS}) n, LATERAL (SELECT now() - interval '20 days' + n * interval '20 days' / ${PAYMENTS + 1} AS at) t;
  INSERT INTO refunds SELECT n, 600 + n, 5, 'return', now() - interval '1 hour' FROM generate_series(1, 20) n;`;

let server: TestPostgres;
let database: Client;
let databases = 0;
const open: StripeStandIn[] = [];
const listeners: Server[] = [];

beforeAll(async () => {
  server = await startTestPostgres();
}, 60_000);
afterAll(() => server.stop());

beforeEach(async () => {
  databases += 1;
  await server.createDatabase(`orders${databases}`);
  database = new Client(server.url(`orders${databases}`));
  await database.connect();
  await database.query(TABLES);
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((standIn) => standIn.close()));
  await Promise.all(listeners.splice(0).map((listener) => new Promise((resolve) => listener.close(resolve))));
  await database.end();
});

async function start(extra: Partial<StripeOptions> = {}): Promise<StripeStandIn> {
  const standIn = await startStripe({
    port: 0,
    apiKey: API_KEY,
    ordersDbUrl: server.url(`orders${databases}`),
    pollMs: 50,
    log: () => undefined,
    ...extra,
  });
  open.push(standIn);
  await standIn.ready;
  return standIn;
}

function client(standIn: StripeStandIn, apiKey = API_KEY): Stripe {
  const { hostname, port } = new URL(standIn.url);
  return new Stripe(apiKey, {
    host: hostname,
    port: Number(port),
    protocol: "http",
    maxNetworkRetries: 0,
    telemetry: false,
  });
}

interface Notice {
  readonly body: string;
  readonly signature: string;
}

async function endpoint(answer: (notices: readonly Notice[]) => number): Promise<{ url: string; notices: Notice[] }> {
  const notices: Notice[] = [];
  const listener = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      notices.push({ body, signature: String(request.headers["stripe-signature"]) });
      response.writeHead(answer(notices)).end();
    });
  });
  listeners.push(listener);
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}/webhooks/stripe`, notices };
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of list) items.push(item);
  return items;
}

/** The first number from `start` on whose events are sent at once and once: others come late or twice on purpose. */
function promptNumber(start: number, types: readonly EventType[]): number {
  const prompt = (number: number): boolean =>
    types.every((type) => JSON.stringify(planDeliveries(eventCode(type, number))) === '[{"afterMs":0,"forgery":null}]');
  for (let number = start; ; number += 1)
    if (number % 200 !== 13 && number % 331 !== 5 && number % 20 !== 3 && prompt(number)) return number;
}

describe("reading with the official library", { timeout: 30_000 }, () => {
  test("the events of the last week page through without a gap, newest first", async () => {
    const stripe = client(await start());
    const events = await all(stripe.events.list({ limit: 100 }));
    expect(events.length).toBeGreaterThan(400);
    expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
    expect(events.map((event) => event.created)).toEqual(
      events.map((event) => event.created).toSorted((a, b) => b - a),
    );
    const firstDay = Math.floor(Date.now() / 86_400_000 - 7) * 86_400;
    const oldest = Math.min(...events.map((event) => event.created));
    expect(oldest).toBeGreaterThanOrEqual(firstDay);
    // Payments lie evenly over 20 days; of five in a row at least one went by card and is known to Stripe.
    expect(oldest).toBeLessThan(firstDay + (5 * 20 * 86_400) / PAYMENTS);
    const types = new Set(events.map((event) => event.type));
    expect([...types].toSorted()).toEqual([
      "charge.dispute.created",
      "charge.failed",
      "charge.refunded",
      "charge.succeeded",
      "customer.created",
      "customer.updated",
      "invoice.paid",
      "payment_intent.created",
      "payment_intent.payment_failed",
      "payment_intent.succeeded",
      "refund.created",
    ]);
    expect(events.every((event) => event.api_version === Stripe.API_VERSION && !event.livemode)).toBe(true);
  });

  test("a list of events filters by type and time, and goes on after or before one", async () => {
    const stripe = client(await start());
    const refunds = await stripe.events.list({ types: ["charge.refunded", "refund.created"], limit: 100 });
    // Of 20 refunds two are not by card and one is of a payment missing at Stripe.
    expect(refunds.data).toHaveLength(34);
    const charges = await stripe.events.list({
      type: "charge.*",
      created: { gte: Math.floor(Date.now() / 1000) - 86_400 },
      limit: 100,
    });
    expect(
      charges.data.every((event) => event.type.startsWith("charge.") && event.created >= Date.now() / 1000 - 86_401),
    ).toBe(true);
    const page = (await stripe.events.list({ limit: 10 })).data;
    expect(
      (await stripe.events.list({ limit: 3, starting_after: page[3]?.id ?? "" })).data.map(({ id }) => id),
    ).toEqual(page.slice(4, 7).map(({ id }) => id));
    expect((await stripe.events.list({ limit: 3, ending_before: page[5]?.id ?? "" })).data.map(({ id }) => id)).toEqual(
      page.slice(2, 5).map(({ id }) => id),
    );
    expect((await stripe.events.retrieve(page[0]?.id ?? "")).id).toBe(page[0]?.id);
  });

  test("a captured payment is an intent and a charge of its order, its customer and its amount in minor units", async () => {
    const stripe = client(await start());
    const intent = await stripe.paymentIntents.retrieve(stripePaymentIntentId(605));
    expect(intent).toMatchObject({
      amount: 1605,
      amount_received: 1605,
      currency: "eur",
      status: "succeeded",
      livemode: false,
      metadata: { payment_id: "605", order_id: "605", customer_id: "6" },
    });
    const charge = await stripe.charges.retrieve(intent.latest_charge as string);
    expect(charge).toMatchObject({
      payment_intent: intent.id,
      amount: 1605,
      amount_refunded: 500,
      refunded: false,
      paid: true,
    });
    const customer = await stripe.customers.retrieve(intent.customer as string);
    expect(customer).toMatchObject({
      email: messyEmail(person(5), "stripe"),
      name: `${person(5).firstName} ${person(5).lastName}`,
    });
    const [refund] = (await stripe.refunds.list({ payment_intent: intent.id })).data;
    expect(refund).toMatchObject({ charge: charge.id, amount: 500 });
    expect(await stripe.refunds.retrieve(String(refund?.id))).toMatchObject({ id: refund?.id });
  });

  test("lists hold every card payment but those missing on purpose, and the second charges nobody else knows", async () => {
    const stripe = client(await start());
    const intents = await all(stripe.paymentIntents.list({ limit: 100 }));
    const numbers = Array.from({ length: PAYMENTS }, (_, index) => index + 1).filter((number) => number % 10 !== 0);
    const known = intents.map((intent) => Number(intent.metadata.payment_id)).filter((number) => !Number.isNaN(number));
    expect(numbers.filter((number) => !known.includes(number))).toEqual([13, 213, 413, 613]);
    expect(new Set(known).size).toBe(known.length);
    expect(
      intents.filter((intent) => intent.metadata.payment_id === undefined).map((intent) => intent.metadata.order_id),
    ).toEqual(["667", "336", "5"]);
    const wrong = intents
      .filter((intent) => intent.amount !== 1000 + Number(intent.metadata.order_id))
      .map((intent) => Number(intent.metadata.order_id));
    expect(wrong).toEqual([677, 477, 277, 77]);
    expect(intents.find((intent) => intent.metadata.payment_id === "477")?.amount).toBe(amountAtStripe(477, 1477));
    const paged = await all(stripe.paymentIntents.list({ limit: 7 }));
    expect(paged.map(({ id }) => id)).toEqual(intents.map(({ id }) => id));
    const backwards = await stripe.paymentIntents.list({ limit: 5, ending_before: intents[20]?.id ?? "" });
    expect(backwards.data.map(({ id }) => id)).toEqual(intents.slice(15, 20).map(({ id }) => id));
  });

  test("disputes, invoices, charges and customers list and retrieve", async () => {
    const stripe = client(await start());
    const [disputes, invoices, charges, customers] = await Promise.all([
      all(stripe.disputes.list({ limit: 100 })),
      all(stripe.invoices.list({ limit: 100 })),
      all(stripe.charges.list({ limit: 100 })),
      all(stripe.customers.list({ limit: 100 })),
    ]);
    expect(disputes.map((dispute) => dispute.metadata.payment_id)).toEqual(["506", "7"]);
    expect(
      invoices.every((invoice) => invoice.status === "paid" && Number(invoice.metadata?.payment_id) % 20 === 3),
    ).toBe(true);
    expect(
      charges
        .filter((charge) => charge.status === "failed")
        .every((charge) => !charge.paid && charge.failure_code === "card_declined"),
    ).toBe(true);
    expect(customers).toHaveLength(50);
    const withNumber = customers.filter((customer) => customer.metadata.customer_id !== undefined).length;
    expect(withNumber).toBeGreaterThan(25);
    expect(withNumber).toBeLessThan(45);
    expect((await stripe.disputes.retrieve(disputes[0]?.id ?? "")).id).toBe(disputes[0]?.id);
    expect((await stripe.invoices.retrieve(invoices[0]?.id ?? "")).id).toBe(invoices[0]?.id);
    expect(
      (await stripe.charges.list({ customer: customers[3]?.id ?? "", limit: 100 })).data.every(
        (charge) => charge.customer === customers[3]?.id,
      ),
    ).toBe(true);
  });

  test("mistakes are refused in Stripe's words", async () => {
    const standIn = await start();
    const stripe = client(standIn);
    await expect(client(standIn, "sk_test_wrong_key_of_somebody").events.list()).rejects.toMatchObject({
      type: "StripeAuthenticationError",
      statusCode: 401,
    });
    await expect(stripe.events.retrieve("evt_unknown")).rejects.toMatchObject({
      type: "StripeInvalidRequestError",
      code: "resource_missing",
      statusCode: 404,
    });
    await expect(stripe.charges.retrieve("ch_3Nova0000000001aaaaaa")).rejects.toMatchObject({
      code: "resource_missing",
    });
    await expect(stripe.events.list({ limit: 101 })).rejects.toMatchObject({ statusCode: 400, param: "limit" });
    standIn.failNext({ status: 429 });
    await expect(stripe.events.list()).rejects.toMatchObject({ type: "StripeRateLimitError" });
    standIn.failNext({ status: 500 });
    await expect(stripe.events.list()).rejects.toMatchObject({ type: "StripeAPIError" });
  });

  test("event ids and contents are the same after a restart", async () => {
    const sixDaysAgo = Math.floor(Date.now() / 1000) - 6 * 86_400;
    const list = async (standIn: StripeStandIn): Promise<Stripe.Event[]> =>
      all(client(standIn).events.list({ limit: 100, created: { gte: sixDaysAgo, lte: sixDaysAgo + 5 * 86_400 } }));
    const first = await start();
    const before = await list(first);
    await first.close();
    expect(await list(await start())).toEqual(before);
  });
});

describe("following the order database", { timeout: 40_000 }, () => {
  const PAYMENT = promptNumber(1001, [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "customer.updated",
  ]);
  const REFUND = promptNumber(100, ["refund.created", "charge.refunded"]);
  const pay = (id: number): Promise<unknown> =>
    database.query(
      `WITH o AS (INSERT INTO orders VALUES (${id}, 7)) INSERT INTO payments (payment_id, order_id, amount, provider_reference) VALUES (${id}, ${id}, 12.34, '${stripePaymentIntentId(id)}')`,
    );

  test("a payment that is made, captured and refunded is announced step by step with a signature that verifies", async () => {
    const { url, notices } = await endpoint(() => 200);
    const stripe = client(await start({ webhook: { url, secret: SECRET } }));
    const types = (): string[] =>
      notices
        .map(({ body, signature }) => stripe.webhooks.constructEvent(body, signature, SECRET))
        .map((event) => event.type);
    await pay(PAYMENT);
    await expect.poll(types, { timeout: 10_000 }).toEqual(["payment_intent.created"]);
    await database.query(
      `UPDATE payments SET status = 'captured', captured_at = now(), updated_at = now() WHERE payment_id = ${PAYMENT}`,
    );
    await expect.poll(() => types().length, { timeout: 10_000 }).toBe(4);
    await database.query(`INSERT INTO refunds VALUES (${REFUND}, ${PAYMENT}, 2.34, 'return')`);
    await expect
      .poll(() => types().toSorted(), { timeout: 10_000 })
      .toEqual([
        "charge.refunded",
        "charge.succeeded",
        "customer.updated",
        "payment_intent.created",
        "payment_intent.succeeded",
        "refund.created",
      ]);
    const listed = await stripe.events.list({ limit: 6 });
    expect(listed.data.map(({ id }) => id).toSorted()).toEqual(
      notices.map(({ body }) => String(JSON.parse(body).id)).toSorted(),
    );
  });

  test("a customer that is deleted is announced once, as they were, and is no longer there", async () => {
    const stripe = client(await start());
    const [before] = await all(stripe.customers.list({ limit: 100 }));
    await database.query("DELETE FROM customers WHERE customer_id = 50");
    const deletions = async () => (await stripe.events.list({ type: "customer.deleted" })).data;
    await expect.poll(async () => (await deletions()).length, { timeout: 10_000 }).toBe(1);
    expect((await deletions()).map((event) => event.data.object)).toEqual([before]);
    await expect(stripe.customers.retrieve(before?.id ?? "")).rejects.toMatchObject({ code: "resource_missing" });
    expect(await all(stripe.customers.list({ limit: 100 }))).toHaveLength(49);
  });

  test("a notice is sent again until it is answered with 2xx", async () => {
    const { url, notices } = await endpoint((received) => (received.length < 3 ? 500 : 200));
    const standIn = await start({ webhook: { url, secret: SECRET } });
    await pay(PAYMENT);
    await expect.poll(() => standIn.webhookCounts()?.delivered, { timeout: 15_000 }).toBe(1);
    expect(notices).toHaveLength(3);
    expect(new Set(notices.map(({ body }) => JSON.parse(body).id)).size).toBe(1);
  });

  test("what changes while the database restarts is announced afterwards", async () => {
    const { url, notices } = await endpoint(() => 200);
    await start({ webhook: { url, secret: SECRET } });
    await database.end();
    await server.restart();
    database = new Client(server.url(`orders${databases}`));
    await database.connect();
    await pay(PAYMENT);
    await expect.poll(() => notices.length, { timeout: 20_000 }).toBe(1);
  });
});
