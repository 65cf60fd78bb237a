import type { ModelFile } from "@nova/pipeline-core/catalog";
import { parseModel } from "@nova/pipeline-core/catalog";
import type { StreamSchema } from "@nova/pipeline-core/connectors";
import { emptyEnvelopeColumns, type Op } from "@nova/pipeline-core/lakehouse";
import type { DaysLetThrough, LakeEngine, RefusedRow } from "@nova/pipeline-core/orchestration";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openTestLake, readRows } from "./testing.ts";

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
    column("placed_at", "timestamptz", "timestamptz"),
  ],
};
const CONTRACTS = {
  "staged.orders_db__orders": { order_id: "long", total: "decimal(12,2)", placed_at: "timestamptz" },
};

function model(name: string, header: Record<string, unknown>, sql: string, codeVersion = "1"): ModelFile {
  const parsed = parseModel({
    name,
    path: `models/${name}.sql`,
    header,
    sql,
    sqlLine: 1,
    codeVersion,
    lineOf: () => 1,
    columnOf: () => 1,
  });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.model;
}

const DAILY = model(
  "mart.daily",
  {
    description: "Totals of a day.",
    owner: "test",
    pipeline: "marts",
    kind: "partitioned",
    key: "day",
    target_lag: "60s",
    inputs: {
      "staged.orders_db__orders": { key: "CAST(placed_at AS date)", range: { column: "placed_at", grain: "day" } },
    },
    columns: {
      day: { type: "date", required: true, description: "Day." },
      orders: { type: "long", required: true, description: "Orders." },
      total: { type: "decimal(18,2)", description: "Total." },
    },
  },
  "SELECT CAST(placed_at AS date) AS day, count(*) AS orders, sum(total) AS total FROM staged.orders_db__orders WHERE _deleted_at IS NULL GROUP BY 1",
);

let engine: LakeEngine;
let now = new Date("2026-01-10T12:00:00Z");
let ordinal = 0;

beforeEach(async () => {
  now = new Date("2026-01-10T12:00:00Z");
  ordinal = 0;
  engine = await openTestLake({ clock: { now: () => now }, contracts: CONTRACTS });
});
afterEach(() => engine.close());

type Change = readonly [op: Op, id: number, total?: string, placedAt?: string];

async function append(changes: readonly Change[], within: () => Promise<void> = async () => undefined) {
  const columns = emptyEnvelopeColumns();
  for (const [op, id, total, placedAt] of changes) {
    ordinal += 1;
    columns.stream.push("public.orders");
    columns.op.push(op);
    columns.key.push(JSON.stringify({ order_id: String(id) }));
    columns.payload.push(
      op === "d"
        ? null
        : JSON.stringify({
            order_id: String(id),
            total: total ?? null,
            notes: "n",
            placed_at: placedAt ?? "2026-01-01 10:00:00+00",
          }),
    );
    columns.unchanged.push(null);
    columns.sourceTs.push(BigInt(now.getTime()) * 1000n);
    columns.position.push(`A.${String(ordinal).padStart(10, "0")}`);
    columns.schemaVersion.push(1);
  }
  return engine.rawStore.append({
    source: "orders_db",
    input: { from: "columns", columns },
    batchId: `b${ordinal}`,
    ingestedAt: now,
    within,
    position: `A.${ordinal}`,
  });
}

async function load(from: string | null, schema = ORDERS) {
  const delta = await engine.openDelta({ source: "orders_db", from, only: null, except: [], maxRows: 1_000_000 });
  if (delta === null) throw new Error("nothing to load");
  const refused: RefusedRow[] = [];
  const change = await engine.loadStaged({
    delta,
    dataset: "staged.orders_db__orders",
    schema,
    kind: "merge",
    onRefused: async (rows) => void refused.push(...rows),
    within: async () => undefined,
  });
  await delta.close();
  return { change, refused, to: delta.to };
}

const rows = (dataset: string, select: string) => readRows(engine, dataset, select);

describe("the lake engine", () => {
  it("carries changes from raw to staged to a mart, and every further change by its key", async () => {
    await append([
      ["c", 1, "10.00"],
      ["c", 2, "20.00"],
      ["c", 3, "5.00", "2026-01-02 10:00:00+00"],
    ]);
    const first = await load(null);
    expect(first.change).toMatchObject({ rowsIn: 3, rowsOut: 3, mode: "first load" });
    const built = await engine.refreshModel({ model: DAILY, consumed: new Map(), within: async () => undefined });
    expect(built).toMatchObject({ mode: "first build", rowsOut: 2 });
    expect(await rows("mart.daily", "day, orders, total")).toEqual([
      ["2026-01-01", "2", "30.00"],
      ["2026-01-02", "1", "5.00"],
    ]);

    await append([
      ["u", 1, "11.00"],
      ["d", 2],
      ["u", 3, "5.00", "2026-01-03 10:00:00+00"],
    ]);
    const second = await load(first.to);
    expect(second.change).toMatchObject({ rowsIn: 3, rowsOut: 3, mode: "folded rows" });
    const consumed = new Map(built.moves.map((move) => [move.input, move.to]));
    const refreshed = await engine.refreshModel({ model: DAILY, consumed, within: async () => undefined });
    expect(refreshed.mode).toBe("3 affected keys");
    expect(await rows("mart.daily", "day, orders, total")).toEqual([
      ["2026-01-01", "1", "11.00"],
      ["2026-01-03", "1", "5.00"],
    ]);
    expect(await rows("staged.orders_db__orders", "order_id, _op, _deleted_at IS NOT NULL")).toEqual([
      ["1", "u", false],
      ["2", "d", true],
      ["3", "u", false],
    ]);
    const again = await engine.refreshModel({
      model: DAILY,
      consumed: new Map(refreshed.moves.map((move) => [move.input, move.to])),
      within: async () => undefined,
    });
    expect(again).toMatchObject({ mode: "nothing changed", snapshotAfter: null });
  });

  it("computes only the days that a gate lets through, and finds the others again when they are ready", async () => {
    const query = "SELECT CAST(placed_at AS date), count(*) > 1 FROM staged.orders_db__orders GROUP BY 1";
    const check = { name: "two", description: "two orders have come", per: "day" as const, query };
    const gate = { through: "day" as const, at_most: 60, after_that: "stay" as const, check };
    const gated = { ...DAILY, header: { ...DAILY.header, gate } };
    await append([["c", 1, "10.00"]]);
    const first = await load(null);
    const built = await engine.refreshModel({ model: gated, consumed: new Map(), within: async () => undefined });
    const consumed = new Map(built.moves.map((move) => [move.input, move.to]));

    await append([
      ["c", 2, "20.00"],
      ["c", 3, "5.00", "2026-01-02 10:00:00+00"],
    ]);
    const second = await load(first.to);
    const answers = await engine.askGate(gated);
    expect(answers).toEqual([
      { day: "2026-01-02", value: 0 },
      { day: "2026-01-01", value: 1 },
    ]);
    const ready = answers.filter(({ value }) => value > 0).map(({ day }) => day ?? "");
    const letThrough: DaysLetThrough = { column: "day", before: null, ready };
    const refresh = (days = letThrough) =>
      engine.refreshModel({ model: gated, consumed, letThrough: days, within: async () => undefined });
    expect(await refresh()).toMatchObject({ mode: "1 affected keys", heldBack: ["2026-01-02"], moves: [], rowsOut: 1 });
    expect(await rows("mart.daily", "day, orders")).toEqual([["2026-01-01", "2"]]);
    expect(await refresh()).toMatchObject({ heldBack: ["2026-01-02"], snapshotAfter: null, moves: [] });

    await append([["c", 4, "1.00", "2026-01-02 11:00:00+00"]]);
    await load(second.to);
    const all = { ...letThrough, ready: ["2026-01-01", "2026-01-02"] };
    expect(await refresh(all)).toMatchObject({ heldBack: [], moves: [expect.anything()], rowsOut: 1 });
    expect(await rows("mart.daily", "day, orders")).toEqual([
      ["2026-01-01", "2"],
      ["2026-01-02", "2"],
    ]);
    const old = { column: "day", before: "2026-01-02", ready: [] };
    expect(await refresh(old)).toMatchObject({ heldBack: ["2026-01-02"] });
  });

  it("recomputes nothing for changes of columns that a model does not read", async () => {
    const totals = model(
      "curated.totals",
      {
        description: "Totals of orders.",
        owner: "test",
        pipeline: "sales",
        kind: "merge",
        key: "order_id",
        target_lag: "60s",
        inputs: { "staged.orders_db__orders": { key: "order_id" } },
        columns: {
          order_id: { type: "long", required: true, description: "Id." },
          total: { type: "decimal(12,2)", description: "Total." },
        },
      },
      "SELECT order_id, total FROM staged.orders_db__orders WHERE _deleted_at IS NULL",
    );
    await append([
      ["c", 1, "10.00"],
      ["c", 2, "20.00"],
    ]);
    const first = await load(null);
    await engine.refreshModel({ model: totals, consumed: new Map(), within: async () => undefined });
    const refresh = (from: string | null) =>
      engine.refreshModel({
        model: totals,
        consumed: new Map([["staged.orders_db__orders", from]]),
        within: async () => undefined,
      });

    await append([["u", 1, "10.00", "2026-01-05 10:00:00+00"]]);
    const moved = await load(first.to);
    expect(moved.change).toMatchObject({ rowsOut: 1 });
    expect(await refresh(first.change.snapshotAfter)).toMatchObject({ mode: "no key affected", rowsIn: 0, rowsOut: 0 });

    await append([
      ["u", 2, "21.00"],
      ["d", 1],
    ]);
    await load(moved.to);
    expect(await refresh(moved.change.snapshotAfter)).toMatchObject({ mode: "2 affected keys", rowsOut: 2 });
    expect(await rows("curated.totals", "order_id, total")).toEqual([["2", "21.00"]]);
  });

  it("rolls a dataset back to a snapshot of its history, and its readers compare everything then", async () => {
    await append([["c", 1, "10.00"]]);
    const first = await load(null);
    const built = await engine.refreshModel({ model: DAILY, consumed: new Map(), within: async () => undefined });
    await append([["u", 1, "11.00"]]);
    const second = await load(first.to);
    const consumed = new Map(built.moves.map((move) => [move.input, move.to]));
    const refreshed = await engine.refreshModel({ model: DAILY, consumed, within: async () => undefined });
    const staged = "staged.orders_db__orders";
    const [before, after] = [first.change.snapshotAfter ?? "", second.change.snapshotAfter ?? ""];
    expect(await engine.history(staged)).toEqual([before, after]);

    const broken = engine.rollBack({
      dataset: staged,
      to: before,
      within: async () => {
        throw new Error("the transaction fails");
      },
    });
    await expect(broken).rejects.toThrow("the transaction fails");
    expect(await engine.history(staged)).toEqual([before, after]);

    await engine.rollBack({ dataset: staged, to: before, within: async () => undefined });
    expect(await engine.history(staged)).toEqual([before]);
    expect(await rows(staged, "order_id, total")).toEqual([["1", "10.00"]]);
    expect((await engine.tableStats(staged)).snapshotId).toBe(before);
    const follows = await engine.refreshModel({
      model: DAILY,
      consumed: new Map(refreshed.moves.map((move) => [move.input, move.to])),
      within: async () => undefined,
    });
    expect(follows.mode).toBe("full difference");
    expect(await rows("mart.daily", "total")).toEqual([["10.00"]]);
    await expect(engine.rollBack({ dataset: staged, to: after, within: async () => undefined })).rejects.toMatchObject({
      kind: "not-found",
    });

    // What had been rolled back is read again from where it was.
    const again = await load(first.to);
    expect(again.change.rowsOut).toBe(1);
    expect(await rows(staged, "order_id, total")).toEqual([["1", "11.00"]]);
  });

  it("interrupts a refresh that is cancelled while it computes, and publishes nothing", async () => {
    await append([["c", 1, "10.00"]]);
    await load(null);
    const endless = model(
      "mart.endless",
      {
        description: "Never ends by itself.",
        owner: "test",
        pipeline: "marts",
        kind: "partitioned",
        key: "day",
        target_lag: "60s",
        inputs: { "staged.orders_db__orders": { key: "CAST(placed_at AS date)" } },
        columns: {
          day: { type: "date", required: true, description: "Day." },
          orders: { type: "long", required: true, description: "Orders." },
          total: { type: "decimal(38,2)", description: "Total." },
        },
      },
      "SELECT CAST(o.placed_at AS date) AS day, count(*) AS orders, sum(o.total) AS total FROM staged.orders_db__orders o CROSS JOIN UNNEST(sequence(1, 20000)) AS a (x) CROSS JOIN UNNEST(sequence(1, 20000)) AS b (y) CROSS JOIN UNNEST(sequence(1, 20000)) AS c (z) WHERE x * y % 7 = z % 5 GROUP BY 1",
    );
    const cancel = new AbortController();
    const work = engine.refreshModel({
      model: endless,
      consumed: new Map(),
      within: async () => undefined,
      signal: cancel.signal,
    });
    setTimeout(() => cancel.abort(), 300);
    await expect(work).rejects.toMatchObject({ kind: "cancelled" });
    expect((await engine.snapshots(["mart.endless"])).get("mart.endless")).toBeNull();
  });

  it("publishes nothing when what must commit with it fails", async () => {
    await append([["c", 1, "1.00"]]);
    await expect(append([["c", 2, "2.00"]], async () => Promise.reject(new Error("position moved")))).rejects.toThrow(
      "position moved",
    );
    const { change } = await load(null);
    expect(change.rowsOut).toBe(1);
  });

  it("takes a new column and a wider type into the table, and keeps a type it cannot change", async () => {
    await append([["c", 1, "1.00"]]);
    const first = await load(null);
    const wider: StreamSchema = {
      ...ORDERS,
      version: 2,
      columns: [
        ORDERS.columns[0],
        column("total", "numeric(14,2)", "decimal(14,2)"),
        column("notes", "integer", "int"),
        ORDERS.columns[3],
        column("channel", "text", "string"),
      ].filter((each) => each !== undefined),
    };
    await append([["c", 2, "123456789012.00"]]);
    const { change, refused } = await load(first.to, wider);
    expect(refused).toEqual([]);
    expect(change.notes).toEqual([
      "column total widened from decimal(12,2) to decimal(14,2)",
      "column notes keeps its type string: the source now sends int; what does not fit is null",
      "column channel added",
    ]);
    expect(await rows("staged.orders_db__orders", "order_id, total, channel")).toEqual([
      ["1", "1.00", null],
      ["2", "123456789012.00", null],
    ]);
  });

  it("hands rows that do not fit to the caller and loads the others", async () => {
    await append([
      ["c", 1, "1.001"],
      ["c", 2, "2.00"],
    ]);
    const { change, refused } = await load(null);
    expect(change.rowsOut).toBe(1);
    expect(refused).toEqual([
      { detail: "public.orders: the value does not fit the type of total", payload: expect.stringContaining("1.001") },
    ]);
  });

  it("does not publish a result whose required column is null or whose key is doubled", async () => {
    await append([
      ["c", 1, "1.00"],
      ["c", 2, "1.00"],
    ]);
    await load(null);
    const doubled = model(
      "mart.daily",
      { ...(DAILY.header as object), target_lag: "60s", refresh_key: undefined },
      "SELECT CAST(placed_at AS date) AS day, 1 AS orders, total FROM staged.orders_db__orders",
      "2",
    );
    await expect(
      engine.refreshModel({ model: doubled, consumed: new Map(), within: async () => undefined }),
    ).rejects.toMatchObject({
      kind: "check-failed",
      message: expect.stringContaining("1 keys stand in more than one row"),
    });
    const missing = model(
      "mart.daily",
      { ...(DAILY.header as object), target_lag: "60s", refresh_key: undefined },
      "SELECT CAST(placed_at AS date) AS day, CAST(NULL AS bigint) AS orders, sum(total) AS total FROM staged.orders_db__orders GROUP BY 1",
      "3",
    );
    await expect(
      engine.refreshModel({ model: missing, consumed: new Map(), within: async () => undefined }),
    ).rejects.toMatchObject({ message: expect.stringContaining("required columns are null: orders in 1 rows") });
  });

  it("reads at most the asked rows of a long backlog, whole commits at a time", async () => {
    await append([
      ["c", 1, "1.00"],
      ["c", 2, "1.00"],
    ]);
    await append([["c", 3, "1.00"]]);
    const delta = await engine.openDelta({ source: "orders_db", from: null, only: null, except: [], maxRows: 2 });
    expect(delta).toMatchObject({ rows: 2, more: true, streams: [{ stream: "public.orders", rows: 2 }] });
    await delta?.close();
    const rest = await engine.openDelta({
      source: "orders_db",
      from: delta?.to ?? null,
      only: null,
      except: [],
      maxRows: 2,
    });
    expect(rest).toMatchObject({ rows: 1, more: false });
    await rest?.close();
  });
});
