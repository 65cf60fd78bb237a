import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readModel } from "@nova/novaretail";
import { modelCompiler } from "@nova/engines/sql";
import { type ModelFile, parseModel } from "@nova/pipeline-core/catalog";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, openOrderPipelines, type OrderPipelines } from "../testing/order-pipelines.ts";
import { complainingLogger } from "../testing/test-logger.ts";
import { loadDefinitions, type Pipelines } from "./index.ts";

const DOC = join(import.meta.dirname, "../../../../docs/pipelines.md");
const SECTION = /## Add a model in five minutes\n([\s\S]*?)\n## /;
const PATH = /`packages\/novaretail\/(models\/(\w+)\/(\w+)\.sql)`/;
const BLOCK = /```sql\n([\s\S]*?)\n {3}```/;
const complaints: string[] = [];
let lake: OrderPipelines;
let pipelines: Pipelines;
let model: ModelFile;

/** The model as the document tells to write it, at the path it names. */
async function modelOfTheDocument(): Promise<ModelFile> {
  const [, section = ""] = SECTION.exec(await readFile(DOC, "utf8")) ?? [];
  const [, path = "", layer = "", name = ""] = PATH.exec(section) ?? [];
  const text = (BLOCK.exec(section)?.[1] ?? "").replaceAll(/^ {3}/gm, "");
  const read = readModel(`${layer}.${name}`, path, text);
  if ("message" in read) throw new Error(`${read.path}:${read.line} ${read.message}`);
  const parsed = parseModel(read);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  modelCompiler.check(parsed.model);
  return parsed.model;
}

beforeAll(async () => {
  model = await modelOfTheDocument();
  const known = loadDefinitions(modelCompiler).models.filter(({ name }) => Object.hasOwn(model.header.inputs, name));
  lake = await openOrderPipelines(complainingLogger(complaints), { models: [...known, model] });
  pipelines = await lake.start({
    epoch: await lake.newEpoch(),
    onFatal: (error) => void complaints.push(`fatal: ${error.message}`),
  });
}, 120_000);
afterAll(async () => {
  await pipelines.stop();
  await lake.close();
}, 60_000);

async function order(id: string, channel: string, total: string, status = "paid"): Promise<void> {
  const rest = { customer_id: "1", currency: "EUR", subtotal: total, discount: "0.00", shipping: "0.00", tax: "0.00" };
  const placed = { placed_at: "2026-11-20 10:00:00+00" };
  await lake.append("u", { order_id: id, channel, total, status, ...rest, ...placed });
  pipelines.notify("orders_db");
}

async function becomes(expected: readonly string[]): Promise<void> {
  await eventually(
    `the rows ${expected.join("; ")}`,
    async () => {
      if ((await lake.engine.snapshots([model.name])).get(model.name) === null) return false;
      const rows = await lake.rows(model.name, "channel || ' ' || orders_count || ' ' || sales");
      return JSON.stringify(rows.flat().map(String).toSorted()) === JSON.stringify(expected);
    },
    { complaints },
  );
}

it("the model of the document fills by itself and follows its input", async () => {
  await order("1", "web", "10.00");
  await order("2", "web", "20.00");
  await order("3", "store", "5.00");
  await order("4", "phone", "7.00", "cancelled");
  await becomes(["store 1 5.00", "web 2 30.00"]);
  await order("2", "store", "21.00");
  await becomes(["store 2 26.00", "web 1 10.00"]);
  expect(complaints).toEqual([]);
}, 120_000);
