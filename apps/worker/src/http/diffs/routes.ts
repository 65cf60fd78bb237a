import { type GrantStore, may, type UserStore } from "@nova/pipeline-core/access";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { ENVIRONMENT_NAME } from "@nova/pipeline-core/orchestration";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { askingPrincipal } from "../asking-person.ts";
import { parseInput } from "../errors.ts";
import type { DiffService } from "./diff-service.ts";

export interface DiffRouteDeps {
  readonly diffs: Pick<DiffService, "snapshots" | "summary" | "environments" | "against" | "rows">;
  readonly grants: GrantStore;
  readonly users: Pick<UserStore, "findById" | "findByEmail">;
}

const snapshot = z.string().regex(/^\d{1,19}$/, "must be a snapshot's id");
const datasetSchema = z.strictObject({ dataset: datasetNameSchema });
const pairSchema = z.strictObject({
  dataset: datasetNameSchema,
  /** Null: the empty dataset before its first snapshot. */
  before: snapshot.nullable(),
  after: snapshot,
});
const environment = z.string().regex(ENVIRONMENT_NAME, "must be the name of a configured environment");
const againstSchema = datasetSchema.extend({ environment });
const rowsSchema = pairSchema.extend({
  /** Of `before`; this one when left out. */
  environment: environment.optional(),
  /** For whom; without it, and without `email`, for the operator. */
  userId: z.uuid("must be a user's id").optional(),
  email: z.email("must be an e-mail address").optional(),
});

/**
 * `POST` of `/internal/diffs/snapshots`, `summary`, `against` (another environment) and `rows`; the last is asked again until it has
 * ended. `GET` of `environments` names those that are configured.
 */
export function registerDiffRoutes(app: FastifyInstance, { diffs, grants, users }: DiffRouteDeps): void {
  app.post("/diffs/snapshots", (request) => diffs.snapshots(parseInput(datasetSchema, request.body).dataset));
  app.post("/diffs/summary", (request) => diffs.summary(parseInput(pairSchema, request.body)));
  app.get("/diffs/environments", async () => diffs.environments);
  app.post("/diffs/against", (request) => diffs.against(parseInput(againstSchema, request.body)));
  app.post("/diffs/rows", async (request) => {
    const { userId, email, ...pair } = parseInput(rowsSchema, request.body);
    const { principal, actor } = await askingPrincipal({ users, grants }, { userId, email });
    if (!may(principal.role, "dataset.sample"))
      throw new PlatformError("forbidden", "your role does not look at rows of datasets");
    return diffs.rows({ pair, principal, actor });
  });
}
