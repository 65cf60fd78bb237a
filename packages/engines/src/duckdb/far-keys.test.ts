import type { ModelFile } from "@nova/pipeline-core/catalog";
import { parseModel } from "@nova/pipeline-core/catalog";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LakeWriter } from "./lake-writer.ts";
import { openFilledLake, readRows } from "./testing.ts";

const ROWS = 300_000;
const INPUT = "staged.orders_db__orders";
const parsed = parseModel({
  name: "curated.orders",
  path: "models/curated.orders.sql",
  header: {
    description: "One row per order.",
    owner: "test",
    pipeline: "sales",
    kind: "merge",
    key: "order_id",
    target_lag: "60s",
    inputs: { [INPUT]: { key: "order_id" } },
    columns: {
      order_id: { type: "long", required: true, description: "Id." },
      total: { type: "long", description: "Total." },
    },
  },
  sql: `SELECT order_id, total FROM ${INPUT}`,
  sqlLine: 1,
  codeVersion: "1",
  lineOf: () => 1,
  columnOf: () => 1,
});
if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
const model: ModelFile = parsed.model;

let engine: LakeEngine;
let writer: LakeWriter;
const consumed = new Map<string, string | null>();

beforeAll(async () => {
  ({ engine, writer } = await openFilledLake({ clock: { now: () => new Date("2026-01-10T12:00:00Z") } }));
  await writer.fill(INPUT, {
    columns: { order_id: "long", total: "long" },
    key: ["order_id"],
    queries: [0, ROWS / 2].map(
      (from) => `SELECT i AS order_id, 0 AS total FROM range(${from}, ${from + ROWS / 2}) r(i)`,
    ),
  });
  await refresh();
});
afterAll(() => engine.close());

async function refresh() {
  const change = await engine.refreshModel({ model, consumed, within: async () => undefined });
  for (const move of change.moves) consumed.set(move.input, move.to);
  return change;
}

test.each([
  { what: "a few keys far from each other", keys: "SELECT unnest([0, 3, 150000, 299999]) AS i", changed: 4, total: 7 },
  {
    what: "more keys than the engine looks up one by one, at both ends",
    keys: `SELECT * FROM (SELECT i FROM range(11000) r(i) UNION ALL SELECT i FROM range(${ROWS - 11_000}, ${ROWS}) r(i))`,
    changed: 22_000,
    total: 9,
  },
])("a refresh writes $what, and nothing else", async ({ keys, changed, total }) => {
  await writer.merge(INPUT, `SELECT i AS order_id, ${total} AS total FROM (${keys})`);
  expect(await refresh()).toMatchObject({ rowsIn: changed * 2, rowsOut: changed, mode: `${changed} affected keys` });
  expect(await readRows(engine, model.name, `count(*), count(*) FILTER (total = ${total})`)).toEqual([
    [String(ROWS), String(changed)],
  ]);
  const changedKeys = `count(*) FILTER (order_id IN (${keys}))`;
  expect(await readRows(engine, model.name, changedKeys, `WHERE total = ${total}`)).toEqual([[String(changed)]]);
});
