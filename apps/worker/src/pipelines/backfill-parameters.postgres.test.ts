import { randomUUID } from "node:crypto";
import * as stores from "@nova/db/repositories";
import { modelCompiler } from "@nova/engines/sql";
import type { ModelFile } from "@nova/pipeline-core/catalog";
import { backfillSpecSchema, type CommandRequest, dayAt, dayNumber, dayOf } from "@nova/pipeline-core/orchestration";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually as eventuallyWith, openOrderPipelines, type OrderPipelines } from "../testing/order-pipelines.ts";
import { complainingLogger } from "../testing/test-logger.ts";
import { loadDefinitions } from "./definitions.ts";
import type { Pipelines } from "./index.ts";

const DEV = "dev.okafor@novaretail.example";
const MART = "mart.daily_sales";
const NAMELESS = { type: "string", default: "unknown", description: "What orders without a channel are shown as." };
const complaints: string[] = [];
const logger = complainingLogger(complaints);

let lake: OrderPipelines;
let pipelines: Pipelines;
let feed: stores.CommandFeed;
let today: number;

/** NovaRetail's models, one of them with a parameter for what an order without a channel is called. */
function modelsWithParameter(): ModelFile[] {
  return loadDefinitions(modelCompiler).models.map((model) =>
    model.name === MART
      ? {
          ...model,
          header: { ...model.header, parameters: { nameless: NAMELESS } },
          sql: model.sql.replace("coalesce(o.channel, 'unknown')", "coalesce(o.channel, param('nameless'))"),
        }
      : model,
  );
}

beforeAll(async () => {
  lake = await openOrderPipelines(logger, { models: modelsWithParameter() });
  today = dayNumber(dayAt(lake.clock.now()));
  const epoch = await lake.newEpoch();
  pipelines = await lake.start({ epoch, onFatal: (error) => void complaints.push(`fatal: ${error.message}`) });
  feed = stores.listenForCommands(
    lake.db.pool.options.connectionString ?? "",
    () => pipelines.notifyCommands(),
    logger,
  );
  for (const back of [1, 2, 3]) await order(back, back);
  pipelines.notify("orders_db");
  await eventually("the mart has every day", async () => (await channels()).length === 3);
}, 120_000);
afterAll(async () => {
  await feed.stop();
  await pipelines.stop();
  await lake.close();
}, 60_000);

const dayBack = (days: number): string => dayOf(today - days);
const eventually = <T>(what: string, look: () => Promise<T | null | false>): Promise<T> =>
  eventuallyWith(what, look, { patienceMillis: 40_000, complaints });
const channels = async (): Promise<unknown[][]> =>
  (await lake.engine.snapshots([MART])).get(MART) === null
    ? []
    : lake.rows(MART, "CAST(sale_date AS varchar) AS day, channel, CAST(orders_count AS varchar)");

async function order(id: number, back: number): Promise<void> {
  await lake.append("u", {
    order_id: `${id}`,
    customer_id: "1",
    total: "10.00",
    status: "paid",
    currency: "EUR",
    channel: null,
    subtotal: "10.00",
    discount: "0.00",
    shipping: "0.00",
    tax: "0.00",
    placed_at: `${dayBack(back)} 00:00:00+00`,
  });
}

async function carriedOut(request: CommandRequest): Promise<string> {
  const commands = stores.commandStore(lake.db, lake);
  const { command } = await commands.request(request, { actor: DEV, key: randomUUID() });
  await eventually(`${request.kind} is done`, async () => (await commands.find(command.id))?.state === "done");
  return command.id;
}

async function backfilled(spec: object): Promise<string> {
  const { id } = await pipelines.planBackfill(backfillSpecSchema.parse({ dataset: MART, scope: "all", ...spec }), DEV);
  await carriedOut({ kind: "submit-backfill", target: id });
  const backfills = stores.backfillStore(lake.db, lake);
  await eventually("the backfill is done", async () => (await backfills.find(id))?.state === "done");
  return id;
}

it("days computed with other parameters say so until a refresh or a backfill computes them by the defaults", async () => {
  const partitions = stores.partitionStore(lake.db);
  const ranges = [{ from: dayBack(3), to: dayBack(2) }];
  const id = await backfilled({ ranges, perRun: "range", parameters: { nameless: "it's ; \\ none" } });
  expect(await channels()).toEqual([
    [dayBack(3), "it's ; \\ none", "1"],
    [dayBack(2), "it's ; \\ none", "1"],
    [dayBack(1), "unknown", "1"],
  ]);
  const parameters = { nameless: "it's ; \\ none" };
  expect(await partitions.marked(MART)).toMatchObject([{ ...ranges[0], parameters }]);

  const steps = await lake.db.pool.query<{ run_id: string; parameters: unknown; idempotency_key: string }>(
    `SELECT DISTINCT s.run_id, s.parameters, s.idempotency_key FROM steps s JOIN backfill_partitions p ON p.run_id = s.run_id WHERE p.backfill_id = $1`,
    [id],
  );
  expect(steps.rows).toMatchObject([{ parameters }]);
  const [step] = steps.rows;
  // Asked to run, it says which days it leaves by them, and how they are computed by the defaults.
  const commands = stores.commandStore(lake.db, lake);
  const run = await carriedOut({ kind: "run-dataset", target: MART, downstream: false });
  const said = `that stand by other parameters stay so where nothing changed: ${dayBack(3)} to ${dayBack(2)} (nameless = `;
  const again = `npm run nova -- backfill ${MART} --from ${dayBack(3)} --to ${dayBack(2)} --scope all`;
  const { message, runId } = (await commands.find(run)) ?? {};
  expect(message).toContain(said);
  expect(message).toContain(again);
  await eventually("the run has ended", async () => {
    const ended = await stores.runStore(lake.db, lake).find(runId ?? "");
    return ended?.state === "succeeded" && ended.steps[0]?.skipReason?.includes(again) === true;
  });
  const { rows: live } = await lake.db.pool.query<{ idempotency_key: string }>(
    "SELECT idempotency_key FROM steps WHERE dataset = $1 AND parameters IS NULL AND state = 'succeeded'",
    [MART],
  );
  expect(live.map((one) => one.idempotency_key)).not.toContain(step?.idempotency_key);

  await order(4, 2);
  pipelines.notify("orders_db");
  await eventually("the order is in the mart", async () => (await channels()).some(([, , orders]) => orders === "2"));
  expect((await channels())[1]).toEqual([dayBack(2), "unknown", "2"]);
  const rest = { from: dayBack(3), to: dayBack(3), parameters };
  expect(await partitions.marked(MART)).toMatchObject([rest]);

  await backfilled({ ranges });
  expect((await channels())[0]).toEqual([dayBack(3), "unknown", "1"]);
  expect(await partitions.marked(MART)).toEqual([]);
});

it("a model that is not built by its code of now takes none", async () => {
  const model = modelsWithParameter().find(({ name }) => name === MART);
  if (model === undefined) throw new Error(`no model ${MART}`);
  await expect(
    lake.engine.recomputeModel({
      model: { ...model, codeVersion: "another" },
      consumed: new Map(),
      days: { column: "sale_date", ranges: [{ from: dayBack(3), to: dayBack(3) }] },
      parameters: { nameless: "x" },
      within: async () => undefined,
    }),
  ).rejects.toThrow("not built by its code of now");
});
