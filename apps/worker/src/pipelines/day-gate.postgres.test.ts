import * as stores from "@nova/db/repositories";
import { modelCompiler } from "@nova/engines/sql";
import { DAY, SECOND } from "@nova/pipeline-core/kernel";
import type { Gate, ModelFile } from "@nova/pipeline-core/catalog";
import { dayAt, dayNumber, dayOf } from "@nova/pipeline-core/orchestration";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually as eventuallyWith, openOrderPipelines, type OrderPipelines } from "../testing/order-pipelines.ts";
import { complainingLogger } from "../testing/test-logger.ts";
import { loadDefinitions } from "./definitions.ts";
import type { Pipelines } from "./index.ts";

const MART = "mart.daily_sales";
const GATE: Gate = {
  through: "day",
  at_most: 60,
  after_that: "run",
  check: {
    name: "all-paid",
    description: "no order of the day is pending",
    per: "day",
    at_most: (30 * DAY) / SECOND,
    query:
      "SELECT CAST(placed_at AS date), min(CASE WHEN status = 'pending' THEN 0 ELSE 1 END) FROM curated.orders GROUP BY 1",
  },
};
const complaints: string[] = [];
const logger = complainingLogger(complaints);
let lake: OrderPipelines;
let pipelines: Pipelines;
let today: number;

beforeAll(async () => {
  const models = loadDefinitions(modelCompiler).models.map((model): ModelFile =>
    model.name === MART ? { ...model, header: { ...model.header, gate: GATE } } : model,
  );
  lake = await openOrderPipelines(logger, { models });
  today = dayNumber(dayAt(lake.clock.now()));
  await startWorker();
}, 120_000);
afterAll(async () => {
  await pipelines.stop();
  await lake.close();
}, 60_000);

async function startWorker(): Promise<void> {
  const onFatal = (error: Error): void => void complaints.push(`fatal: ${error.message}`);
  pipelines = await lake.start({ epoch: await lake.newEpoch(), onFatal });
}

const dayBack = (days: number): string => dayOf(today - days);
const eventually = <T>(what: string, look: () => Promise<T | null | false> | T | null | false): Promise<T> =>
  eventuallyWith(what, look, { patienceMillis: 60_000, complaints });
const ordersByDay = async (): Promise<Record<string, string>> =>
  (await lake.engine.snapshots([MART])).get(MART) === null
    ? {}
    : (Object.fromEntries(
        (await lake.rows(MART, "CAST(sale_date AS varchar) AS day, CAST(orders_count AS varchar)")) as string[][],
      ) as Record<string, string>);
const waiting = () => pipelines.gates().find(({ dataset }) => dataset === MART)?.days ?? [];

async function order(id: number, back: number, status = "paid"): Promise<void> {
  await lake.append("u", {
    order_id: `${id}`,
    customer_id: "1",
    total: "10.00",
    status,
    currency: "EUR",
    channel: "web",
    subtotal: "10.00",
    discount: "0.00",
    shipping: "0.00",
    tax: "0.00",
    placed_at: `${dayBack(back)} 00:00:00+00`,
  });
  pipelines.notify("orders_db");
}

it("a day that its gate's check is not there for waits while others are published, over a restart, until it is", async () => {
  for (const back of [1, 2]) await order(back, back);
  await eventually("the mart has both days", async () => Object.keys(await ordersByDay()).length === 2);

  await order(3, 1, "pending");
  await order(4, 2);
  await eventually("the day that is ready is there", async () => (await ordersByDay())[dayBack(2)] === "2");
  await eventually("the other one waits", () => waiting().some(({ day }) => day === dayBack(1)));
  expect((await ordersByDay())[dayBack(1)]).toBe("1");
  const held = await eventually("it is on record", async () => (await stores.partitionStore(lake.db).heldBack())[0]);
  await eventually("asking is charged", async () => {
    const { rowCount } = await lake.db.pool.query(
      "SELECT FROM dataset_scan_days WHERE dataset = $1 AND kind = 'gate'",
      [MART],
    );
    return (rowCount ?? 0) > 0;
  });
  expect(held).toMatchObject({ dataset: MART, days: [{ day: dayBack(1), value: 0 }] });

  await pipelines.stop();
  await startWorker();
  expect(waiting()).toMatchObject([{ day: dayBack(1), value: 0 }]);
  expect((await ordersByDay())[dayBack(1)]).toBe("1");

  await order(3, 1);
  await eventually("the day follows", async () => (await ordersByDay())[dayBack(1)] === "2");
  await eventually("none waits", () => waiting().length === 0);
  expect(
    await eventually("none is on record", async () => {
      const left = await stores.partitionStore(lake.db).heldBack();
      return left.length === 0 && left;
    }),
  ).toEqual([]);
  expect(complaints).toEqual([]);
}, 180_000);
