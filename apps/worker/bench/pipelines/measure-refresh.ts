import { openFilledLake } from "@nova/engines/duckdb/testing";
import { modelCompiler } from "@nova/engines/sql";
import type { ModelFile } from "@nova/pipeline-core/catalog";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { loadDefinitions } from "../../src/pipelines/index.ts";
import { type Figure, percentile, round } from "../figures.ts";
import { changedOrders, CURATED, fillOrders, ORDERS } from "./fill-orders.ts";

/** As the worker's. */
const MEMORY = "700MB";
/** Orders that are young enough to change still: as many a day in a large table as in a small one. */
const YOUNG = 200_000;
/** Where the changed orders are, by the number `k` of a change, and how often it is measured: anywhere takes its time. */
const PLACES = {
  "young ones and a few old": {
    keys: "CASE WHEN k % 2000 = 0 THEN (k * 7919) % {rows} ELSE {rows} - 1 - (k * 31) % {young} END",
    rounds: 3,
  },
  anywhere: { keys: "(k * 104729) % {rows}", rounds: 1 },
} as const;

/** A refresh of `curated.orders` after `changed` orders changed, in tables of each size; the first size is what the others are held against. */
export async function measureRefresh(sizes: readonly number[], changed: number): Promise<Figure[]> {
  const figures: Figure[] = [];
  const base = new Map<string, number>();
  for (const rows of sizes) {
    for (const [where, { seconds, cpu }] of await secondsOf(rows, changed)) {
      const first = base.get(where);
      if (first === undefined) base.set(where, seconds);
      const what = `refresh of ${changed} changed keys in a table of ${rows} rows, ${where}`;
      const beside = `${round(cpu)} s of CPU`;
      figures.push({ what, figure: round(seconds), unit: "s", goal: first === undefined ? "≤ 3" : "≤ 4.5", beside });
      if (first !== undefined)
        figures.push({
          what: `  times the ${sizes[0]}-row table, ${where}`,
          figure: round(seconds / first),
          unit: "x",
          goal: "",
        });
    }
  }
  return figures;
}

interface Refreshed {
  readonly seconds: number;
  readonly cpu: number;
}

async function secondsOf(rows: number, changed: number): Promise<Map<string, Refreshed>> {
  const { models, contracts } = loadDefinitions(modelCompiler);
  const model = models.find(({ name }) => name === CURATED) as ModelFile;
  const { engine, writer } = await openFilledLake({ clock: { now: () => new Date() }, contracts, memoryLimit: MEMORY });
  const found = new Map<string, Refreshed>();
  try {
    await fillOrders(writer, rows, model);
    const consumed = await snapshotsOf(engine, model);
    for (const [where, { keys, rounds }] of Object.entries(PLACES)) {
      const seconds: number[] = [];
      const cpu: number[] = [];
      for (let turn = 1; turn <= rounds; turn += 1) {
        const key = keys.replaceAll("{rows}", String(rows)).replaceAll("{young}", String(Math.min(YOUNG, rows)));
        const first = turn * changed * 2;
        const numbers = `SELECT DISTINCT 1 + (${key}) AS i FROM range(${first}, ${first + changed}) r(k)`;
        await writer.merge(ORDERS, changedOrders(numbers, turn));
        const before = process.cpuUsage();
        const began = performance.now();
        const change = await engine.refreshModel({ model, consumed, within: async () => undefined });
        seconds.push((performance.now() - began) / 1000);
        const used = process.cpuUsage(before);
        cpu.push((used.user + used.system) / 1_000_000);
        for (const move of change.moves) consumed.set(move.input, move.to);
        if (change.rowsOut < changed * 0.9) throw new Error(`${change.rowsOut} rows were written: ${change.mode}`);
      }
      found.set(where, { seconds: percentile(seconds, 0.5), cpu: percentile(cpu, 0.5) });
    }
    return found;
  } finally {
    await engine.close();
  }
}

async function snapshotsOf(engine: LakeEngine, { header }: ModelFile): Promise<Map<string, string | null>> {
  return engine.snapshots(Object.keys(header.inputs));
}
