import { randomUUID } from "node:crypto";
import * as stores from "@nova/db/repositories";
import {
  type BackfillState,
  backfillSpecSchema,
  type Command,
  type CommandRequest,
  dayAt,
  dayNumber,
  dayOf,
  type ModelRecompute,
  type StoredBackfill,
} from "@nova/pipeline-core/orchestration";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually as eventuallyWith, openOrderPipelines, type OrderPipelines } from "../testing/order-pipelines.ts";
import { complainingLogger } from "../testing/test-logger.ts";
import type { Pipelines } from "./index.ts";

const DEV = "dev.okafor@novaretail.example";
const MART = "mart.daily_sales";
const CURATED = "curated.orders";
const STAGED = "staged.orders_db__orders";
const DAYS = 6;
const complaints: string[] = [];
const logger = complainingLogger(complaints);

let lake: OrderPipelines;
let pipelines: Pipelines;
let feed: stores.CommandFeed;
let total = 100;
let today: string;
const held: (() => void)[] = [];
/** What a recomputation meets before it begins; resolves at once unless a test says otherwise. */
let gate: (recompute: ModelRecompute) => Promise<void>;

/** What a recomputation meets once its rows are committed. */
let committed: () => Promise<void> = async () => undefined;

beforeAll(async () => {
  lake = await openOrderPipelines(logger);
  today = dayAt(lake.clock.now());
  gate = async () => undefined;
  await startWorker();
  for (let day = 0; day < DAYS; day += 1) await order(`${day + 1}`, dayBack(DAYS - 1 - day));
  pipelines.notify("orders_db");
  await eventually("the mart has every day", async () => (await days()).length === DAYS);
}, 120_000);
afterAll(async () => {
  await stopWorker();
  await lake.close();
}, 60_000);
beforeEach(() => {
  complaints.length = 0;
});
afterEach(() => {
  gate = async () => undefined;
  for (const letGo of held.splice(0)) letGo();
});

const dayBack = (days: number): string => dayOf(dayNumber(today) - days);
const eventually = <T>(what: string, look: () => Promise<T | null | false>): Promise<T> =>
  eventuallyWith(what, look, { patienceMillis: 40_000, complaints });
const days = async (): Promise<string[]> => {
  if ((await lake.engine.snapshots([MART])).get(MART) === null) return [];
  return (await lake.rows(MART, "DISTINCT CAST(sale_date AS varchar)")).map(([day]) =>
    typeof day === "string" ? day : "",
  );
};
const backfills = () => stores.backfillStore(lake.db, lake);

async function startWorker(): Promise<void> {
  const { db, engine } = lake;
  const epoch = await lake.newEpoch();
  await stores.runStore(db, lake).closeAbandoned();
  pipelines = await lake.start({
    epoch,
    onFatal: (error) => void complaints.push(`fatal: ${error.message}`),
    engine: {
      ...engine,
      async recomputeModel(recompute) {
        await gate(recompute);
        const change = await engine.recomputeModel(recompute);
        if (change.snapshotAfter !== null) await committed();
        return change;
      },
    },
  });
  feed = stores.listenForCommands(db.pool.options.connectionString ?? "", () => pipelines.notifyCommands(), logger);
}

async function stopWorker(): Promise<void> {
  await feed.stop();
  await pipelines.stop();
}

async function order(id: string, day: string, change: Record<string, string | null> = {}): Promise<void> {
  total += 1;
  const text = `${total}.00`;
  await lake.append("u", {
    order_id: id,
    customer_id: "1",
    total: text,
    status: "paid",
    currency: "EUR",
    channel: "web",
    subtotal: text,
    discount: "0.00",
    shipping: "0.00",
    tax: "0.00",
    placed_at: `${day} 00:00:00+00`,
    ...change,
  });
}

async function settled(request: CommandRequest): Promise<Command> {
  const commands = stores.commandStore(lake.db, lake);
  const { command } = await commands.request(request, { actor: DEV, key: randomUUID() });
  return eventually(`${request.kind} is settled`, async () => {
    const now = await commands.find(command.id);
    return now !== null && (now.state === "done" || now.state === "refused") && now;
  });
}

const plan = (spec: object = {}): Promise<StoredBackfill> =>
  pipelines.planBackfill(backfillSpecSchema.parse({ dataset: MART, scope: "all", ...spec }), DEV);

async function submitted(spec: object = {}): Promise<string> {
  const { id } = await plan(spec);
  expect(await settled({ kind: "submit-backfill", target: id })).toMatchObject({ state: "done" });
  return id;
}

const becomes = (id: string, state: BackfillState): Promise<StoredBackfill> =>
  eventually(`backfill ${id} is ${state}`, async () => {
    const now = await backfills().find(id);
    return now?.state === state && now;
  });

/** Holds recomputations back until it is called; says how many stand there. */
function holdRecomputations(): { readonly standing: () => number; readonly letGo: () => void } {
  let standing = 0;
  let letGo = (): void => undefined;
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  held.push(letGo);
  gate = async ({ signal }) => {
    standing += 1;
    await Promise.race([gone, new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()))]);
    standing -= 1;
  };
  return { standing: () => standing, letGo };
}

/** Holds the word that a part has ended back: its rows are committed, and nobody is told. */
function holdSettling(): { readonly standing: () => number; readonly letGo: () => void } {
  let standing = 0;
  let letGo = (): void => undefined;
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  held.push(letGo);
  committed = async () => {
    committed = async () => undefined;
    standing += 1;
    await gone;
  };
  return { standing: () => standing, letGo };
}

async function stepsOf(backfill: string): Promise<{ state: string; error: string | null }[]> {
  const { rows } = await lake.db.pool.query<{ state: string; error: string | null }>(
    `SELECT s.state, s.error_message AS error FROM backfill_partitions p JOIN steps s ON s.run_id = p.run_id AND s.dataset = p.dataset
      WHERE p.backfill_id = $1`,
    [backfill],
  );
  return rows;
}

describe("a backfill on a real lake", () => {
  it("is planned with what it takes, does each day in a run of its own, and changes nothing that is right", async () => {
    const planned = await plan();
    expect(planned).toMatchObject({
      state: "planned",
      requestedBy: DEV,
      plan: { partitions: DAYS, runs: DAYS, rows: DAYS, affected: [], kind: "recompute" },
    });
    expect(Number(planned.plan.dollars)).toBeGreaterThan(0);
    const before = (await lake.engine.snapshots([MART])).get(MART);
    const command = await settled({ kind: "submit-backfill", target: planned.id });
    expect(command.message).toBe(`backfill ${planned.id} began: ${DAYS} partitions in ${DAYS} runs`);
    await becomes(planned.id, "done");
    expect((await lake.engine.snapshots([MART])).get(MART)).toBe(before);
    const { rows } = await lake.db.pool.query<{ runs: string }>(
      "SELECT count(DISTINCT run_id) AS runs FROM backfill_partitions WHERE backfill_id = $1 AND state = 'succeeded'",
      [planned.id],
    );
    expect(rows[0]?.runs).toBe(String(DAYS));
    expect(await settled({ kind: "submit-backfill", target: planned.id })).toMatchObject({
      state: "refused",
      message: expect.stringContaining("submitted already"),
    });
  });

  it("fails with the partitions that do not pass, and a retry after the fix does these and no others", async () => {
    const broken = [dayBack(1), dayBack(3)];
    for (const [index, day] of broken.entries()) await order(`9${index}`, day, { channel: "phone", discount: null });
    pipelines.notify("orders_db");
    await eventually("the broken orders are in the curated layer", async () => {
      const rows = await lake.rows(CURATED, "order_id");
      return rows.length === DAYS + 2;
    });
    const id = await submitted();
    await becomes(id, "failed");
    expect(await backfills().counts(id)).toMatchObject({ succeeded: DAYS - 2, failed: 2 });
    expect((await backfills().tried(MART)).failed).toEqual(broken.toReversed().map((day) => ({ from: day, to: day })));
    const { rows } = await lake.db.pool.query(
      "SELECT error_kind, error_message FROM backfill_partitions WHERE backfill_id = $1 AND state = 'failed' LIMIT 1",
      [id],
    );
    expect(rows[0]).toMatchObject({
      error_kind: "check-failed",
      error_message: expect.stringContaining("required columns are null: discounts"),
    });
    for (const [index, day] of broken.entries()) await order(`9${index}`, day, { channel: "phone" });
    pipelines.notify("orders_db");
    await eventually("the orders are mended", async () => {
      const rows = await lake.rows(CURATED, "count(*) FILTER (discount IS NULL)");
      return Number(rows[0]?.[0]) === 0;
    });
    expect(await settled({ kind: "retry-backfill", target: id })).toMatchObject({
      message: "2 partitions are queued again",
    });
    await becomes(id, "done");
    expect((await backfills().tried(MART)).failed).toEqual([]);
  });

  it("pauses, resumes and changes how many run at once", async () => {
    const hold = holdRecomputations();
    const id = await submitted();
    await eventually("the first run stands", async () => hold.standing() === 1);
    expect(await settled({ kind: "pause-backfill", target: id })).toMatchObject({ state: "done" });
    hold.letGo();
    await eventually("the run ends", async () => (await backfills().counts(id)).succeeded === 1);
    expect(await backfills().find(id)).toMatchObject({ state: "paused" });
    expect(await settled({ kind: "set-backfill-parallelism", target: id, parallelism: 4 })).toMatchObject({
      state: "done",
    });
    const again = holdRecomputations();
    await settled({ kind: "resume-backfill", target: id });
    await eventually("four are at it", async () => (await backfills().counts(id)).running === 4);
    expect(again.standing()).toBeLessThan(2);
    again.letGo();
    await becomes(id, "done");
  });

  it("lets fresh data pass while it stands, and holds no live refresh back when it is cancelled", async () => {
    const hold = holdRecomputations();
    const id = await submitted({ parallelism: 3 });
    await eventually("the first run stands", async () => hold.standing() === 1);
    await order("1", dayBack(DAYS - 1));
    pipelines.notify("orders_db");
    const fresh = `${total}.00`;
    await eventually("fresh data is in the curated layer", async () => {
      const rows = await lake.rows(CURATED, "CAST(max(total) AS varchar)");
      return rows[0]?.[0] === fresh;
    });
    expect(hold.standing()).toBe(1);
    const command = await settled({ kind: "cancel-backfill", target: id, inFlight: true });
    expect(command).toMatchObject({ state: "done", message: expect.stringContaining("are interrupted") });
    await eventually("nothing of it runs", async () => (await backfills().counts(id)).running === 0);
    expect(await backfills().counts(id)).toMatchObject({ cancelled: DAYS, succeeded: 0 });
    expect(await backfills().find(id)).toMatchObject({ state: "cancelled" });
    await eventually("fresh data is in the mart at once", async () => {
      const rows = await lake.rows(MART, "CAST(max(gross_sales) AS varchar)");
      return rows[0]?.[0] === fresh;
    });
    gate = async () => undefined;
    await settled({ kind: "retry-backfill", target: id });
    await becomes(id, "done");
  });

  it("goes on where it was when another worker takes over", async () => {
    const hold = holdRecomputations();
    const id = await submitted();
    await eventually("the first run stands", async () => hold.standing() === 1);
    const old = { pipelines, feed };
    await startWorker();
    gate = async () => undefined;
    await becomes(id, "done");
    expect(await backfills().counts(id)).toMatchObject({ succeeded: DAYS });
    hold.letGo();
    await old.feed.stop();
    await old.pipelines.stop();
  });

  it("does not compute again what was committed when the worker died before it could say so", async () => {
    const computed: string[] = [];
    gate = async ({ days: parts }) => void computed.push(...(parts?.ranges.map(({ from }) => from) ?? []));
    // The mart lacks a change of one day, so that its part commits something.
    await settled({ kind: "pause-pipeline", target: "marts" });
    await order("2", dayBack(DAYS - 2));
    pipelines.notify("orders_db");
    const text = `${total}.00`;
    await eventually("the change is in the orders", async () =>
      (await lake.rows(CURATED, "CAST(total AS varchar)")).some(([value]) => value === text),
    );
    const hold = holdSettling();
    const id = await submitted();
    await eventually("that day is committed", async () => hold.standing() === 1);
    const old = { pipelines, feed };
    await startWorker();
    await becomes(id, "done");
    expect(computed.filter((day) => day === dayBack(DAYS - 2))).toHaveLength(1);
    expect(await backfills().counts(id)).toMatchObject({ succeeded: DAYS });
    hold.letGo();
    await old.feed.stop();
    await old.pipelines.stop();
    await settled({ kind: "resume-pipeline", target: "marts" });
  });

  it("that reads a table again waits for capture, and ends as that ended", async () => {
    const requests = stores.streamRequests(lake.db, lake);
    await stores.sourceStore(lake.db, lake).setStreamState("orders_db", "public.orders", "streaming");
    const asked = (): Promise<string> =>
      eventually("the table is asked for", async () => (await requests.open("orders_db"))[0]?.id ?? null);
    const failing = await submitted({ dataset: STAGED, kind: "reread" });
    await requests.settle(await asked(), { state: "failed", message: "the table has no key any more" });
    await becomes(failing, "failed");
    const [step] = await stepsOf(failing);
    expect(step).toMatchObject({ state: "failed", error: expect.stringContaining("the table has no key any more") });

    const id = await submitted({ dataset: STAGED, kind: "reread" });
    const request = await asked();
    // Another worker joins what was asked.
    const old = { pipelines, feed };
    await startWorker();
    await eventually("it is at it again", async () => (await backfills().counts(id)).running === 1);
    expect(await requests.open("orders_db")).toMatchObject([{ id: request }]);
    await requests.settle(request, { state: "done", message: "6 rows were read" });
    await becomes(id, "done");
    await old.feed.stop();
    await old.pipelines.stop();
    const { rows } = await lake.db.pool.query<{ message: string }>(
      "SELECT message FROM run_logs WHERE dataset = $1 AND message LIKE '6 rows were read%'",
      [STAGED],
    );
    expect(rows).not.toEqual([]);
  });

  it("refuses a plan when the world moved, and a second backfill of the same dataset", async () => {
    const hold = holdRecomputations();
    const [first, second] = [await plan(), await plan()];
    await settled({ kind: "submit-backfill", target: first.id });
    expect(await settled({ kind: "submit-backfill", target: second.id })).toMatchObject({
      state: "refused",
      message: expect.stringContaining(`backfill ${first.id} is at ${MART} already`),
    });
    hold.letGo();
    await becomes(first.id, "done");
    const stale = await plan();
    await lake.db.pool.query(
      `UPDATE backfills SET plan = jsonb_set(plan, '{datasets,0,inputs,curated.orders}', '"12345"') WHERE id = $1`,
      [stale.id],
    );
    expect(await settled({ kind: "submit-backfill", target: stale.id })).toMatchObject({
      state: "refused",
      message: expect.stringContaining("curated.orders was rolled back or rebuilt"),
    });
    await expect(plan({ dataset: "staged.app_logs__events" })).rejects.toMatchObject({
      kind: "conflict",
      message: expect.stringContaining("has no key"),
    });
    await expect(plan({ ranges: [{ from: "2020-01-01", to: today }] })).rejects.toMatchObject({
      kind: "invalid-input",
    });
  });

  it("rebuilds a staged table from raw, and what is made from it behind it", async () => {
    const before = await lake.rows(STAGED, "* EXCLUDE (_merged_at)");
    const id = await submitted({ dataset: STAGED, downstream: true });
    const { plan: done } = await becomes(id, "done");
    expect(done.datasets.map(({ dataset, wave }) => `${wave} ${dataset}`)).toContain(`0 ${STAGED}`);
    expect(done.datasets.map(({ dataset, wave }) => `${wave} ${dataset}`)).toContain(`1 ${MART}`);
    expect(await lake.rows(STAGED, "* EXCLUDE (_merged_at)")).toEqual(before);
  });
});
