import { type ModelFile, parseModel } from "@nova/pipeline-core/catalog";
import type { StreamSchema } from "@nova/pipeline-core/connectors";
import {
  addScanned,
  emptyEnvelopeColumns,
  NOTHING_SCANNED,
  oneQuery,
  SCAN_PRICE,
  type Scanned,
  type StatementTag,
} from "@nova/pipeline-core/lakehouse";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scanMeters } from "./scan-meter.ts";
import { openTestLake } from "./testing.ts";

const column = (name: string, sourceType: string, type: string) => ({
  name,
  sourceType,
  type,
  nullable: true,
  description: name,
  pii: "none" as const,
});
const ORDERS: StreamSchema = {
  stream: "public.orders",
  version: 1,
  key: ["order_id"],
  description: "",
  columns: [
    column("order_id", "bigint", "long"),
    column("total", "numeric(12,2)", "decimal(12,2)"),
    column("notes", "text", "string"),
  ],
};
const STAGED = "staged.orders_db__orders";
const now = new Date("2026-01-10T12:00:00Z");
const TAG: StatementTag = { kind: "refresh", dataset: STAGED, runId: "0190", attempt: 1 };

function totals(): ModelFile {
  const parsed = parseModel({
    name: "curated.totals",
    path: "models/curated/totals.sql",
    header: {
      description: "Totals of orders.",
      owner: "test",
      pipeline: "sales",
      kind: "merge",
      key: "order_id",
      target_lag: "60s",
      inputs: { [STAGED]: { key: "order_id" } },
      columns: {
        order_id: { type: "long", required: true, description: "Id." },
        total: { type: "decimal(12,2)", description: "Total." },
      },
    },
    sql: `SELECT order_id, total FROM ${STAGED}`,
    sqlLine: 1,
    codeVersion: "1",
    lineOf: () => 1,
    columnOf: () => 1,
  });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.model;
}

let engine: LakeEngine;
let ordinal = 0;

beforeEach(async () => {
  ordinal = 0;
  engine = await openTestLake({ clock: { now: () => now } });
});
afterEach(() => engine.close());

async function append(ids: readonly number[], stream = "public.orders"): Promise<void> {
  const columns = emptyEnvelopeColumns();
  for (const id of ids) {
    ordinal += 1;
    columns.stream.push(stream);
    columns.op.push("c");
    columns.key.push(JSON.stringify({ order_id: String(id) }));
    columns.payload.push(JSON.stringify({ order_id: String(id), total: `${id}.50`, notes: `note ${id}` }));
    columns.unchanged.push(null);
    columns.sourceTs.push(BigInt(now.getTime()) * 1000n);
    columns.position.push(`A.${String(ordinal).padStart(10, "0")}`);
    columns.schemaVersion.push(1);
  }
  await engine.rawStore.append({
    source: "orders_db",
    input: { from: "columns", columns },
    batchId: `b${ordinal}`,
    ingestedAt: now,
    within: async () => undefined,
    position: `A.${ordinal}`,
  });
}

async function load(from: string | null, only: readonly string[] | null = null) {
  const delta = await engine.openDelta({ source: "orders_db", from, only, except: [], maxRows: 1_000_000 });
  if (delta === null) throw new Error("nothing to load");
  const meter = engine.openMeter(TAG);
  await meter.run(() =>
    engine.loadStaged({
      delta,
      dataset: STAGED,
      schema: ORDERS,
      kind: "merge",
      onRefused: async () => undefined,
      within: async () => undefined,
    }),
  );
  await delta.close();
  return { to: delta.to, scanned: meter.total() };
}

const sizes = async (dataset: string, ...names: string[]): Promise<number> => {
  const bytes = await engine.columnBytes(dataset);
  return names.reduce((sum, name) => sum + (bytes.get(name) ?? Number.NaN), 0);
};
const ENVELOPE = ["stream", "op", "key", "payload", "unchanged", "source_ts", "ingested_at", "position"];

describe("what a call of the engine scans", () => {
  it("is, for a load, its share of what was read of raw, and nothing of stored rows that nobody looked at", async () => {
    await append([1, 2, 3]);
    await append([1], "public.other");
    const raw = await sizes("raw.orders_db", ...ENVELOPE);
    const first = await load(null);
    expect(first.scanned).toEqual(oneQuery(Math.round((raw * 3) / 4)));

    // New keys at later positions: the merge looks their keys up, and that is all of the dataset that is read.
    await append([4]);
    const grown = (await sizes("raw.orders_db", ...ENVELOPE)) - raw;
    const keys = await sizes(STAGED, "order_id");
    const { scanned } = await load(first.to);
    expect(scanned.queries).toBe(1);
    expect(scanned.bytes).toBeGreaterThanOrEqual(grown);
    expect(scanned.bytes).toBeLessThanOrEqual(grown + keys);
  });

  it("is, for a model, the columns that it reads, once however many of its statements name them", async () => {
    await append([1, 2, 3]);
    await load(null);
    const meter = engine.openMeter({ ...TAG, dataset: "curated.totals" });
    const built = await meter.run(() =>
      engine.refreshModel({ model: totals(), consumed: new Map(), within: async () => undefined }),
    );
    expect(meter.total()).toEqual(oneQuery(await sizes(STAGED, "order_id", "total")));
    const idle = engine.openMeter(TAG);
    await idle.run(() =>
      engine.refreshModel({
        model: totals(),
        consumed: new Map(built.moves.map(({ input, to }) => [input, to])),
        within: async () => undefined,
      }),
    );
    expect(idle.total()).toEqual(NOTHING_SCANNED);
  });

  it("is, for the checks of a dataset, a query for each pass over the columns that it needs", async () => {
    await append([1, 2, 3]);
    await load(null);
    const meter = engine.openMeter({ kind: "check", dataset: STAGED });
    const { scanned } = await meter.run(() =>
      engine.probe({
        dataset: STAGED,
        key: ["order_id"],
        nullRateOf: ["notes"],
        recent: null,
        custom: [{ name: "positive", sql: `SELECT count(*) FROM ${STAGED} WHERE total < 0` }],
      }),
    );
    expect(scanned.pass).toEqual(oneQuery(await sizes(STAGED, "notes")));
    expect(scanned.keys).toEqual(oneQuery(await sizes(STAGED, "order_id")));
    expect(scanned.custom.get("positive")).toEqual(oneQuery(await sizes(STAGED, "total")));
    expect(meter.total()).toEqual(
      [scanned.pass, scanned.keys, scanned.custom.get("positive")].reduce<Scanned>(
        (sum, one) => addScanned(sum, one ?? NOTHING_SCANNED),
        NOTHING_SCANNED,
      ),
    );
    expect(meter.total().billedBytes).toBe(3 * SCAN_PRICE.leastBytes);
  });

  it("counts when the call throws, too: what was scanned until then is billed", async () => {
    await append([1]);
    await load(null);
    const meter = engine.openMeter(TAG);
    const failing = meter.run(() =>
      engine.refreshModel({
        model: totals(),
        consumed: new Map(),
        within: async () => {
          throw new PlatformError("stale-writer", "the attempt is stale");
        },
      }),
    );
    await expect(failing).rejects.toMatchObject({ kind: "stale-writer" });
    expect(meter.total().queries).toBe(1);
  });
});

describe("a statement's tag", () => {
  it("names run, step and dataset in front of the statement, and nothing outside a meter", async () => {
    const meters = scanMeters();
    expect(meters.tagged("SELECT 1")).toBe("SELECT 1");
    const meter = meters.open({ kind: "backfill", dataset: "mart.daily", runId: "0190-ab", attempt: 2 });
    const tagged = await meter.run(async () => meters.tagged("SELECT 1"));
    expect(tagged).toBe("/* nova kind=backfill dataset=mart.daily run=0190-ab step=mart.daily attempt=2 */ SELECT 1");
  });

  it("cannot be ended by what a name holds", async () => {
    const meters = scanMeters();
    const meter = meters.open({ kind: "check", dataset: "mart.x*/ DROP TABLE y; --" });
    expect(await meter.run(async () => meters.tagged("SELECT 1"))).toBe(
      "/* nova kind=check dataset=mart.x__ DROP TABLE y_ -- */ SELECT 1",
    );
  });
});
