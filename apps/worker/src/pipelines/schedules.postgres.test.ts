import { randomUUID } from "node:crypto";
import { schedulesReadModel, type ScheduleRow } from "@nova/db/read-models";
import * as stores from "@nova/db/repositories";
import { modelCompiler } from "@nova/engines/sql";
import { HOUR, MINUTE, PlatformError } from "@nova/pipeline-core/kernel";
import type { Gate, ModelFile } from "@nova/pipeline-core/catalog";
import type { OpenLineageEvent } from "@nova/pipeline-core/lineage";
import type { CommandRequest } from "@nova/pipeline-core/orchestration";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually as eventuallyWith, openOrderPipelines, type OrderPipelines } from "../testing/order-pipelines.ts";
import { complainingLogger } from "../testing/test-logger.ts";
import { loadDefinitions, type Pipelines } from "./index.ts";

const DEV = "dev.okafor@novaretail.example";
const CURATED = "curated.orders";
const errors: string[] = [];
const logger = complainingLogger(errors);
const events: OpenLineageEvent[] = [];
/** Added to the machine's clock: ticks come when a test says so. */
let ahead = 0;
/** What a refresh meets before it begins. */
let obstacle: () => Error | null = () => null;
let models: readonly ModelFile[];
let lake: OrderPipelines;
let pipelines: Pipelines | null = null;
let feed: stores.CommandFeed;
let total = 100;

beforeAll(async () => {
  const known = loadDefinitions(modelCompiler).models.filter(({ name }) => name === CURATED);
  // Hourly, a minute before now: no test meets a tick that it did not make.
  const cron = `${new Date(Date.now() - MINUTE).getUTCMinutes()} * * * *`;
  models = known.map((model) => ({ ...model, header: { ...model.header, schedule: { cron, zone: "UTC" } } }));
  lake = await openOrderPipelines(logger, {
    models,
    clock: { now: () => new Date(Date.now() + ahead) },
  });
}, 120_000);
afterAll(() => lake.close(), 60_000);
afterEach(async () => {
  obstacle = () => null;
  await stopWorker();
}, 60_000);

/** The check of a gate is compiled once for a version of the code. */
const gated = (model: ModelFile, gate: Gate): ModelFile => ({
  ...model,
  codeVersion: gate.check === undefined ? model.codeVersion : `${model.codeVersion}, asking`,
  header: { ...model.header, gate },
});

async function startWorker(gate?: Gate): Promise<Pipelines> {
  const { engine, db } = lake;
  pipelines = await lake.start({
    epoch: await lake.newEpoch(),
    models: gate === undefined ? models : models.map((model) => gated(model, gate)),
    pace: { freshness: 60_000, checks: 60_000 },
    onFatal: (error) => void errors.push(`fatal: ${error.message}`),
    lineageEvents: {
      origin: { namespace: "novaretail", producer: "https://novaretail.example" },
      emit: (event) => void events.push(event),
    },
    engine: {
      ...engine,
      async refreshModel(refresh) {
        const error = obstacle();
        if (error !== null) throw error;
        return engine.refreshModel(refresh);
      },
    },
  });
  const started = pipelines;
  feed = stores.listenForCommands(db.pool.options.connectionString ?? "", () => started.notifyCommands(), logger);
  return started;
}

async function stopWorker(): Promise<void> {
  if (pipelines === null) return;
  await feed.stop();
  await pipelines.stop();
  pipelines = null;
}

const eventually = <T>(what: string, look: () => Promise<T | null | false>): Promise<T> =>
  eventuallyWith(what, look, { patienceMillis: 40_000, complaints: errors });

/** A change of order 1 that has come as far as staged; returns its total. */
async function change(worker: Pipelines): Promise<string> {
  total += 1;
  const text = `${total}.00`;
  await lake.append(total === 101 ? "c" : "u", { order_id: "1", total: text, status: "paid" });
  worker.notify("orders_db");
  await eventually(`${text} in staged`, async () => (await totals("staged.orders_db__orders")) === text);
  return text;
}

async function totals(dataset = CURATED): Promise<string> {
  if ((await lake.engine.snapshots([dataset])).get(dataset) === null) return "";
  const value = (await lake.rows(dataset, "CAST(total AS varchar)"))[0]?.[0];
  return typeof value === "string" ? value : "";
}

const runs = async (): Promise<{ trigger: string; state: string; skip: string | null; reason: string }[]> =>
  (
    await lake.db.pool.query<{ trigger: string; state: string; skip: string | null; reason: string }>(
      `SELECT r.trigger, s.state, s.skip_reason AS skip, s.reason FROM steps s JOIN runs r ON r.id = s.run_id
        WHERE s.dataset = $1 ORDER BY r.created_at`,
      [CURATED],
    )
  ).rows;

const ended = (count: number) =>
  eventually(`${count} runs have ended`, async () => {
    const all = await runs();
    return all.length >= count && all.every(({ state }) => /succeeded|failed|skipped/.test(state)) && all;
  });

async function row(): Promise<ScheduleRow | undefined> {
  return (await schedulesReadModel(lake.db.pool).list(lake.clock.now()))[0];
}

/** Ticks of the time ahead come to pass, as when the machine slept. */
function sleep(worker: Pipelines, millis: number): void {
  ahead += millis;
  worker.notifyCommands();
}

async function settled(request: CommandRequest) {
  const commands = stores.commandStore(lake.db, lake);
  const { command } = await commands.request(request, { actor: DEV, key: randomUUID() });
  return eventually(`${request.kind} is settled`, async () => {
    const now = await commands.find(command.id);
    return now !== null && (now.state === "done" || now.state === "refused") && now;
  });
}

describe("a dataset with a schedule", { timeout: 120_000 }, () => {
  it("is built at once, then waits for its tick whatever arrives, and says so", async () => {
    const worker = await startWorker();
    const [first] = await ended(1);
    expect(first).toMatchObject({ trigger: "schedule", state: "succeeded", reason: expect.stringContaining("in UTC") });
    await change(worker);
    expect(worker.explain(CURATED)).toMatchObject({
      state: "waiting",
      headline: expect.stringMatching(/by its schedule, \d+ \* \* \* \*: next at 20\d\d-\d\d-\d\d \d\d:\d\d \(UTC\)/),
    });
    expect(await runs()).toHaveLength(1);
    expect(await row()).toMatchObject({ dataset: CURATED, lastRun: { state: "succeeded" }, paused: null });
  });

  it("that missed many ticks while no worker was there runs once", async () => {
    ahead += 50 * HOUR;
    await startWorker();
    const all = await ended(2);
    expect(all[1]).toMatchObject({ trigger: "schedule", state: "succeeded" });
    expect(await totals()).toBe(`${total}.00`);
    await eventually("the tick is settled", async () => pipelines?.explain(CURATED).state !== "ready");
    expect(await runs()).toHaveLength(2);
  });

  it("runs at a tick also when nothing is new, and the run says that it is there already", async () => {
    ahead += HOUR;
    await startWorker();
    expect((await ended(3))[2]).toMatchObject({ state: "skipped", skip: expect.stringContaining("there already") });
    expect(await row()).toMatchObject({ lastRun: { state: "skipped", reason: expect.stringContaining("key") } });
  });

  it("that failed is due again when it was left alone for a while", async () => {
    const worker = await startWorker();
    const text = await change(worker);
    await stopWorker();
    obstacle = () => new PlatformError("check-failed", "two rows share order_id");
    ahead += HOUR;
    await startWorker();
    const failed = (await ended(4))[3];
    expect(failed).toMatchObject({ state: "failed" });
    await stopWorker();
    obstacle = () => null;
    await startWorker();
    await eventually("the rows of the tick", async () => (await totals()) === text);
    expect((await ended(5))[4]).toMatchObject({ trigger: "schedule", state: "succeeded" });
  });

  it("told of every run and step that began, and of how each ended", async () => {
    await stopWorker();
    const byRun = Map.groupBy(events, (event) => event.run.runId);
    for (const [runId, ofRun] of byRun) {
      expect([runId, ofRun.length, ofRun[0]?.eventType]).toEqual([runId, 2, "START"]);
      expect(ofRun[1]?.eventType).toMatch(/COMPLETE|FAIL/);
    }
    const steps = events.filter((event) => event.job.name === `sales.${CURATED}` && event.eventType !== "START");
    expect(steps.map((event) => event.eventType)).toEqual(["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]);
    expect(steps[2]?.run.facets.errorMessage).toMatchObject({ message: "two rows share order_id" });
    const [output] = steps[3]?.outputs ?? [];
    expect(output?.outputFacets?.outputStatistics).toMatchObject({ rowCount: 1 });
    expect(output?.facets.columnLineage?.fields).toHaveProperty("total");
    const runIds = [...byRun.keys()];
    for (const event of steps)
      expect(runIds).toContainEqual((event.run.facets.parent?.run as { runId: string } | undefined)?.runId);
  });

  it("is paused and goes on with the next tick; what passed meanwhile is not made up for", async () => {
    const worker = await startWorker();
    expect(await settled({ kind: "pause-schedule", target: CURATED })).toMatchObject({ state: "done" });
    expect(worker.explain(CURATED)).toMatchObject({ state: "stopped", headline: expect.stringContaining(DEV) });
    expect(await row()).toMatchObject({ paused: { by: DEV } });
    sleep(worker, 3 * HOUR);
    expect(await settled({ kind: "resume-schedule", target: CURATED })).toMatchObject({ state: "done" });
    expect(worker.explain(CURATED)).toMatchObject({ state: "waiting" });
    expect(await runs()).toHaveLength(5);
    sleep(worker, HOUR);
    // A command wakes the scheduler; one that is refused does no more.
    expect(await settled({ kind: "resume-schedule", target: CURATED })).toMatchObject({ state: "refused" });
    expect(await settled({ kind: "pause-schedule", target: "staged.orders_db__orders" })).toMatchObject({
      state: "refused",
      message: expect.stringContaining("has no schedule"),
    });
    expect(await settled({ kind: "pause-pipeline", target: "sales" })).toMatchObject({ state: "done" });
    expect(await settled({ kind: "resume-pipeline", target: "sales" })).toMatchObject({ state: "done" });
    expect((await ended(6))[5]).toMatchObject({ trigger: "schedule" });
  });

  it("with a gate waits at its tick for a late source, and runs as soon as that is through, though no row came", async () => {
    const worker = await startWorker({ through: "tick", at_most: 3 * 3_600, after_that: "run" });
    sleep(worker, HOUR);
    await settled({ kind: "resume-schedule", target: CURATED });
    expect(worker.explain(CURATED)).toMatchObject({
      state: "waiting",
      headline: expect.stringMatching(
        /^It waits until its inputs are complete through .*: staged.orders_db__orders is through/,
      ),
    });
    expect(worker.gates()).toEqual([
      {
        dataset: CURATED,
        words: "every input through the tick of its schedule; at most 180 min, then it runs with what there is",
        waits: true,
        now: worker.explain(CURATED).headline,
        until: expect.any(Date),
        days: [],
      },
    ]);
    expect(await runs()).toHaveLength(6);
    await stores.sourceStore(lake.db, lake).setDataThrough("orders_db", lake.clock.now());
    worker.notify("orders_db");
    expect((await ended(7))[6]).toMatchObject({ reason: expect.stringContaining("inputs complete through") });
  });

  it("with a gate runs with what there is once it has waited long enough, and its step says what was missing", async () => {
    const worker = await startWorker({ through: "tick", at_most: 30 * 60, after_that: "run" });
    sleep(worker, 2 * HOUR);
    expect(await settled({ kind: "pause-pipeline", target: "sales" })).toMatchObject({ state: "done" });
    expect(await settled({ kind: "resume-pipeline", target: "sales" })).toMatchObject({ state: "done" });
    expect((await ended(8))[7]).toMatchObject({
      reason: expect.stringMatching(
        /not complete through .*, no longer waited for: staged.orders_db__orders is through/,
      ),
    });
  });

  it("with a check of its inputs' rows waits until they have come, and says what it found", async () => {
    const query = "SELECT count(*) > 1 FROM staged.orders_db__orders";
    const check = { name: "all-there", description: "two orders have come", per: "model" as const, query };
    const worker = await startWorker({
      through: "tick",
      at_most: 60,
      after_that: "run",
      check: { ...check, at_most: 7_200 },
    });
    sleep(worker, HOUR);
    await stores.sourceStore(lake.db, lake).setDataThrough("orders_db", lake.clock.now());
    worker.notify("orders_db");
    await eventually("it was asked", async () => worker.explain(CURATED).headline.includes("gives 0"));
    expect(worker.explain(CURATED)).toMatchObject({
      state: "waiting",
      headline: expect.stringContaining("It waits: check all-there (two orders have come) gives 0. At "),
    });
    expect(await runs()).toHaveLength(8);
    // Inputs that changed are asked again, though not at once.
    ahead += 10_000;
    await lake.append("c", { order_id: "2", total: "7.00", status: "paid" });
    worker.notify("orders_db");
    expect((await ended(9))[8]).toMatchObject({ reason: expect.stringContaining("check all-there gives 1") });
  });
});
