import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openShop, type Shop, type ShopChange } from "./testing.ts";

const NOW = new Date("2026-11-20T12:00:00Z");
const db = (table: string, row: ShopChange["row"]): ShopChange => ({
  source: "orders_db",
  stream: `public.${table}`,
  op: "c",
  row,
});
const contact = (row: ShopChange["row"]): ShopChange => ({ source: "salesforce", stream: "Contact", op: "c", row });
const stripe = (stream: string, row: ShopChange["row"]): ShopChange => ({ source: "stripe", stream, op: "c", row });
const event = (row: ShopChange["row"]): ShopChange => ({ source: "app_logs", stream: "events", op: "c", row });
const created = 1_793_520_000;

const FIXTURE: readonly ShopChange[] = [
  db("customers", {
    customer_id: "1",
    email: " Ana@Nova.example",
    first_name: "Ana",
    last_name: "Lima",
    status: "active",
    marketing_opt_in: "t",
    birth_date: "1990-02-03",
    created_at: "2026-01-01 00:00:00+00",
  }),
  db("customers", {
    customer_id: "2",
    email: "bo.new@nova.example",
    first_name: "Bo",
    last_name: "Chen",
    status: "active",
    marketing_opt_in: "f",
    created_at: "2026-02-01 00:00:00+00",
  }),
  db("customer_emails", {
    customer_id: "2",
    email: "bo.old@nova.example",
    valid_from: "2026-02-01 00:00:00+00",
    valid_to: "2026-03-01 00:00:00+00",
  }),
  db("addresses", { address_id: "1", customer_id: "1", city: "Lisboa", country: "PT", kind: "delivery" }),
  db("categories", { category_id: "4", name: "Shoes" }),
  db("brands", { brand_id: "5", name: "Nova" }),
  db("products", {
    product_id: "3",
    sku: "S-3",
    name: "Runner",
    category_id: "4",
    brand_id: "5",
    list_price: "49.955",
    active: "t",
    created_at: "2026-01-01 00:00:00+00",
    updated_at: "2026-01-01 00:00:00+00",
  }),
  db("orders", {
    order_id: "10",
    order_number: "NR-10",
    customer_id: "1",
    status: "shipped",
    channel: "web",
    currency: "EUR",
    subtotal: "99.90",
    discount: "5.00",
    shipping: "4.90",
    tax: "0.20",
    total: "100.00",
    placed_at: "2026-11-01 23:30:00+00",
    updated_at: "2026-11-02 00:00:00+00",
  }),
  db("orders", {
    order_id: "11",
    order_number: "NR-11",
    customer_id: "2",
    status: "cancelled",
    channel: "web",
    currency: "EUR",
    subtotal: "20.00",
    discount: "0.00",
    shipping: "0.00",
    tax: "0.00",
    total: "20.00",
    placed_at: "2026-11-01 08:00:00+00",
    updated_at: "2026-11-01 08:00:00+00",
  }),
  db("order_lines", {
    order_line_id: "100",
    order_id: "10",
    line_no: "1",
    product_id: "3",
    quantity: "2",
    unit_price: "49.95",
    discount: "0.00",
    line_total: "99.90",
    updated_at: "2026-11-01 23:30:00+00",
  }),
  db("payments", {
    payment_id: "7",
    order_id: "10",
    method: "card",
    provider: "stripe",
    provider_reference: "pi_7",
    amount: "100.00",
    currency: "EUR",
    status: "captured",
    captured_at: "2026-11-01 23:31:00+00",
    created_at: "2026-11-01 23:30:30+00",
    updated_at: "2026-11-01 23:31:00+00",
  }),
  db("payments", {
    payment_id: "8",
    order_id: "11",
    method: "card",
    provider: "stripe",
    provider_reference: "pi_8",
    amount: "20.00",
    currency: "EUR",
    status: "captured",
    created_at: "2026-11-01 08:00:30+00",
    updated_at: "2026-11-01 08:00:30+00",
  }),
  db("refunds", {
    refund_id: "9",
    payment_id: "7",
    amount: "10.00",
    reason: "damaged",
    created_at: "2026-11-05 00:00:00+00",
  }),
  contact({
    Id: "003A",
    email: "ana+news@nova.example",
    firstname: "Ana",
    lastname: "Lima",
    phone: "+351 1",
    mailingcity: "Porto",
    mailingcountry: "PT",
    marketing_segment__c: "Loyal",
    order_customer_id__c: null,
    createddate: "2025-12-01T00:00:00.000Z",
  }),
  contact({ Id: "003B", email: "BO.OLD@nova.example ", lastname: "Chen", createddate: "2026-02-02T00:00:00.000Z" }),
  contact({
    Id: "003C",
    email: "someone@else.example",
    firstname: "Cleo",
    lastname: "Ray",
    order_customer_id__c: null,
    createddate: "2026-05-01T00:00:00.000Z",
  }),
  stripe("customer", {
    id: "cus_1",
    email: "other@mail.example",
    name: "A. Lima",
    metadata: { customer_id: "1" },
    created,
  }),
  stripe("customer", { id: "cus_3", email: "Someone@Else.example", name: "Cleo Ray", metadata: {}, created }),
  stripe("payment_intent", {
    id: "pi_7",
    amount: 9900,
    amount_received: 9900,
    currency: "eur",
    status: "succeeded",
    created: 1_793_575_830,
  }),
  stripe("payment_intent", {
    id: "pi_99",
    amount: 500,
    amount_received: 500,
    currency: "eur",
    status: "succeeded",
    created: 1_793_575_830,
  }),
  stripe("charge", { id: "ch_7", payment_intent: "pi_7", amount: 9900, amount_refunded: 1000 }),
  event({
    ts: "2026-11-20T11:52:10.000Z",
    service: "checkout",
    level: "INFO",
    message: "POST /orders",
    attributes: { "http.route": "/orders", "http.status_code": 201, duration_ms: 40 },
  }),
  event({
    ts: "2026-11-20T11:54:59.999Z",
    service: "checkout",
    level: "error",
    message: "boom",
    attributes: { "http.route": "/orders", "http.status_code": 503, duration_ms: 900, "error.type": "Timeout" },
  }),
  event({ ts: "2026-11-20T11:55:00.000Z", service: "checkout", level: "info", message: "ok", attributes: {} }),
];

let shop: Shop;
beforeAll(async () => {
  shop = await openShop(() => NOW);
  await shop.feed(FIXTURE);
  await shop.refreshAll();
}, 120_000);
afterAll(() => shop.close());

/** What each model makes of the fixture; a model without an expectation fails. */
const EXPECTED: Record<string, { select: string; rows: unknown[][] }> = {
  "curated.customer_identities": {
    select: "source || ' ' || source_id AS record, customer_key, matched_by",
    rows: [
      ["orders_db 1", "orders_db:1", "self"],
      ["orders_db 2", "orders_db:2", "self"],
      ["salesforce 003A", "orders_db:1", "email"],
      ["salesforce 003B", "orders_db:2", "email"],
      ["salesforce 003C", "salesforce:003C", "self"],
      ["stripe cus_1", "orders_db:1", "reference"],
      ["stripe cus_3", "salesforce:003C", "email"],
    ],
  },
  "curated.customers": {
    select:
      "customer_key, email, first_name, city, country, segment, sources, records_count, CAST(created_at AS varchar), orders_count, CAST(lifetime_value AS varchar)",
    rows: [
      [
        "orders_db:1",
        "ana@nova.example",
        "Ana",
        "Lisboa",
        "PT",
        "Loyal",
        "orders_db,salesforce,stripe",
        3,
        "2025-12-01 00:00:00+00",
        "1",
        "90.00",
      ],
      [
        "orders_db:2",
        "bo.new@nova.example",
        "Bo",
        null,
        null,
        null,
        "orders_db,salesforce",
        2,
        "2026-02-01 00:00:00+00",
        "0",
        "0.00",
      ],
      [
        "salesforce:003C",
        "someone@else.example",
        "Cleo",
        null,
        null,
        null,
        "salesforce,stripe",
        2,
        "2026-05-01 00:00:00+00",
        "0",
        "0.00",
      ],
    ],
  },
  "curated.orders": {
    select:
      "order_id, customer_key, status, CAST(total AS varchar), lines_count, items_count, payment_status, CAST(paid_amount AS varchar), CAST(refunded_amount AS varchar)",
    rows: [
      ["10", "orders_db:1", "shipped", "100.00", "1", "2", "paid", "100.00", "10.00"],
      ["11", "orders_db:2", "cancelled", "20.00", "0", "0", "paid", "20.00", "0.00"],
    ],
  },
  "curated.order_lines": {
    select: "order_line_id, order_id, sku, product_name, category, quantity, CAST(line_total AS varchar), order_status",
    rows: [["100", "10", "S-3", "Runner", "Shoes", 2, "99.90", "shipped"]],
  },
  "curated.products": {
    select: "product_id, name, category, brand, CAST(list_price AS varchar), active",
    rows: [["3", "Runner", "Shoes", "Nova", "49.9550", true]],
  },
  "curated.payments": {
    select:
      "payment_key, order_id, status, CAST(amount AS varchar), currency, CAST(refunded_amount AS varchar), stripe_payment_intent_id, CAST(stripe_amount AS varchar), CAST(stripe_refunded_amount AS varchar), known_to",
    rows: [
      ["orders_db:7", "10", "captured", "100.00", "EUR", "10.00", "pi_7", "99.00", "10.00", "both"],
      ["orders_db:8", "11", "captured", "20.00", "EUR", "0.00", "pi_8", null, null, "orders_db"],
      ["stripe:pi_99", null, "succeeded", null, "EUR", "0.00", "pi_99", "5.00", null, "stripe"],
    ],
  },
  "curated.service_events": {
    select: "CAST(event_ts AS varchar), service, level, http_status_code, duration_ms, is_error, error_type",
    rows: [
      ["2026-11-20 11:52:10+00", "checkout", "info", 201, 40, false, null],
      ["2026-11-20 11:54:59.999+00", "checkout", "error", 503, 900, true, "Timeout"],
      ["2026-11-20 11:55:00+00", "checkout", "info", null, null, false, null],
    ],
  },
  "mart.daily_sales": {
    select:
      "CAST(sale_date AS varchar), channel, orders_count, cancelled_count, customers_count, items_count, CAST(gross_sales AS varchar), CAST(discounts AS varchar), CAST(refunds AS varchar), CAST(net_sales AS varchar)",
    rows: [["2026-11-01", "web", "1", "1", "1", "2", "100.00", "5.00", "10.00", "90.00"]],
  },
  "mart.service_health_5m": {
    select:
      "CAST(window_start AS varchar), service, events_count, requests_count, errors_count, error_rate, avg_duration_ms",
    rows: [
      ["2026-11-20 11:50:00+00", "checkout", "2", "2", "1", 0.5, 470],
      ["2026-11-20 11:55:00+00", "checkout", "1", "0", "0", 0, null],
    ],
  },
  "mart.payment_reconciliation": {
    select:
      "outcome, CAST(payment_date AS varchar), currency, payments_count, CAST(orders_db_amount AS varchar), CAST(stripe_amount AS varchar), CAST(difference AS varchar)",
    rows: [
      ["amount-differs", "2026-11-01", "EUR", "1", "100.00", "99.00", "1.00"],
      ["missing-at-stripe", "2026-11-01", "EUR", "1", "20.00", "0.00", "20.00"],
      ["only-at-stripe", "2026-11-01", "EUR", "1", "0.00", "5.00", "-5.00"],
    ],
  },
};

/** What models with parameters make of the day by other values than the defaults. */
const PARAMETERS = { tolerance: "1.00" };
const TOLERANT = [
  ["matched", "2026-11-01", "EUR", "1", "100.00", "99.00", "1.00"],
  ["missing-at-stripe", "2026-11-01", "EUR", "1", "20.00", "0.00", "20.00"],
  ["only-at-stripe", "2026-11-01", "EUR", "1", "0.00", "5.00", "-5.00"],
];

describe("every model on a small shop", () => {
  it("has an expectation, and none was refused", () => {
    expect(shop.definitions.problems).toEqual([]);
    expect(Object.keys(EXPECTED).toSorted()).toEqual(shop.definitions.models.map((model) => model.name).toSorted());
  });

  it.each(Object.entries(EXPECTED))("%s", async (dataset, { select, rows }) => {
    expect(await shop.rows(dataset, select)).toEqual(rows);
  });

  it("mart.payment_reconciliation with a tolerance, and without it again", async () => {
    const name = "mart.payment_reconciliation";
    const { select = "", rows } = EXPECTED[name] ?? {};
    const model = shop.definitions.models.find((one) => one.name === name);
    if (model === undefined) throw new Error(`no model ${name}`);
    const consumed = await shop.engine.snapshots(Object.keys(model.header.inputs));
    const days = { column: "payment_date", ranges: [{ from: "2026-11-01", to: "2026-11-01" }] };
    const request = { model, consumed, days, within: async () => undefined };
    const change = await shop.engine.recomputeModel({ ...request, parameters: PARAMETERS });
    expect(change.computed).toEqual(days.ranges);
    expect(await shop.rows(name, select)).toEqual(TOLERANT);
    await shop.engine.recomputeModel(request);
    expect(await shop.rows(name, select)).toEqual(rows);
  });

  it("mart.payment_reconciliation asks by day whether Stripe has told of payments", async () => {
    const model = shop.definitions.models.find((one) => one.name === "mart.payment_reconciliation");
    if (model === undefined) throw new Error("no model mart.payment_reconciliation");
    expect(await shop.engine.askGate(model)).toEqual([{ day: "2026-11-01", value: 2 }]);
  });
});
