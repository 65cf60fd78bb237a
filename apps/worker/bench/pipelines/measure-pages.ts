import { randomUUID } from "node:crypto";
import { type Db, openDb } from "@nova/db/client";
import { migrate } from "@nova/db/migrate";
import {
  backfillsReadModel,
  datasetReadModel,
  homeReadModel,
  runReadModel,
  type RunsFilter,
  runsListReadModel,
  type RunsListScope,
  runsReadModel,
  steeringReadModel,
} from "@nova/db/read-models";
import { DAY } from "@nova/pipeline-core/kernel";
import type { RunState } from "@nova/pipeline-core/orchestration";
import { startTestPostgres } from "@nova/test-postgres";
import { type Figure, percentile, round } from "../figures.ts";
import { DURABLE, timed } from "./durable.ts";
import { seedRuns } from "./seed-runs.ts";

const TURNS = 40;
const ROWS = 50;
const LOG_LINES = 1_000;
const NO_FILTER: RunsFilter = {
  pipeline: null,
  trigger: null,
  dataset: "",
  startedFrom: null,
  startedTo: null,
  longerThanSeconds: null,
};
const TABS: Readonly<Record<string, readonly RunState[]>> = {
  all: [],
  running: ["queued", "running"],
  failed: ["failed"],
  succeeded: ["succeeded"],
  cancelled: ["cancelled"],
};

const scope = (runStates: readonly RunState[]): RunsListScope => ({
  runStates,
  trigger: null,
  backfillStates: [],
  inside: false,
});

/** Everything that pages ask of a store with `runs` runs, each as the page asks it. */
export async function measurePages(runs: number): Promise<Figure[]> {
  const server = await startTestPostgres(DURABLE);
  const connectionString = await server.createDatabase("pages");
  await migrate(connectionString);
  const db = openDb({ connectionString });
  try {
    const now = new Date();
    const [seeding] = await timed(() => seedRuns(db, runs, now));
    const figures = await timePages(db, now);
    const worst = Math.max(...figures.map(({ figure }) => figure));
    const head = `page reads with ${runs} runs in the store: the slowest, p95`;
    return [
      { what: head, figure: worst, unit: "ms", goal: "≤ 100", beside: `seeded in ${round(seeding / 1000)} s` },
      ...figures,
    ];
  } finally {
    await db.close();
    await server.stop();
  }
}

/** Each read as often as the turns say; its p95. */
export async function timePages(db: Db, now: Date): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const [what, read] of Object.entries(await pageReads(db, now))) {
    const millis: number[] = [];
    for (let turn = 0; turn < TURNS; turn += 1) millis.push((await timed(() => read(turn)))[0]);
    const beside = `median ${round(percentile(millis, 0.5))}, fastest ${round(Math.min(...millis))}`;
    figures.push({
      what: `  ${what}, p95`,
      figure: round(percentile(millis, 0.95)),
      unit: "ms",
      goal: "≤ 100",
      beside,
    });
  }
  return figures;
}

type Read = (turn: number) => Promise<unknown>;

async function pageReads(db: Db, now: Date): Promise<Record<string, Read>> {
  const list = runsListReadModel(db.pool);
  const run = runReadModel(db.pool);
  const home = homeReadModel(db.pool);
  const dataset = datasetReadModel(db.pool);
  const steering = steeringReadModel(db.pool);
  const backfills = backfillsReadModel(db.pool);
  const { rows: ids } = await db.pool.query<{ id: string }>("SELECT id FROM runs TABLESAMPLE SYSTEM (1) LIMIT 20");
  const filters: Record<string, RunsFilter> = {
    "no filter": NO_FILTER,
    "a pipeline": { ...NO_FILTER, pipeline: "pipeline_3" },
    "a trigger": { ...NO_FILTER, trigger: "manual" },
    "a dataset": { ...NO_FILTER, dataset: "mart.p3_d7" },
    "part of names": { ...NO_FILTER, dataset: "_d7" },
    "a name of nothing": { ...NO_FILTER, dataset: "nothing_like_it" },
    "last week": { ...NO_FILTER, startedFrom: new Date(now.getTime() - 7 * DAY) },
    "longer than 4 minutes": { ...NO_FILTER, longerThanSeconds: 240 },
    "longer than a day": { ...NO_FILTER, longerThanSeconds: 86_400 },
    "pipeline, trigger and dataset": {
      ...NO_FILTER,
      pipeline: "pipeline_3",
      trigger: "backfill",
      dataset: "mart.p3_d7",
    },
  };
  const reads: Record<string, Read> = {};
  for (const [name, filter] of Object.entries(filters)) {
    for (const [tab, states] of Object.entries(TABS))
      reads[`runs, ${tab}, ${name}`] = () => list.page(filter, scope(states), null, ROWS, now);
    reads[`counts of tabs, ${name}`] = () => list.counts(filter, now);
  }
  const deep = `${BigInt(now.getTime() - 200 * DAY) * 1000n}_${randomUUID()}`;
  reads["runs, 200 days back"] = () => list.page(NO_FILTER, scope([]), { direction: "older", cursor: deep }, ROWS, now);
  reads["pipelines of the filter"] = () => runsReadModel(db.pool).pipelines();
  const idOf = (turn: number): string => ids[turn % ids.length]?.id ?? "";
  reads["run page"] = (turn) => {
    const id = idOf(turn);
    return Promise.all([
      run.one(id),
      run.steps(id),
      run.log(id, {}, LOG_LINES),
      steering.ofRun(id),
      backfills.ofRun(id),
    ]);
  };
  reads["runs of a dataset"] = () => Promise.all([dataset.head("mart.p3_d7"), dataset.steps("mart.p3_d7", null, ROWS)]);
  reads["rollback points of a dataset"] = () => steering.rollbackPoints("mart.p3_d7", ROWS);
  reads["home"] = () => Promise.all([home.health(), home.landed(12), home.engineerWork(now)]);
  return reads;
}
