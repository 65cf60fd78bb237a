import { type ModelFile, parseModel } from "@nova/pipeline-core/catalog";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LakeWriter } from "./lake-writer.ts";
import { openFilledLake, readRows } from "./testing.ts";

const ORDERS = "staged.orders_db__orders";
const LINES = "staged.orders_db__order_lines";
const parsed = parseModel({
  name: "curated.orders",
  path: "models/curated.orders.sql",
  header: {
    description: "One row per order that was not cancelled.",
    owner: "test",
    pipeline: "sales",
    kind: "merge",
    key: "order_id",
    target_lag: "60s",
    inputs: { [ORDERS]: { key: "order_id" }, [LINES]: { key: "order_id" } },
    columns: {
      order_id: { type: "long", required: true, description: "Id." },
      total: { type: "long", description: "Total." },
      lines: { type: "long", description: "Lines." },
    },
  },
  sql: `SELECT o.order_id, o.total, count(l.line_id) AS lines FROM ${ORDERS} o LEFT JOIN ${LINES} l ON l.order_id = o.order_id WHERE o.total >= 0 GROUP BY o.order_id, o.total`,
  sqlLine: 1,
  codeVersion: "1",
  lineOf: () => 1,
  columnOf: () => 1,
});
if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
const model: ModelFile = parsed.model;

let engine: LakeEngine;
let writer: LakeWriter;
let consumed: Map<string, string | null>;

beforeEach(async () => {
  const clock = { now: () => new Date("2026-01-10T12:00:00Z") };
  ({ engine, writer } = await openFilledLake({ clock, comparing: "never" }));
  consumed = new Map();
  await writer.fill(ORDERS, {
    columns: { order_id: "long", total: "long", note: "string" },
    key: ["order_id"],
    queries: ["SELECT i AS order_id, 10 AS total, 'n' AS note FROM range(4) r(i)"],
  });
  await writer.fill(LINES, {
    columns: { line_id: "long", order_id: "long" },
    key: ["line_id"],
    queries: ["SELECT i AS line_id, i % 4 AS order_id FROM range(8) r(i)"],
  });
  await refresh();
});
afterEach(() => engine.close());

async function refresh() {
  const change = await engine.refreshModel({ model, consumed, within: async () => undefined });
  for (const move of change.moves) consumed.set(move.input, move.to);
  return change;
}
const rows = () => readRows(engine, model.name, "order_id, total, lines");

test("a row that changed is written, one that is gone is taken out, the others stay", async () => {
  await writer.merge(
    ORDERS,
    "SELECT * FROM (VALUES (1, 11, 'n'), (2, -1, 'n'), (7, 17, 'n')) t(order_id, total, note)",
  );
  expect(await refresh()).toMatchObject({
    rowsOut: 2,
    mode: "3 affected keys",
    notes: [expect.stringContaining("all rows of these keys were written")],
  });
  expect(await rows()).toEqual([
    ["0", "10", "2"],
    ["1", "11", "2"],
    ["3", "10", "2"],
    ["7", "17", "0"],
  ]);
});

test("a row that moved to another key changes both", async () => {
  await writer.merge(LINES, "SELECT 1 AS line_id, 3 AS order_id");
  expect(await refresh()).toMatchObject({ mode: "2 affected keys" });
  expect(await rows()).toEqual([
    ["0", "10", "2"],
    ["1", "10", "1"],
    ["2", "10", "2"],
    ["3", "10", "3"],
  ]);
});

test("nothing is published when the affected keys have no rows, before or after", async () => {
  await writer.merge(LINES, "SELECT 90 AS line_id, 91 AS order_id");
  expect(await refresh()).toMatchObject({ rowsOut: 0, snapshotAfter: null, mode: "1 affected keys" });
});

test("changes of a table that was compacted in between are compared all the same", async () => {
  for (let id = 10; id < 20; id += 1) await writer.merge(ORDERS, `SELECT ${id} AS order_id, 18 AS total, 'n' AS note`);
  expect(await engine.joinFiles(ORDERS)).toMatchObject({ into: 1 });
  await writer.merge(ORDERS, "SELECT 10 AS order_id, 28 AS total, 'n' AS note");
  await writer.merge(ORDERS, "SELECT 11 AS order_id, -1 AS total, 'n' AS note");
  expect(await refresh()).toMatchObject({ mode: "10 affected keys" });
  const young = await readRows(engine, model.name, "order_id, total", "WHERE order_id >= 10 ORDER BY 1 LIMIT 2");
  expect(young).toEqual([
    ["10", "28"],
    ["12", "18"],
  ]);
});
