import type {
  DatasetComparison,
  DatasetPartitions,
  Landing,
  ListedRun,
  PlatformStatus,
  RunDay,
  RunDetail,
  RunListFilter,
  RunStep,
  ScheduleRow,
} from "@nova/db/read-models";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { type Clock, PlatformError } from "@nova/pipeline-core/kernel";
import { RUN_STATES } from "@nova/pipeline-core/orchestration";
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { type CostDeps, registerCost } from "./cost.ts";
import { parseInput } from "./errors.ts";

export interface ReportDeps {
  readonly status: (search: string) => Promise<PlatformStatus>;
  readonly runs: (filter: RunListFilter) => Promise<ListedRun[]>;
  readonly schedules: () => Promise<ScheduleRow[]>;
  /** Null: nobody has looked at its days, or it is not cut into days. */
  readonly partitions: (dataset: string) => Promise<DatasetPartitions | null>;
  /** Null: there is no such dataset. */
  readonly landing: (dataset: string) => Promise<Landing | null>;
  readonly run: {
    readonly one: (id: string) => Promise<RunDetail | null>;
    readonly steps: (id: string) => Promise<RunStep[]>;
    /** Its steps beside the last good run of each dataset. */
    readonly compared: (id: string) => Promise<DatasetComparison[]>;
    /** Days of a dataset with what became of its steps, newest first. */
    readonly days: (dataset: string, limit: number) => Promise<RunDay[]>;
  };
  readonly cost: CostDeps;
  readonly clock: Clock;
}

const runSchema = z.object({ id: z.uuid("must be a run's id") });

const atMost = z.coerce
  .number("must be a number")
  .int("must be a whole number")
  .min(1, "must be at least 1")
  .max(500, "must be at most 500")
  .default(20);
const datasetSchema = z.object({ dataset: datasetNameSchema });
const runDaysSchema = z.object({ dataset: datasetNameSchema, limit: atMost });

const statusSchema = z.object({ search: z.string().max(200, "must have at most 200 characters").default("") });
const runsSchema = z.object({
  state: z.enum(RUN_STATES, `must be one of ${RUN_STATES.join(", ")}`).optional(),
  dataset: z.string().max(200, "must be a dataset's name").optional(),
  limit: atMost,
});

/** What the command line shows: `GET /internal/status?search=` and `GET /internal/runs?state=&dataset=&limit=`, `GET /internal/runs/:id`, `GET /internal/runs/:id/steps`, `GET /internal/run-days?dataset=&limit=`, `GET /internal/schedules`, `GET /internal/partitions?dataset=`, `GET /internal/landing?dataset=`. */
export function registerReports(
  app: FastifyInstance,
  { status, runs, run, schedules, partitions, landing, cost, clock }: ReportDeps,
): void {
  registerCost(app, cost, clock);
  app.get("/status", (request) => status(parseInput(statusSchema, request.query).search));
  const found = async (params: unknown): Promise<RunDetail> => {
    const { id } = parseInput(runSchema, params);
    const one = await run.one(id);
    if (one === null) throw new PlatformError("not-found", `there is no run ${id}; old runs are removed`);
    return one;
  };
  app.get("/runs/:id", async (request) => {
    const { id, state, errorMessage } = await found(request.params);
    return { id, state, error: errorMessage };
  });
  app.get("/runs/:id/steps", async (request) => {
    const one = await found(request.params);
    const [steps, beside] = await Promise.all([run.steps(one.id), run.compared(one.id)]);
    return { ...one, steps, compared: beside };
  });
  app.get("/run-days", (request) => {
    const { dataset, limit } = parseInput(runDaysSchema, request.query);
    return run.days(dataset, limit);
  });
  // `null` as JSON, which Fastify would send as an empty body.
  const asJson = async <Value>(reply: FastifyReply, value: Promise<Value>): Promise<FastifyReply> =>
    reply.type("application/json").send(JSON.stringify(await value));
  app.get("/partitions", (request, reply) =>
    asJson(reply, partitions(parseInput(datasetSchema, request.query).dataset)),
  );
  app.get("/landing", (request, reply) => asJson(reply, landing(parseInput(datasetSchema, request.query).dataset)));
  app.get("/schedules", () => schedules());
  app.get("/runs", (request) => {
    const { state, dataset, limit } = parseInput(runsSchema, request.query);
    return runs({ limit, ...(state === undefined ? {} : { state }), ...(dataset === undefined ? {} : { dataset }) });
  });
}
