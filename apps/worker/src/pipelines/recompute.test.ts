import type { ModelFile } from "@nova/pipeline-core/catalog";
import { partitionGrain } from "@nova/pipeline-core/orchestration";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openShop, type Shop, type ShopChange } from "./testing.ts";

const NOW = new Date("2026-11-20T12:00:00Z");
const SALES = "mart.daily_sales";
const EVENTS = "curated.service_events";
const nothing = async (): Promise<void> => undefined;

let shop: Shop;
beforeEach(async () => {
  shop = await openShop(() => NOW);
});
afterEach(() => shop.close());

const order = (id: number, day: number, total: string): ShopChange => ({
  source: "orders_db",
  stream: "public.orders",
  op: "c",
  row: {
    order_id: String(id),
    customer_id: "1",
    status: "paid",
    channel: "web",
    currency: "EUR",
    discount: "0.00",
    total,
    placed_at: `2026-11-${String(day).padStart(2, "0")} 23:59:59+00`,
  },
});
const event = (id: number, day: number): ShopChange => ({
  source: "app_logs",
  stream: "events",
  op: "c",
  row: { event_id: `e${id}`, ts: `2026-11-0${day}T10:00:00Z`, service: "checkout", level: "info", message: "m" },
});
const model = (name: string): ModelFile => {
  const found = shop.definitions.models.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no model ${name}`);
  return found;
};
const consumedNow = async (file: ModelFile): Promise<Map<string, string | null>> =>
  shop.engine.snapshots(Object.keys(file.header.inputs));

/** Rows of a model as text, all columns. */
const rowsOf = (dataset: string) => shop.rows(dataset, "*", "ORDER BY ALL");

async function refresh(name: string, consumed: ReadonlyMap<string, string | null>): Promise<void> {
  await shop.engine.refreshModel({ model: model(name), consumed, within: nothing });
}

async function recompute(name: string, consumed: ReadonlyMap<string, string | null>, ...days: readonly string[]) {
  const file = model(name);
  const grain = partitionGrain(file.header);
  if (grain.per === "whole") throw new Error(`${name} is not partitioned`);
  const ranges = days.map((day) => ({ from: day, to: day }));
  return shop.engine.recomputeModel({
    model: file,
    consumed,
    days: days.length === 0 ? null : { column: grain.column, ranges },
    within: nothing,
  });
}

it("computes the days asked for as a rebuild would, leaves the others, and loses nothing for the next refresh", async () => {
  await shop.feed([order(1, 1, "10.00"), order(2, 2, "20.00"), order(3, 3, "30.00")]);
  await shop.refreshAll();
  const consumed = await consumedNow(model(SALES));
  await shop.feed([
    order(4, 1, "1.00"),
    order(5, 2, "2.00"),
    order(6, 4, "4.00"),
    { ...order(3, 3, "30.00"), op: "d" },
  ]);
  await refresh("curated.orders", new Map());

  const change = await recompute(SALES, consumed, "2026-11-01", "2026-11-03");
  expect(change).toMatchObject({ rowsOut: 2, moves: [] });
  const days = await shop.rows(SALES, "CAST(sale_date AS varchar), CAST(gross_sales AS varchar)");
  expect(days).toEqual([
    ["2026-11-01", "11.00"],
    ["2026-11-02", "20.00"],
  ]);
  expect(await recompute(SALES, consumed, "2026-11-01", "2026-11-03")).toMatchObject({
    rowsOut: 0,
    snapshotAfter: null,
  });

  await refresh(SALES, consumed);
  const rebuilt = await shop.rebuild(model(SALES));
  expect(await rowsOf(SALES)).toEqual(await rowsOf(rebuilt));
});

it("computed as a whole it equals a rebuild", async () => {
  await shop.feed([order(1, 1, "10.00"), order(2, 2, "20.00")]);
  await shop.refreshAll();
  const consumed = await consumedNow(model(SALES));
  await shop.feed([order(3, 2, "5.00"), order(4, 9, "7.00")]);
  await refresh("curated.orders", new Map());
  await recompute(SALES, consumed);
  expect(await rowsOf(SALES)).toEqual(await rowsOf(await shop.rebuild(model(SALES))));
});

it("what only adds rows gets none twice: it is computed from what it has consumed", async () => {
  await shop.feed([event(1, 1), event(2, 2)]);
  await shop.refreshAll();
  const consumed = await consumedNow(model(EVENTS));
  await shop.feed([event(3, 1)]);
  expect(await recompute(EVENTS, consumed, "2026-11-01")).toMatchObject({ snapshotAfter: null, rowsIn: 1 });
  await refresh(EVENTS, consumed);
  expect(await recompute(EVENTS, await consumedNow(model(EVENTS)), "2026-11-01")).toMatchObject({
    rowsIn: 2,
    rowsOut: 0,
  });
  expect(await rowsOf(EVENTS)).toEqual(await rowsOf(await shop.rebuild(model(EVENTS))));
});

it("what was never built is built as a whole", async () => {
  await shop.feed([order(1, 1, "10.00"), order(2, 2, "20.00")]);
  await refresh("curated.orders", new Map());
  expect(await recompute(SALES, new Map(), "2026-11-01")).toMatchObject({ mode: "first build" });
  expect(await rowsOf(SALES)).toHaveLength(2);
});

it("tells rows by day and the first day", async () => {
  expect(await shop.engine.daysOf(SALES, "sale_date")).toBeNull();
  expect(await shop.engine.firstDayOf(SALES, "sale_date")).toBeNull();
  await shop.feed([order(1, 1, "10.00"), order(2, 3, "20.00"), order(3, 3, "30.00")]);
  await shop.refreshAll();
  expect(await shop.engine.daysOf("curated.orders", "placed_at")).toEqual([
    { day: "2026-11-01", rows: 1 },
    { day: "2026-11-03", rows: 2 },
  ]);
  expect(await shop.engine.firstDayOf(SALES, "sale_date")).toBe("2026-11-01");
});
