import type { UserStore } from "@nova/pipeline-core/access";
import { type ReconciliationStore, SOURCE_IDS } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { askingPerson } from "./asking-person.ts";
import { parseInput } from "./errors.ts";

export interface ReconciliationRouteDeps {
  readonly reconciliations: ReconciliationStore;
  readonly users: Pick<UserStore, "findByEmail">;
}

const sourceSchema = z.object({ source: z.enum(SOURCE_IDS, `must be one of ${SOURCE_IDS.join(", ")}`) });
const askSchema = z.strictObject({
  stream: z.string("must be a stream's name").min(1, "must not be empty").max(300, "must be a stream's name"),
  repair: z.boolean("must be true or false"),
  email: z.email("must be an e-mail address").optional(),
});

/** Comparing streams with their datasets, behind the worker's bearer token: `/internal/sources/:source/reconciliations`. */
export function registerReconciliationRoutes(
  app: FastifyInstance,
  { reconciliations, users }: ReconciliationRouteDeps,
): void {
  app.get("/sources/:source/reconciliations", async (request) =>
    reconciliations.list(parseInput(sourceSchema, request.params).source, null),
  );
  app.get("/sources/:source/reconciliations/:id", async (request) => {
    const { id } = parseInput(sourceSchema.extend({ id: z.uuid("must be the id of a comparison") }), request.params);
    const found = await reconciliations.find(id);
    if (found === null) throw new PlatformError("not-found", `there is no comparison ${id}`);
    return found;
  });
  app.post("/sources/:source/reconciliations", async (request) => {
    const { source } = parseInput(sourceSchema, request.params);
    const { stream, repair, email } = parseInput(askSchema, request.body);
    // The other sources cannot be compared yet: nobody would take it.
    if (source !== "orders_db") throw new PlatformError("invalid-input", `source: ${source} cannot be compared`);
    const requestedBy = await askingPerson(users, email, "sources.steer");
    return reconciliations.ask({ source, stream, repair, requestedBy });
  });
}
