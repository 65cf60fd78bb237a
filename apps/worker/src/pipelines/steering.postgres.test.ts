import { randomUUID } from "node:crypto";
import * as stores from "@nova/db/repositories";
import { type Logger, PlatformError } from "@nova/pipeline-core/kernel";
import type { Command, CommandRequest, StoredRun } from "@nova/pipeline-core/orchestration";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually as eventuallyWith, openOrderPipelines, type OrderPipelines } from "../testing/order-pipelines.ts";
import type { Pipelines } from "./index.ts";

const DEV = "dev.okafor@novaretail.example";
const STAGED = "staged.orders_db__orders";
const CURATED = "curated.orders";
const errors: string[] = [];
const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (message, fields) => void errors.push(`${message} ${JSON.stringify(fields)} ${String(fields?.error)}`),
  with: () => logger,
};
const PACE = {
  hot: 50,
  cold: 1_000,
  model: 50,
  lagShare: 0,
  idle: 200,
  freshness: 5_000,
  checks: 5_000,
  maintenance: 60_000,
};

let lake: OrderPipelines;
let pipelines: Pipelines;
let feed: stores.CommandFeed;
let total = 100;
/** What a refresh of curated.orders meets before it begins; resolves at once unless a test says otherwise. */
let gate: (signal: AbortSignal | undefined) => Promise<void>;

beforeAll(async () => {
  lake = await openOrderPipelines(logger);
}, 120_000);
afterAll(() => lake.close(), 60_000);

beforeEach(async () => {
  errors.length = 0;
  gate = async () => undefined;
  await startWorker();
}, 60_000);
afterEach(async () => {
  await stopWorker();
  await lake.db.pool.query("DELETE FROM dataset_holds");
  await lake.db.pool.query("DELETE FROM pipeline_pauses");
}, 60_000);

async function startWorker(): Promise<void> {
  const { db, engine } = lake;
  const epoch = await lake.newEpoch();
  await stores.runStore(db, lake).closeAbandoned();
  pipelines = await lake.start({
    epoch,
    pace: PACE,
    onFatal: (error) => void errors.push(`fatal: ${error.message}`),
    engine: {
      ...engine,
      async refreshModel(refresh) {
        if (refresh.model.name === CURATED) await gate(refresh.signal);
        return engine.refreshModel(refresh);
      },
    },
  });
  feed = stores.listenForCommands(db.pool.options.connectionString ?? "", () => pipelines.notifyCommands(), logger);
}

async function stopWorker(): Promise<void> {
  await feed.stop();
  await pipelines.stop();
}

const eventually = <T>(what: string, look: () => Promise<T | null | false>): Promise<T> =>
  eventuallyWith(what, look, { patienceMillis: 40_000, complaints: errors });

/** A change of order 1 arrives in raw; returns its total. */
async function change(): Promise<string> {
  total += 1;
  const text = `${total}.00`;
  await lake.append(total === 101 ? "c" : "u", {
    order_id: "1",
    customer_id: "1",
    total: text,
    status: "paid",
    currency: "EUR",
    subtotal: text,
    discount: "0.00",
    shipping: "0.00",
    tax: "0.00",
    placed_at: "2026-11-01 10:00:00+00",
  });
  pipelines.notify("orders_db");
  return text;
}

async function totals(dataset = CURATED): Promise<string> {
  if ((await lake.engine.snapshots([dataset])).get(dataset) === null) return "";
  return firstValue(dataset, "CAST(total AS varchar)");
}

async function firstValue(dataset: string, select: string): Promise<string> {
  const value = (await lake.rows(dataset, select))[0]?.[0];
  return typeof value === "string" ? value : "";
}

const arrives = (text: string, dataset = CURATED) =>
  eventually(`${text} in ${dataset}`, async () => (await totals(dataset)) === text);

async function settled(request: CommandRequest, key = randomUUID()): Promise<Command> {
  const commands = stores.commandStore(lake.db, lake);
  const { command } = await commands.request(request, { actor: DEV, key });
  return eventually(`${request.kind} is settled`, async () => {
    const now = await commands.find(command.id);
    return now !== null && (now.state === "done" || now.state === "refused") && now;
  });
}

const ended = (runId: string): Promise<StoredRun> =>
  eventually(`run ${runId} ends`, async () => {
    const run = await stores.runStore(lake.db, lake).find(runId);
    return run !== null && run.state !== "queued" && run.state !== "running" && run;
  });

async function latestRunOf(dataset: string): Promise<StoredRun> {
  const { rows } = await lake.db.pool.query<{ run_id: string }>(
    "SELECT run_id FROM steps WHERE dataset = $1 AND state <> 'skipped' ORDER BY waiting_since DESC LIMIT 1",
    [dataset],
  );
  const run = await stores.runStore(lake.db, lake).find(rows[0]?.run_id ?? "");
  if (run === null) throw new Error(`no run of ${dataset}`);
  return run;
}

const stepOf = (run: StoredRun, dataset: string) => run.steps.find((step) => step.dataset === dataset);

describe("people steer runs", () => {
  it("run a dataset now with everything made from it, and what is there already is skipped with its key", async () => {
    await arrives(await change());
    await eventually("nothing runs", async () => pipelines.explain(CURATED).state === "up-to-date");
    const command = await settled({ kind: "run-dataset", target: STAGED, downstream: true });
    expect(command).toMatchObject({ state: "done", requestedBy: DEV });
    const run = await ended(command.runId ?? "");
    expect(run).toMatchObject({ trigger: "manual", state: "succeeded", requestedBy: DEV, pipeline: "load_orders_db" });
    expect(run.steps.map((step) => step.dataset)).toContain("mart.daily_sales");
    expect(stepOf(run, STAGED)).toMatchObject({ state: "skipped", reason: `asked by ${DEV}` });
    expect(stepOf(run, CURATED)).toMatchObject({
      state: "skipped",
      skipReason: expect.stringMatching(/^it is there already from the same inputs and code \(key [0-9a-f]{16}\)$/),
    });
    expect(errors).toEqual([]);
  }, 90_000);

  it("cancel a run: what runs is interrupted and publishes nothing, what waits never starts", async () => {
    await arrives(await change());
    const before = await totals();
    const entered = Promise.withResolvers<void>();
    gate = (signal) =>
      new Promise((resolve) => {
        entered.resolve();
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    const text = await change();
    await entered.promise;
    const run = await latestRunOf(CURATED);
    expect(pipelines.explain(CURATED).state).toBe("running");
    expect(await settled({ kind: "cancel-run", target: run.id })).toMatchObject({ state: "done", runId: run.id });
    expect(await ended(run.id)).toMatchObject({ state: "cancelled" });
    expect(await totals()).toBe(before);
    expect(pipelines.explain(CURATED)).toMatchObject({
      state: "waiting",
      headline: expect.stringMatching(/cancelled/),
    });
    // A late writer of that attempt is refused by the store, whatever it believes.
    expect(await settled({ kind: "cancel-run", target: run.id })).toMatchObject({ state: "refused" });
    gate = async () => undefined;
    const retry = await settled({ kind: "retry-run", target: run.id, scope: "failed", datasets: [] });
    expect(await ended(retry.runId ?? "")).toMatchObject({ state: "succeeded", retryOf: run.id });
    expect(await totals()).toBe(text);
    expect(errors).toEqual([]);
  }, 90_000);

  it("retry from the step that failed, once it is fixed, linked to the old run", async () => {
    await arrives(await change());
    gate = async () => {
      throw new PlatformError("check-failed", "curated.orders: required columns are null; nothing was published");
    };
    const text = await change();
    const failed = await eventually("the run fails", async () => {
      const run = await latestRunOf(CURATED);
      return run.state === "failed" && run;
    });
    expect(pipelines.explain(CURATED).headline).toMatch(/failed in run .* and is left alone/);
    gate = async () => undefined;
    const command = await settled({ kind: "retry-run", target: failed.id, scope: "from", datasets: [CURATED] });
    const again = await ended(command.runId ?? "");
    expect(again).toMatchObject({ state: "succeeded", retryOf: failed.id, requestedBy: DEV });
    expect(stepOf(again, CURATED)).toMatchObject({ state: "succeeded", attempt: 1 });
    expect(await totals()).toBe(text);
  }, 90_000);

  it("roll a dataset back before a run: it stays there, says so, and catches up when released", async () => {
    const before = await change();
    await arrives(before);
    const after = await change();
    await arrives(after);
    const run = await eventually("the run is on record", async () => {
      const one = await latestRunOf(CURATED);
      return one.state === "succeeded" && stepOf(one, CURATED)?.snapshotBefore !== null && one;
    });
    const command = await settled({ kind: "rollback-dataset", target: CURATED, runId: run.id });
    expect(command).toMatchObject({ state: "done", message: expect.stringContaining("mart.daily_sales") });
    expect(await totals()).toBe(before);
    await eventually(
      "the mart follows",
      async () => (await firstValue("mart.daily_sales", "CAST(net_sales AS varchar)")) === before,
    );
    const later = await change();
    await arrives(later, STAGED);
    expect(await totals()).toBe(before);
    expect(pipelines.explain(CURATED)).toMatchObject({
      state: "stopped",
      headline: expect.stringContaining(`${DEV} rolled it back`),
    });

    await stopWorker();
    await startWorker();
    expect(pipelines.explain(CURATED).state).toBe("stopped");
    expect(await totals()).toBe(before);

    expect(await settled({ kind: "release-dataset", target: CURATED })).toMatchObject({ state: "done" });
    await arrives(later);
    expect(errors).toEqual([]);
  }, 120_000);

  it("re-running a rolled-back dataset brings it back too, and a staged one reads again what it had read", async () => {
    const before = await change();
    await arrives(before);
    const after = await change();
    await arrives(after);
    const run = await latestRunOf(STAGED);
    expect(await settled({ kind: "rollback-dataset", target: STAGED, runId: run.id })).toMatchObject({ state: "done" });
    await arrives(before, STAGED);
    await arrives(before);
    const command = await settled({ kind: "run-dataset", target: STAGED, downstream: true });
    expect(await ended(command.runId ?? "")).toMatchObject({ state: "succeeded" });
    await arrives(after, STAGED);
    await arrives(after);
    expect(errors).toEqual([]);
  }, 120_000);

  it("pause a pipeline and resume it", async () => {
    await arrives(await change());
    const before = await totals();
    expect(await settled({ kind: "pause-pipeline", target: "sales" })).toMatchObject({ state: "done" });
    const text = await change();
    await arrives(text, STAGED);
    expect(await totals()).toBe(before);
    expect(pipelines.explain(CURATED)).toMatchObject({ state: "stopped", headline: expect.stringContaining(DEV) });
    expect(await settled({ kind: "resume-pipeline", target: "sales" })).toMatchObject({ state: "done" });
    await arrives(text);
  }, 90_000);

  it("are told why something cannot be done, and nothing is half-done", async () => {
    const unknown = "019a0000-0000-7000-8000-000000000000";
    const refusals: [CommandRequest, RegExp][] = [
      [{ kind: "run-dataset", target: "curated.nothing", downstream: false }, /there is no dataset curated.nothing/],
      [{ kind: "run-dataset", target: "raw.orders_db", downstream: false }, /written by capture/],
      [{ kind: "cancel-run", target: unknown }, /is not known/],
      [{ kind: "retry-run", target: unknown, scope: "all", datasets: [] }, /there is no run/],
      [{ kind: "rollback-dataset", target: CURATED, runId: unknown }, /is not known any more/],
      [{ kind: "release-dataset", target: CURATED }, /not rolled back/],
      [{ kind: "pause-pipeline", target: "nothing" }, /there are customers/],
      [{ kind: "resume-pipeline", target: "sales" }, /is not paused/],
    ];
    for (const [request, message] of refusals)
      expect(await settled(request)).toMatchObject({ state: "refused", message: expect.stringMatching(message) });
    expect(() => pipelines.explain("curated.nothing")).toThrow(expect.objectContaining({ kind: "not-found" }));
  }, 90_000);

  it("what was asked while no worker ran is carried out at the next start", async () => {
    await stopWorker();
    const commands = stores.commandStore(lake.db, lake);
    const { command } = await commands.request(
      { kind: "pause-pipeline", target: "sales" },
      { actor: DEV, key: randomUUID() },
    );
    await startWorker();
    const done = await eventually("it is done", async () => {
      const now = await commands.find(command.id);
      return now?.state === "done" && now;
    });
    expect(done.message).toMatch(/sales is paused/);
  }, 90_000);
});
