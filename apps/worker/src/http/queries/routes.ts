import { type GrantStore, may, OPERATOR, type QueryService, type UserStore } from "@nova/pipeline-core/access";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { askingPrincipal } from "../asking-person.ts";
import { parseInput } from "../errors.ts";

export interface QueryRouteDeps {
  readonly queries: QueryService;
  readonly grants: GrantStore;
  readonly users: Pick<UserStore, "findById" | "findByEmail">;
}

const userId = z.uuid("must be a user's id");
const startSchema = z.strictObject({
  sql: z.string("must be the SQL text").min(1, "must not be empty").max(100_000, "must have at most 100000 characters"),
  /** For whom; without it, and without `email`, for the operator. */
  userId: userId.optional(),
  email: z.email("must be an e-mail address").optional(),
  limits: z
    .strictObject({
      rows: z.int("must be a whole number").positive("must be positive").optional(),
      bytes: z.int("must be a whole number").positive("must be positive").optional(),
      milliseconds: z.int("must be a whole number").positive("must be positive").optional(),
    })
    .optional(),
});
const querySchema = z.object({ id: z.uuid("must be a query's id") });
const ownerSchema = z.object({ userId: userId.default(OPERATOR.userId) });
const pageSchema = ownerSchema.extend({
  after: z.coerce.number().int("must be a page number").min(0, "must be a page number").default(0),
});

/**
 * The internal query API, behind the worker's bearer token. The portal and the CLI say for which user they ask; what
 * that user may read is looked up here and never taken from the caller.
 */
export function registerQueryRoutes(app: FastifyInstance, { queries, grants, users }: QueryRouteDeps): void {
  app.post("/queries", async (request, reply) => {
    const input = parseInput(startSchema, request.body);
    const { principal, actor } = await askingPrincipal({ users, grants }, input);
    if (!may(principal.role, "query.run")) throw new PlatformError("forbidden", "your role does not run queries");
    const queryId = await queries.start({
      sql: input.sql,
      principal,
      actor,
      ...(input.limits === undefined ? {} : { limits: input.limits }),
    });
    return reply.status(202).send({ queryId, userId: principal.userId });
  });
  app.get("/queries/:id", async (request) => {
    const { id } = parseInput(querySchema, request.params);
    return queries.status(id, parseInput(ownerSchema, request.query).userId);
  });
  app.get("/queries/:id/pages", async (request) => {
    const { id } = parseInput(querySchema, request.params);
    const { userId: owner, after } = parseInput(pageSchema, request.query);
    return queries.page(id, owner, after);
  });
  app.post("/queries/:id/cancel", async (request, reply) => {
    const { id } = parseInput(querySchema, request.params);
    await queries.cancel(id, parseInput(ownerSchema, request.body ?? {}).userId);
    return reply.status(204).send();
  });
}
