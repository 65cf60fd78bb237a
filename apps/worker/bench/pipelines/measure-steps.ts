import { randomUUID } from "node:crypto";
import { commandStore, controlStore, inTransaction, listenForCommands } from "@nova/db/repositories";
import type { CommandRequest } from "@nova/pipeline-core/orchestration";
import { PACE } from "../../src/pipelines/context.ts";
import { eventually, openOrderPipelines, type OrderPipelines } from "../../src/testing/order-pipelines.ts";
import { complaints, loud } from "./complaints.ts";
import { type Figure, percentile, round } from "../figures.ts";
import { DURABLE } from "./durable.ts";
import { NO_OP_PIPELINE, noOpEngine, noOpGraph, noOpModels } from "./no-op-models.ts";
import { dagsterSeconds } from "./peer/dagster.ts";

const ACTOR = "bench";
const ROUNDS = 3;
const PATIENCE = 300_000;

/** The worker's pipelines over steps that do nothing; all the rest is as in the product. */
async function withNoOps<Result>(
  count: number,
  keeps: boolean,
  work: (bench: {
    readonly lake: OrderPipelines;
    /** When the work of a dataset's step last began, as `performance.now()`. */
    readonly began: ReadonlyMap<string, number>;
    /** Asks by a command, and resolves with the id of the run that it began once that has ended. */
    readonly ask: (request: CommandRequest) => Promise<{ readonly runId: string; readonly askedAt: number }>;
  }) => Promise<Result>,
): Promise<Result> {
  const models = noOpModels(count);
  const lake = await openOrderPipelines(loud, { models, postgres: DURABLE });
  const { db } = lake;
  const began = new Map<string, number>();
  const epoch = await lake.newEpoch();
  const controls = controlStore(db);
  // What is asked for goes over a pause; nothing else starts meanwhile.
  await controls.within((tx) =>
    controls.pause(tx, epoch, { pipeline: NO_OP_PIPELINE, by: ACTOR, at: lake.clock.now() }),
  );
  const pipelines = await lake.start({
    epoch,
    pace: PACE,
    onFatal: (error) => void complaints.push(error.message),
    engine: noOpEngine(
      lake.engine,
      (publish) => inTransaction(db.pool, (tx) => publish(tx)),
      (dataset) => began.set(dataset, performance.now()),
      keeps,
    ),
  });
  const feed = listenForCommands(db.pool.options.connectionString ?? "", () => pipelines.notifyCommands(), loud);
  const commands = commandStore(db, lake);
  const ask = async (request: CommandRequest) => {
    const askedAt = performance.now();
    const { command } = await commands.request(request, { actor: ACTOR, key: randomUUID() });
    const runId = await eventually("the run has ended", () => ended(lake, command.id), {
      patienceMillis: PATIENCE,
      complaints,
    });
    return { runId, askedAt };
  };
  try {
    return await work({ lake, began, ask });
  } finally {
    await feed.stop();
    await pipelines.stop();
    await lake.close();
  }
}

async function ended({ db }: OrderPipelines, command: string): Promise<string | false> {
  const { rows } = await db.pool.query<{ id: string; state: string; failure: string }>(
    `SELECT r.id, coalesce(r.state, c.state) AS state, coalesce(r.error_message, c.message) AS failure
       FROM commands c LEFT JOIN runs r ON r.id = c.run_id WHERE c.id = $1 AND (r.ended_at IS NOT NULL OR c.state = 'refused')`,
    [command],
  );
  const [run] = rows;
  if (run === undefined) return false;
  if (run.state !== "succeeded") throw new Error(`the run is ${run.state}: ${run.failure}\n${complaints.join("\n")}`);
  return run.id;
}

/** A run of `count` steps, each after those it reads: from the command to the end that the run's row tells. */
export async function measureSteps(count: number): Promise<Figure[]> {
  const seconds: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    await withNoOps(count, true, async ({ lake, ask }) => {
      const before = process.cpuUsage();
      const { runId } = await ask({ kind: "run-dataset", target: "mart.step_0", downstream: true });
      const used = process.cpuUsage(before);
      cpu.push((used.user + used.system) / 1_000_000);
      const { rows } = await lake.db.pool.query<{ seconds: number; steps: number }>(
        `SELECT extract(epoch FROM r.ended_at - c.created_at)::float8 AS seconds, (SELECT count(*)::int FROM steps WHERE run_id = r.id AND state = 'succeeded') AS steps
           FROM runs r JOIN commands c ON c.run_id = r.id WHERE r.id = $1`,
        [runId],
      );
      const [run] = rows;
      if (run?.steps !== count) throw new Error(`${run?.steps} steps succeeded instead of ${count}`);
      seconds.push(run.seconds);
    });
  const peer = await dagsterSeconds(noOpGraph(count));
  return [
    {
      what: `${count} no-op steps in dependency order, end to end`,
      figure: round(percentile(seconds, 0.5)),
      unit: "s",
      goal: "≤ 20",
      beside:
        peer === null ? "Dagster is not there" : `Dagster ${typeof peer === "number" ? `${round(peer)} s` : peer}`,
    },
    { what: `${count} no-op steps: CPU of the worker`, figure: round(percentile(cpu, 0.5)), unit: "s", goal: "" },
  ];
}

/** From asking for a run to the moment its step begins to work, asked one after the other. */
export async function measureStart(times: number): Promise<Figure[]> {
  return withNoOps(1, false, async ({ ask, began }) => {
    const millis: number[] = [];
    for (let turn = 0; turn < times; turn += 1) {
      const { askedAt } = await ask({ kind: "run-dataset", target: "mart.step_0", downstream: false });
      millis.push((began.get("mart.step_0") ?? Number.NaN) - askedAt);
    }
    const beside = `median ${round(percentile(millis, 0.5))}`;
    return [
      { what: "enqueue → start, p95", figure: round(percentile(millis, 0.95)), unit: "ms", goal: "≤ 200", beside },
    ];
  });
}
