import fc from "fast-check";
import type { ParameterValues } from "@nova/pipeline-core/catalog";
import { asPlatformError } from "@nova/pipeline-core/kernel";
import { partitionGrain } from "@nova/pipeline-core/orchestration";
import { describe, expect, it } from "vitest";
import { openShop, type Shop, type ShopChange } from "./testing.ts";

const NOW = new Date("2026-11-20T12:00:00Z");
/** So far apart that each is looked for in a range of its own. */
const id = (most: number) => fc.integer({ min: 1, max: most }).map((number) => String(number * 60_000));
const money = fc.integer({ min: 0, max: 20_000 }).map((cents) => (cents / 100).toFixed(2));
const moment = fc.integer({ min: 0, max: 4 }).map((day) => `2026-11-0${day + 1} 10:00:00+00`);
const email = fc.constantFrom("a@x.example", "A+1@x.example", " b@x.example", "c@x.example", null);
const op = fc.constantFrom<ShopChange["op"]>("c", "u", "u", "d");
const db = (table: string, row: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({
    source: fc.constant("orders_db" as const),
    stream: fc.constant(`public.${table}`),
    op,
    row: fc.record(row),
  });

const change: fc.Arbitrary<ShopChange> = fc.oneof(
  {
    weight: 3,
    arbitrary: db("orders", {
      order_id: id(6),
      customer_id: id(4),
      status: fc.constantFrom("paid", "cancelled"),
      channel: fc.constantFrom("web", "app"),
      currency: fc.constant("EUR"),
      discount: money,
      total: money,
      placed_at: moment,
      updated_at: moment,
    }),
  },
  {
    weight: 2,
    arbitrary: db("order_lines", {
      order_line_id: id(8),
      order_id: id(6),
      product_id: id(3),
      quantity: id(5),
      line_total: money,
    }),
  },
  {
    weight: 2,
    arbitrary: db("payments", {
      payment_id: id(6),
      order_id: id(6),
      method: fc.constantFrom("card", "cash"),
      provider_reference: fc.constantFrom("pi_1", "pi_2", "pi_3", null),
      amount: money,
      currency: fc.constant("EUR"),
      status: fc.constantFrom("captured", "refunded", "failed"),
      created_at: moment,
    }),
  },
  db("refunds", { refund_id: id(4), payment_id: id(6), amount: money }),
  db("products", {
    product_id: id(3),
    name: fc.constantFrom("x", "y"),
    category_id: id(2),
    brand_id: id(2),
    list_price: money,
  }),
  db("categories", { category_id: id(2), name: fc.constantFrom("k", "l") }),
  db("brands", { brand_id: id(2), name: fc.constantFrom("m", "n") }),
  {
    weight: 2,
    arbitrary: db("customers", {
      customer_id: id(4),
      email,
      first_name: fc.constantFrom("A", "B"),
      created_at: moment,
    }),
  },
  db("customer_emails", { customer_id: id(4), email: fc.constantFrom("a@x.example", "c@x.example") }),
  db("addresses", {
    address_id: id(4),
    customer_id: id(4),
    city: fc.constantFrom("P", "Q"),
    kind: fc.constant("delivery"),
  }),
  fc.record({
    source: fc.constant("salesforce" as const),
    stream: fc.constant("Contact"),
    op,
    row: fc.record({
      Id: id(4),
      email,
      order_customer_id__c: fc.constantFrom("1", "2", null),
      createddate: fc.constant("2026-01-01T00:00:00Z"),
    }),
  }),
  fc.record({
    source: fc.constant("stripe" as const),
    stream: fc.constant("customer"),
    op,
    row: fc.record({
      id: id(4),
      email,
      metadata: fc.record({ customer_id: fc.constantFrom("1", "3", null) }),
      created: fc.constant(1_793_520_000),
    }),
  }),
  fc.record({
    source: fc.constant("stripe" as const),
    stream: fc.constant("payment_intent"),
    op,
    row: fc.record({
      id: fc.constantFrom("pi_1", "pi_2", "pi_3", "pi_4"),
      amount_received: fc.integer({ min: 0, max: 9_999 }),
      currency: fc.constant("eur"),
      status: fc.constant("succeeded"),
      created: fc.constant(1_793_520_000),
    }),
  }),
  fc.record({
    source: fc.constant("stripe" as const),
    stream: fc.constant("charge"),
    op,
    row: fc.record({
      id: id(4),
      payment_intent: fc.constantFrom("pi_1", "pi_2", "pi_4"),
      amount_refunded: fc.integer({ min: 0, max: 99 }),
    }),
  }),
  fc.record({
    source: fc.constant("app_logs" as const),
    stream: fc.constant("events"),
    op: fc.constant("c" as const),
    row: fc.record({
      ts: fc.integer({ min: 0, max: 20 }).map((minute) => `2026-11-20T11:${String(minute).padStart(2, "0")}:00Z`),
      service: fc.constantFrom("cart", "web"),
      level: fc.constantFrom("info", "error"),
      message: fc.constant("m"),
    }),
  }),
);

const history = fc.array(change, { minLength: 60, maxLength: 80 });
/** Few at a time: a change that a model overlooks must not be made good by another one of the same batch. */
const fewChanges = fc.array(change, { minLength: 1, maxLength: 3 });

/** Days computed with other parameters are what a model with these defaults makes of nothing. */
async function equalsRebuildWith(shop: Shop, name: string, values: ParameterValues): Promise<void> {
  const model = shop.definitions.models.find((one) => one.name === name);
  if (model === undefined) throw new Error(`no model ${name}`);
  const grain = partitionGrain(model.header);
  if (grain.per === "whole") throw new Error(`${name} is one whole`);
  const computing = shop.engine.recomputeModel({
    model,
    consumed: await shop.engine.snapshots(Object.keys(model.header.inputs)),
    days: { column: grain.column, ranges: [{ from: "2026-10-01", to: "2026-11-30" }] },
    parameters: values,
    within: async () => undefined,
  });
  const outcome = await computing.then(
    () => "computed",
    (error: unknown) => asPlatformError(error).kind,
  );
  // Changes may leave no row for it: what was never written has no days to compute by other values.
  const written = ((await shop.engine.snapshots([name])).get(name) ?? null) !== null;
  expect(outcome, name).toBe(written ? "computed" : "conflict");
  if (!written) return;
  const parameters = Object.fromEntries(
    Object.entries(model.header.parameters).map(([one, definition]) => [
      one,
      { ...definition, default: values[one] ?? definition.default },
    ]),
  );
  const rebuilt = await shop.rebuild({ ...model, header: { ...model.header, parameters } });
  expect(await shop.rows(name, "*", "ORDER BY ALL"), `${name} with parameters`).toEqual(
    await shop.rows(rebuilt, "*", "ORDER BY ALL"),
  );
}

describe.each([
  { comparing: "by-cost" as const, how: "old rows compared" },
  { comparing: "never" as const, how: "all rows of the keys taken for changed" },
])("refreshing a model by the keys that changed, $how,", ({ comparing }) => {
  it("gives what building it from nothing gives, after any changes in any batches", { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(history, ...Array.from({ length: 8 }, () => fewChanges)), async (batches) => {
        const shop = await openShop(() => NOW, comparing);
        try {
          for (const batch of batches) {
            await shop.feed(batch);
            await shop.refreshAll();
          }
          for (const model of shop.definitions.models) {
            const rebuilt = await shop.rebuild(model);
            const columns = Object.keys(model.header.columns)
              .map((column) => `CAST("${column}" AS varchar)`)
              .join(", ");
            expect(await shop.rows(model.name, columns, "ORDER BY ALL"), model.name).toEqual(
              await shop.rows(rebuilt, columns, "ORDER BY ALL"),
            );
          }
          await equalsRebuildWith(shop, "mart.payment_reconciliation", { tolerance: "5.00" });
        } finally {
          await shop.close();
        }
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });
});
