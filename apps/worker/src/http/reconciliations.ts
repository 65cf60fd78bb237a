import type { UserStore } from "@nova/pipeline-core/access";
import { COMPARED_SOURCES, type ReconciliationStore, SOURCE_IDS, type SourceId } from "@nova/pipeline-core/connectors";
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
const askAllSchema = z.strictObject({
  repair: z.boolean("must be true or false"),
  email: z.email("must be an e-mail address").optional(),
});
const askSchema = askAllSchema.extend({
  stream: z.string("must be a stream's name").min(1, "must not be empty").max(300, "must be a stream's name"),
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
    const source = comparedSource(request.params);
    const { stream, repair, email } = parseInput(askSchema, request.body);
    const requestedBy = await askingPerson(users, email, "sources.steer");
    return reconciliations.ask({ source, stream, repair, requestedBy });
  });
  app.post("/sources/:source/reconciliations/all", async (request) => {
    const source = comparedSource(request.params);
    const { repair, email } = parseInput(askAllSchema, request.body);
    const requestedBy = await askingPerson(users, email, "sources.steer");
    return reconciliations.askAll({ source, repair, requestedBy });
  });
}

/** Logs only arrive: there is nothing to compare them with, and nobody would take what was asked. */
function comparedSource(params: unknown): SourceId {
  const { source } = parseInput(sourceSchema, params);
  if (!COMPARED_SOURCES.some((compared) => compared === source))
    throw new PlatformError("invalid-input", `source: ${source} cannot be compared`);
  return source;
}
