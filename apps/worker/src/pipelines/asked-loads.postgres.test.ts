import { randomUUID } from "node:crypto";
import * as stores from "@nova/db/repositories";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { CommandRequest, LakeEngine, StoredRun } from "@nova/pipeline-core/orchestration";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually, openOrderPipelines, type OrderPipelines } from "../testing/order-pipelines.ts";
import { complainingLogger } from "../testing/test-logger.ts";
import type { Pipelines } from "./index.ts";

const DEV = "dev.okafor@novaretail.example";
/** No model reads them: they are loaded once an hour. */
const STREAMS = ["public.cold_a", "public.cold_b", "public.cold_c"];
const [A = "", B = "", C = ""] = ["a", "b", "c"].map((name) => `staged.orders_db__cold_${name}`);
const errors: string[] = [];
const logger = complainingLogger(errors);

let lake: OrderPipelines;
let pipelines: Pipelines;
/** The live load of all three, which the tests retry. */
let first: StoredRun;
/** Which cold streams each read of raw was for. */
let reads: (readonly string[])[] = [];
/** What a load meets before it begins; resolves at once unless a test says otherwise. */
let gate: (dataset: string, signal: AbortSignal | undefined) => Promise<void> = async () => undefined;
let total = 0;

const runs = () => stores.runStore(lake.db, lake);

beforeAll(async () => {
  lake = await openOrderPipelines(logger);
  const columns = ["order_id", "total"].map((name) => ({
    name,
    sourceType: "text",
    type: "string",
    nullable: name !== "order_id",
    description: name,
    pii: "none" as const,
  }));
  await stores.sourceStore(lake.db, lake).saveStreamSchemas(
    "orders_db",
    STREAMS.map((stream) => ({ stream, key: ["order_id"], description: "Cold.", columns })),
  );
  for (const stream of STREAMS) await lake.append("c", { order_id: "1", total: "0" }, stream);
  const engine: LakeEngine = {
    ...lake.engine,
    async openDelta(request) {
      const cold = (request.only ?? []).filter((stream) => STREAMS.includes(stream));
      if (cold.length > 0) reads.push(cold);
      return lake.engine.openDelta(request);
    },
    async loadStaged(load) {
      await gate(load.dataset, load.signal);
      return lake.engine.loadStaged(load);
    },
  };
  pipelines = await lake.start({
    epoch: await lake.newEpoch(),
    onFatal: (error) => void errors.push(`fatal: ${error.message}`),
    engine,
    pace: { cold: 3_600_000 },
  });
  first = await eventually("the first load of all", async () => {
    const { rows } = await lake.db.pool.query<{ run_id: string }>(
      "SELECT run_id FROM steps WHERE dataset = ANY($1) AND state = 'succeeded' GROUP BY run_id HAVING count(*) = 3",
      [[A, B, C]],
    );
    return rows[0] !== undefined && runs().find(rows[0].run_id);
  });
}, 180_000);
afterAll(async () => {
  await pipelines.stop();
  await lake.close();
}, 60_000);

beforeEach(async () => {
  gate = async () => undefined;
  errors.length = 0;
  total += 1;
  for (const stream of STREAMS.slice(0, 2)) await lake.append("u", { order_id: "1", total: String(total) }, stream);
  reads = [];
}, 60_000);
afterEach(() => {
  if (errors.length > 0) throw new Error(errors.join("\n"));
});

async function asked(request: CommandRequest): Promise<string> {
  const commands = stores.commandStore(lake.db, lake);
  const { command } = await commands.request(request, { actor: DEV, key: randomUUID() });
  pipelines.notifyCommands();
  const done = await eventually(`${request.kind} is settled`, async () => {
    const now = await commands.find(command.id);
    return now?.state === "done" && now;
  });
  return done.runId ?? "";
}
const retryAll = () => asked({ kind: "retry-run", target: first.id, scope: "all", datasets: [] });
const ended = (id: string): Promise<StoredRun> =>
  eventually(`run ${id} ends`, async () => {
    const run = await runs().find(id);
    return run !== null && run.state !== "queued" && run.state !== "running" && run;
  });
const statesOf = ({ steps }: StoredRun) =>
  Object.fromEntries(steps.map(({ dataset, state, attempt }) => [dataset, `${state} ${attempt}`]));
const totals = () => Promise.all([A, B].map(async (dataset) => (await lake.rows(dataset, "total"))[0]?.[0]));

describe("staged loads that a person asks for", () => {
  it("share one read of raw; each is a step with attempts of its own, and one without changes is skipped", async () => {
    let failed = false;
    gate = async (dataset) => {
      if (dataset !== B || failed) return;
      failed = true;
      throw new PlatformError("engine-failed", "the disk does not answer");
    };
    const run = await ended(await retryAll());
    expect(reads).toEqual([STREAMS]);
    expect(statesOf(run)).toEqual({ [A]: "succeeded 1", [B]: "succeeded 2", [C]: "skipped 0" });
    expect(run.steps.find(({ dataset }) => dataset === C)?.skipReason).toMatch(/^nothing new of public\.cold_c/);
    expect(await totals()).toEqual([String(total), String(total)]);
  }, 90_000);

  it("when cancelled: the one that runs publishes nothing, those after it never start, and a retry loads them all", async () => {
    const before = await totals();
    const met = Promise.withResolvers<void>();
    gate = (_dataset, signal) =>
      new Promise((resolve) => {
        met.resolve();
        signal?.addEventListener("abort", () => resolve(), { once: true });
      });
    const id = await retryAll();
    await met.promise;
    await asked({ kind: "cancel-run", target: id });
    const cancelled = await ended(id);
    expect(cancelled.state).toBe("cancelled");
    expect(statesOf(cancelled)).toMatchObject({ [A]: "cancelled 1", [B]: "cancelled 0" });
    expect(await totals()).toEqual(before);
    gate = async () => undefined;
    reads = [];
    const again = await ended(await asked({ kind: "retry-run", target: id, scope: "failed", datasets: [] }));
    expect(again.state).toBe("succeeded");
    expect(reads).toEqual([again.steps.map(({ dataset }) => dataset.replace("staged.orders_db__", "public."))]);
    expect(await totals()).toEqual([String(total), String(total)]);
  }, 90_000);

  it("one that is marked as failed is interrupted, and the others of the same read go on", async () => {
    const before = await totals();
    const met = Promise.withResolvers<void>();
    gate = async (dataset, signal) => {
      if (dataset !== A) return;
      met.resolve();
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      throw new PlatformError("cancelled", "interrupted");
    };
    const id = await retryAll();
    await met.promise;
    await asked({ kind: "mark-run", target: id, as: "failed", datasets: [A], reason: "it hangs" });
    const run = await ended(id);
    expect(run.state).toBe("failed");
    expect(statesOf(run)).toMatchObject({ [A]: "failed 1", [B]: "succeeded 1" });
    expect(await totals()).toEqual([before[0], String(total)]);
  }, 90_000);
});
