import { randomUUID } from "node:crypto";
import { runReadModel } from "@nova/db/read-models";
import * as stores from "@nova/db/repositories";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { Command, CommandRequest, StoredRun } from "@nova/pipeline-core/orchestration";
import { Command as Program } from "commander";
import fastify from "fastify";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import pg from "pg";
import { addShowRun } from "../cli/show-run.ts";
import type { WorkerClient } from "../cli/worker-client.ts";
import { type ReportDeps, registerReports } from "../http/reports.ts";
import { eventually as eventuallyWith, openOrderPipelines, type OrderPipelines } from "../testing/order-pipelines.ts";
import { complainingLogger } from "../testing/test-logger.ts";
import type { Pipelines } from "./index.ts";

const DEV = "dev.okafor@novaretail.example";
const STAGED = "staged.orders_db__orders";
const CURATED = "curated.orders";
const errors: string[] = [];
const logger = complainingLogger(errors);

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

/** What `nova runs show` prints of a run, as the worker tells it. */
async function show(runId: string): Promise<string> {
  const read = runReadModel(lake.db.pool);
  const app = fastify();
  registerReports(app, { run: read } as Partial<ReportDeps> as ReportDeps);
  const client: Pick<WorkerClient, "get"> = {
    get: async (path, _query, schema) => schema.parse((await app.inject(path)).json()),
  };
  const program = new Program("runs").exitOverride();
  let printed = "";
  const print = (text: string): void => void (printed += text);
  addShowRun(program, { worker: async () => client as WorkerClient, print, printJson: () => undefined });
  await program.parseAsync(["show", runId], { from: "user" });
  return printed;
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
    const tried = stepOf(failed, CURATED)?.tried;
    const told = await show(failed.id);
    expect(told).toMatch(/^curated\.orders: check-failed: .*required columns are null/m);
    expect(told).toMatch(
      /^curated\.orders beside [0-9a-f-]{36}, the last good run: the same code; staged\.orders_db__orders \d+ → \d+; /m,
    );
    gate = async () => undefined;
    const command = await settled({ kind: "retry-run", target: failed.id, scope: "from", datasets: [CURATED] });
    const again = await ended(command.runId ?? "");
    expect(again).toMatchObject({ state: "succeeded", retryOf: failed.id, requestedBy: DEV });
    // What failed, failed from the inputs and by the code that make it succeed now.
    expect(stepOf(again, CURATED)).toMatchObject({
      state: "succeeded",
      attempt: 1,
      tried: null,
      progress: {
        inputsBefore: tried?.inputsBefore,
        inputsAfter: { [STAGED]: tried?.inputs[STAGED] },
        codeVersion: tried?.codeVersion,
      },
    });
    expect(tried?.inputs[STAGED]).not.toBe(tried?.inputsBefore[STAGED]);
    expect(await totals()).toBe(text);
  }, 90_000);

  it("mark a failed step as done: what waited goes on, no rows and no freshness move, and the run says so", async () => {
    const before = await change();
    await arrives(before);
    await eventually("nothing runs", async () => pipelines.explain(CURATED).state === "up-to-date");
    gate = async () => {
      throw new PlatformError("check-failed", "curated.orders: required columns are null; nothing was published");
    };
    await change();
    await eventually("its own refresh failed", async () => (await latestRunOf(CURATED)).state === "failed");
    const asked = await settled({ kind: "run-dataset", target: CURATED, downstream: true });
    const failed = await ended(asked.runId ?? "");
    expect(failed).toMatchObject({ state: "failed" });
    const through = async () =>
      (await stores.catalogStore(lake.db, lake).states()).find(({ name }) => name === CURATED);
    const stood = await through();
    const reason = "the vendor fixed the rows by hand";
    const mark = (as: "done" | "failed") => settled({ kind: "mark-run", target: failed.id, as, datasets: [], reason });
    const command = await mark("done");
    expect(command.message).toMatch(
      /^marked 1 step of run .* as done by hand; no rows were changed; what waited goes on: run /,
    );
    const next = await ended(command.runId ?? "");
    expect(await settled({ kind: "unmark-run", target: failed.id, datasets: [] })).toMatchObject({
      state: "refused",
      message: expect.stringContaining(`run ${next.id} went on from it`),
    });
    expect(next).toMatchObject({ retryOf: failed.id, requestedBy: DEV });
    expect(next.steps.map((step) => step.dataset)).toContain("mart.daily_sales");
    expect(next.steps.map((step) => step.dataset)).not.toContain(CURATED);
    const marked = await ended(failed.id);
    expect(marked.state).toBe("succeeded");
    expect(stepOf(marked, CURATED)).toMatchObject({ state: "done-by-hand", snapshotAfter: null, progress: null });
    expect(await through()).toEqual(stood);
    expect(await totals()).toBe(before);
    expect(await show(failed.id)).toContain(`${CURATED}: marked as done by ${DEV}, no rows were changed: ${reason}`);
    const { rows } = await lake.db.pool.query(
      "SELECT actor, detail ->> 'as' AS as, detail ->> 'reason' AS reason FROM audit_entries WHERE action = 'mark-run' AND resource = $1",
      [failed.id],
    );
    expect(rows).toEqual([{ actor: DEV, as: "done", reason }]);
    expect(await mark("failed")).toMatchObject({ state: "refused" });
  }, 90_000);

  it("take a mark as done back: the run has failed as before, and both stand in its log and in the audit", async () => {
    await arrives(await change());
    await eventually("nothing runs", async () => pipelines.explain(CURATED).state === "up-to-date");
    gate = async () => {
      throw new PlatformError("check-failed", "curated.orders: required columns are null; nothing was published");
    };
    await change();
    const failed = await eventually("its own refresh failed", async () => {
      const run = await latestRunOf(CURATED);
      return run.state === "failed" && run;
    });
    const reason = "the vendor fixed the rows by hand";
    await settled({ kind: "mark-run", target: failed.id, as: "done", datasets: [CURATED], reason });
    expect(stepOf(await ended(failed.id), CURATED)?.state).toBe("done-by-hand");
    const unmark: CommandRequest = { kind: "unmark-run", target: failed.id, datasets: [CURATED] };
    expect(await settled(unmark)).toMatchObject({ state: "done", runId: failed.id });
    const again = await ended(failed.id);
    expect(again.state).toBe("failed");
    expect(stepOf(again, CURATED)).toMatchObject({ state: "failed", mark: null });
    const log = await lake.db.pool.query(
      "SELECT message, fields FROM run_logs WHERE run_id = $1 AND message LIKE '%taken back%'",
      [failed.id],
    );
    expect(log.rows).toMatchObject([{ message: expect.stringContaining("the mark as done"), fields: { by: DEV } }]);
    const { rows } = await lake.db.pool.query(
      "SELECT actor, action FROM audit_entries WHERE resource = $1 ORDER BY at",
      [failed.id],
    );
    expect(rows).toEqual([
      { actor: DEV, action: "mark-run" },
      { actor: DEV, action: "unmark-run" },
    ]);
    expect(await settled(unmark)).toMatchObject({ state: "refused", message: expect.stringContaining("not marked") });
  }, 90_000);

  it("mark a running step as failed: it is interrupted, publishes nothing, and what comes after is skipped", async () => {
    await arrives(await change());
    await eventually("nothing runs", async () => pipelines.explain(CURATED).state === "up-to-date");
    const met = Promise.withResolvers<void>();
    gate = async (signal) => {
      met.resolve();
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      throw new PlatformError("cancelled", "interrupted");
    };
    const text = await change();
    await met.promise;
    const run = await latestRunOf(CURATED);
    const mark: CommandRequest = {
      kind: "mark-run",
      target: run.id,
      as: "failed",
      datasets: [CURATED],
      reason: "it hangs",
    };
    expect(await settled(mark)).toMatchObject({ state: "done", runId: run.id });
    gate = async () => undefined;
    const failed = await ended(run.id);
    expect(failed.state).toBe("failed");
    expect(stepOf(failed, CURATED)).toMatchObject({ state: "failed", published: false, mark: { by: DEV } });
    expect(await show(run.id)).toContain(`failed-by-hand: marked as failed by ${DEV}: it hangs`);
    await arrives(text);
    expect(errors).toEqual([]);
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

  it("what cannot be taken because somebody locks a table is taken once the lock is gone, and so is what waits to load", async () => {
    const other = new pg.Client({ connectionString: lake.db.pool.options.connectionString });
    await other.connect();
    try {
      await other.query("BEGIN; SELECT FROM worker_leases FOR UPDATE");
      const paused = settled({ kind: "pause-pipeline", target: "sales" });
      await eventually("taking commands to be given up", async () => errors.length > 0);
      expect(errors.join()).toContain("lock timeout");
      await other.query("COMMIT");
      expect(await paused).toMatchObject({ state: "done" });
      expect(await settled({ kind: "resume-pipeline", target: "sales" })).toMatchObject({ state: "done" });

      await other.query("BEGIN; LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE");
      errors.length = 0;
      const text = await change();
      await eventually("the load to be given up", async () => errors.length > 0);
      expect(errors.join()).toContain("lock timeout");
      await other.query("COMMIT");
      errors.length = 0;
      await arrives(text);
    } finally {
      await other.end();
    }
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

  it("give a pool other places at once and for good, and take the code's again", async () => {
    const heavy = () => pipelines.pools().find(({ name }) => name === "heavy");
    const reason = "the month ends";
    expect(await settled({ kind: "set-pool", target: "heavy", places: 2, reason })).toMatchObject({
      state: "done",
      message: "heavy has 2 places now; it had 1",
    });
    const changed = { by: DEV, at: expect.any(Date), reason };
    expect(heavy()).toMatchObject({ size: 2, declared: 1, changed });
    await stopWorker();
    await startWorker();
    expect(heavy()).toMatchObject({ size: 2, declared: 1, changed });
    for (const [request, why] of [
      [{ kind: "set-pool", target: "heavy", places: 2, reason }, /has 2 places already/],
      [{ kind: "set-pool", target: "light", places: 2, reason }, /there is no pool light; there are heavy/],
    ] as const)
      expect(await settled(request)).toMatchObject({ state: "refused", message: expect.stringMatching(why) });
    expect(await settled({ kind: "set-pool", target: "heavy", places: 9, reason })).toMatchObject({
      message: "heavy has 9 places now; it had 2; only 2 heavy steps run at once all the same",
    });
    expect(await settled({ kind: "reset-pool", target: "heavy", reason: "over" })).toMatchObject({
      state: "done",
      message: "heavy has 1 place now, as the code says; it had 9",
    });
    expect(heavy()).toMatchObject({ size: 1, declared: 1, changed: null });
    expect(await settled({ kind: "reset-pool", target: "heavy", reason: "over" })).toMatchObject({ state: "refused" });
    const { rows } = await lake.db.pool.query(
      "SELECT actor, action, detail ->> 'reason' AS reason FROM audit_entries WHERE resource = 'heavy' ORDER BY at, id LIMIT 1",
    );
    expect(rows).toEqual([{ actor: DEV, action: "set-pool", reason }]);
  });

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
