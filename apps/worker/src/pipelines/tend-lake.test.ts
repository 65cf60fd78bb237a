import { memoryCatalogStore } from "@nova/pipeline-core/catalog/testing";
import type { Logger } from "@nova/pipeline-core/kernel";
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
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

let shop: Shop;
let context: PipelineContext;
let placed = 0;

async function placeOrder(): Promise<string> {
  placed += 1;
  await shop.feed([
    { source: "orders_db", stream: "public.orders", op: "c", row: { order_id: String(placed), total: "1.00" } },
  ]);
  return newest();
}

async function newest(): Promise<string> {
  const snapshot = (await shop.engine.snapshots([STAGED])).get(STAGED) ?? null;
  if (snapshot === null) throw new Error(`${STAGED} has no snapshot`);
  return snapshot;
}

/** A staged dataset with enough small files to join, and a model that has read all of it. */
beforeEach(async () => {
  placed = 0;
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
    expect(read).not.toBe(await loaded);
    expect(await onRecord()).toBe(read);
    expect(context.state.snapshots.get(STAGED)).toBe(read);
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
