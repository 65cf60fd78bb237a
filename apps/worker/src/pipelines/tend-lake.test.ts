import { memoryCatalogStore } from "@nova/pipeline-core/catalog/testing";
import type { Logger } from "@nova/pipeline-core/kernel";
import { memoryScanCharges } from "@nova/pipeline-core/orchestration/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { modelEntry } from "./catalog-entries.ts";
import type { PipelineContext } from "./context.ts";
import { consumedOf, emptyLakeState } from "./lake-state.ts";
import { createLocks, createSlots } from "./slots.ts";
import { tidyOne } from "./tend-lake.ts";
import { openShop, type Shop } from "./testing.ts";

const NOW = new Date("2026-11-20T12:00:00Z");
const STAGED = "staged.orders_db__orders";
const READER = "curated.orders";
const EVENTS = "staged.app_logs__events";
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

let shop: Shop;
let context: PipelineContext;
let charges: ReturnType<typeof memoryScanCharges>;
let placed = 0;

async function placeOrder(): Promise<string> {
  placed += 1;
  await shop.feed([
    { source: "orders_db", stream: "public.orders", op: "c", row: { order_id: String(placed), total: "1.00" } },
  ]);
  return newest();
}

async function newest(dataset = STAGED): Promise<string> {
  const snapshot = (await shop.engine.snapshots([dataset])).get(dataset) ?? null;
  if (snapshot === null) throw new Error(`${dataset} has no snapshot`);
  return snapshot;
}

/** A staged dataset with enough small files to join, and a model that has read all of it. */
beforeEach(async () => {
  placed = 0;
  charges = memoryScanCharges();
  shop = await openShop(() => NOW);
  const catalog = memoryCatalogStore();
  const state = emptyLakeState();
  const model = shop.definitions.models.find(({ name }) => name === READER);
  if (model === undefined) throw new Error(`no model ${READER}`);
  const entry = modelEntry(model);
  await catalog.saveEntries([entry]);
  state.entries.set(READER, entry);
  for (let index = 0; index < 12; index += 1) state.snapshots.set(STAGED, await placeOrder());
  state.commits.set(STAGED, 12);
  const read = await newest();
  await catalog.skipInputs(1n, [{ dataset: READER, input: STAGED, from: null, to: read, at: NOW }]);
  consumedOf(state, READER).set(STAGED, read);
  context = {
    engine: shop.engine,
    catalog,
    state,
    epoch: 1n,
    clock: { now: () => NOW },
    logger: silent,
    charges,
    slots: createSlots(1),
    exclusively: createLocks(),
  } as Partial<PipelineContext> as PipelineContext;
}, 60_000);
afterEach(() => shop.close());

const onRecord = async () =>
  (await context.catalog.inputs()).find(({ dataset, input }) => dataset === READER && input === STAGED)
    ?.consumedSnapshot;

describe("tidying a dataset", () => {
  it("takes readers along to the joined rows, and leaves rows that came right behind for them to read", async () => {
    const before = await newest();
    const tidying = tidyOne(context);
    const loaded = context.exclusively(STAGED, placeOrder);
    await Promise.all([tidying, loaded]);
    const read = consumedOf(context.state, READER).get(STAGED);
    expect(read).not.toBe(before);
    expect(charges.charged).toMatchObject([["upkeep", STAGED, { queries: 1 }]]);
    expect(charges.charged[0]?.[2].bytes).toBeGreaterThan(0);
    expect(read).not.toBe(await loaded);
    expect(await onRecord()).toBe(read);
    expect(context.state.snapshots.get(STAGED)).toBe(read);
  });

  it("joins log events while they are being loaded", async () => {
    for (let index = 0; index < 40; index += 1)
      await shop.feed([
        { source: "app_logs", stream: "events", op: "c", row: { service: "checkout", message: "paid" } },
      ]);
    const entry = context.state.entries.get(READER);
    if (entry === undefined) throw new Error(`no entry ${READER}`);
    context.state.entries.set(EVENTS, { ...entry, name: EVENTS, kind: "append" });
    context.state.commits.clear();
    context.state.commits.set(EVENTS, 40);
    const loaded = await newest(EVENTS);
    const load = Promise.withResolvers<void>();
    const loading = context.exclusively(EVENTS, () => load.promise);
    const tidying = tidyOne(context);
    await expect.poll(() => newest(EVENTS), { timeout: 30_000 }).not.toBe(loaded);
    load.resolve();
    await Promise.all([loading, tidying]);
    expect(await shop.rows(EVENTS, "count(*)")).toEqual([["40"]]);
  });

  it("never moves a reader that is being refreshed", async () => {
    const refresh = Promise.withResolvers<void>();
    const refreshed = context.exclusively(READER, () => refresh.promise);
    const tidying = tidyOne(context);
    // The dataset's own lock is free again once its rows are joined; the reader's is not.
    await context.exclusively(STAGED, async () => undefined);
    const read = consumedOf(context.state, READER).get(STAGED);
    expect(await onRecord()).toBe(read);
    expect(read).not.toBe(context.state.snapshots.get(STAGED));
    refresh.resolve();
    await Promise.all([refreshed, tidying]);
    expect(consumedOf(context.state, READER).get(STAGED)).toBe(context.state.snapshots.get(STAGED));
  });
});
