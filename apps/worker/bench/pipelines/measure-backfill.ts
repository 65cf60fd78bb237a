import { randomUUID } from "node:crypto";
import { backfillsReadModel } from "@nova/db/read-models";
import { commandStore, listenForCommands, sourceStore } from "@nova/db/repositories";
import { type ModelFile, modelHeaderSchema } from "@nova/pipeline-core/catalog";
import { DAY } from "@nova/pipeline-core/kernel";
import { emptyEnvelopeColumns } from "@nova/pipeline-core/lakehouse";
import { backfillSpecSchema, type CommandRequest, dayAt, dayNumber, dayOf } from "@nova/pipeline-core/orchestration";
import { PACE } from "../../src/pipelines/context.ts";
import { eventually, openOrderPipelines, type OrderPipelines } from "../../src/testing/order-pipelines.ts";
import { complaints, loud } from "./complaints.ts";
import { type Figure, percentile, round } from "../figures.ts";
import { DURABLE, timed } from "./durable.ts";

const ACTOR = "bench";
const ORDERS = "staged.orders_db__orders";
const ROUNDS = 7;
/** What the page of a backfill lists at first. */
const PARTS = 101;

/** Models of one row a day, each made from the one before. */
function dailyModels(count: number): ModelFile[] {
  return Array.from({ length: count }, (_, index) => {
    const input = index === 0 ? ORDERS : `mart.days_${index - 1}`;
    const [day, orders] = index === 0 ? ["CAST(placed_at AS date)", "count(*)"] : ["day", "sum(orders)"];
    return {
      name: `mart.days_${index}`,
      path: `days_${index}.sql`,
      sql: `SELECT ${day} AS day, CAST(${orders} AS bigint) AS orders FROM ${input} GROUP BY 1`,
      sqlLine: 1,
      codeVersion: "bench",
      header: modelHeaderSchema.parse({
        description: "Orders of each day.",
        owner: "bench",
        pipeline: "days",
        kind: "partitioned",
        key: "day",
        refresh_key: "day",
        target_lag: "1s",
        inputs: { [input]: { key: day } },
        columns: {
          day: { type: "date", required: true, description: "The day." },
          orders: { type: "long", description: "Orders placed on it." },
        },
      }),
    };
  });
}

/** The plan of `days` partitions of `models` models on a lake that has them all, and the page of that backfill. */
export async function measureBackfill(days: number, models: number): Promise<Figure[]> {
  const lake = await openOrderPipelines(loud, { models: dailyModels(models), postgres: DURABLE });
  try {
    return await measure(lake, days, models);
  } finally {
    await lake.close();
  }
}

async function measure(lake: OrderPipelines, days: number, models: number): Promise<Figure[]> {
  await oneOrderADay(lake, days);
  const pipelines = await lake.start({
    epoch: await lake.newEpoch(),
    pace: { ...PACE, hot: 100, model: 100, idle: 500 },
    onFatal: (error) => void complaints.push(error.message),
  });
  const feed = listenForCommands(lake.db.pool.options.connectionString ?? "", () => pipelines.notifyCommands(), loud);
  try {
    pipelines.notify("orders_db");
    const last = `mart.days_${models - 1}`;
    await eventually("the last model is built", async () => (await lake.engine.tableStats(last)).rowCount === days, {
      patienceMillis: 300_000,
      complaints,
    });
    const spec = backfillSpecSchema.parse({
      dataset: "mart.days_0",
      scope: "all",
      downstream: true,
      perRun: 10,
      ranges: [{ from: dayOf(dayNumber(dayAt(lake.clock.now())) - days + 1), to: dayAt(lake.clock.now()) }],
    });
    const planning: number[] = [];
    let planned = "";
    for (let turn = 0; turn < ROUNDS; turn += 1) {
      const [millis, { id, plan }] = await timed(() => pipelines.planBackfill(spec, ACTOR));
      if (plan.partitions !== days * models) throw new Error(`the plan has ${plan.partitions} partitions`);
      planning.push(millis);
      planned = id;
    }
    const [submitting] = await timed(() => settled(lake, { kind: "submit-backfill", target: planned }));
    await settled(lake, { kind: "pause-backfill", target: planned });
    // What autovacuum does within a minute.
    await lake.db.pool.query("VACUUM ANALYZE backfill_partitions");
    const pages = await pageMillis(lake, planned);
    await settled(lake, { kind: "cancel-backfill", target: planned, inFlight: true });
    const size = `${days} partitions × ${models} models`;
    return [
      { what: `backfill plan, ${size}`, figure: round(percentile(planning, 0.5) / 1000), unit: "s", goal: "≤ 2" },
      { what: `backfill submitted, ${size}`, figure: round(submitting / 1000), unit: "s", goal: "" },
      {
        what: `backfill page, ${size}, p95`,
        figure: round(percentile(pages, 0.95)),
        unit: "ms",
        goal: "≤ 200",
        beside: `median ${round(percentile(pages, 0.5))}; reads of the page, without the server's render`,
      },
    ];
  } finally {
    await feed.stop();
    await pipelines.stop();
  }
}

async function oneOrderADay(lake: OrderPipelines, days: number): Promise<void> {
  const columns = emptyEnvelopeColumns();
  const now = lake.clock.now().getTime();
  for (let day = 0; day < days; day += 1) {
    const order = { order_id: String(day + 1), total: "1.00", placed_at: new Date(now - day * DAY).toISOString() };
    columns.stream.push("public.orders");
    columns.op.push("r");
    columns.key.push(JSON.stringify({ order_id: order.order_id }));
    columns.payload.push(JSON.stringify(order));
    columns.unchanged.push(null);
    columns.sourceTs.push(BigInt(now) * 1000n);
    columns.position.push(`A.${String(day).padStart(10, "0")}`);
    columns.schemaVersion.push(1);
  }
  await lake.engine.rawStore.append({
    source: "orders_db",
    input: { from: "columns", columns },
    batchId: "bench",
    ingestedAt: lake.clock.now(),
    within: async () => undefined,
    position: String(days),
  });
  await sourceStore(lake.db, lake).setDataThrough("orders_db", lake.clock.now());
}

async function settled(lake: OrderPipelines, request: CommandRequest): Promise<void> {
  const commands = commandStore(lake.db, lake);
  const { command } = await commands.request(request, { actor: ACTOR, key: randomUUID() });
  await eventually(`${request.kind} is settled`, async () => {
    const now = await commands.find(command.id);
    if (now?.state === "refused") throw new Error(now.message);
    return now?.state === "done";
  });
}

/** All that the page asks for, at once as a browser does. */
async function pageMillis({ db }: OrderPipelines, id: string): Promise<number[]> {
  const backfills = backfillsReadModel(db.pool);
  const millis: number[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const [took] = await timed(() =>
      Promise.all([backfills.one(id), backfills.progress(id), backfills.parts(id, null, 0, PARTS)]),
    );
    millis.push(took);
  }
  return millis;
}
