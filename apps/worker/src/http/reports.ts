import type { ListedRun, PlatformStatus, RunListFilter } from "@nova/db/read-models";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { RUN_STATES, type RunState } from "@nova/pipeline-core/orchestration";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseInput } from "./errors.ts";

export interface ReportDeps {
  readonly status: (search: string) => Promise<PlatformStatus>;
  readonly runs: (filter: RunListFilter) => Promise<ListedRun[]>;
  readonly run: (id: string) => Promise<{ id: string; state: RunState; errorMessage: string | null } | null>;
}

const runSchema = z.object({ id: z.uuid("must be a run's id") });

const statusSchema = z.object({ search: z.string().max(200, "must have at most 200 characters").default("") });
const runsSchema = z.object({
  state: z.enum(RUN_STATES, `must be one of ${RUN_STATES.join(", ")}`).optional(),
  dataset: z.string().max(200, "must be a dataset's name").optional(),
  limit: z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .max(500, "must be at most 500")
    .default(20),
});

/** What the command line shows: `GET /internal/status?search=` and `GET /internal/runs?state=&dataset=&limit=`, `GET /internal/runs/:id`. */
export function registerReports(app: FastifyInstance, { status, runs, run }: ReportDeps): void {
  app.get("/status", (request) => status(parseInput(statusSchema, request.query).search));
  app.get("/runs/:id", async (request) => {
    const { id } = parseInput(runSchema, request.params);
    const found = await run(id);
    if (found === null) throw new PlatformError("not-found", `there is no run ${id}; old runs are removed`);
    return { id, state: found.state, error: found.errorMessage };
  });
  app.get("/runs", (request) => {
    const { state, dataset, limit } = parseInput(runsSchema, request.query);
    return runs({ limit, ...(state === undefined ? {} : { state }), ...(dataset === undefined ? {} : { dataset }) });
  });
}
