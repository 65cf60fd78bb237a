import type { Action, UserStore } from "@nova/pipeline-core/access";
import {
  SOURCE_IDS,
  type SourceDiagnosis,
  type SourceId,
  ASKED_ACTIONS,
  type StreamRequests,
} from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { askingPerson } from "./asking-person.ts";
import { parseInput } from "./errors.ts";

export interface SourceRouteDeps {
  readonly check: (source: SourceId) => Promise<SourceDiagnosis>;
  readonly requests: StreamRequests;
  readonly users: Pick<UserStore, "findByEmail">;
}

const sourceSchema = z.object({ source: z.enum(SOURCE_IDS, `must be one of ${SOURCE_IDS.join(", ")}`) });
const checkSchema = z.strictObject({ email: z.email("must be an e-mail address").optional() });
const requestSchema = checkSchema.extend({
  stream: z
    .string("must be a stream's name")
    .min(1, "must not be empty")
    .max(300, "must be a stream's name")
    .nullable(),
  action: z.enum(ASKED_ACTIONS, `must be one of ${ASKED_ACTIONS.join(", ")}`),
});

/** The right that each action needs. */
const ACTION_RIGHT: Record<(typeof ASKED_ACTIONS)[number], Action> = {
  pause: "sources.steer",
  resume: "sources.steer",
  resync: "sources.steer",
  replay: "quarantine.replay",
};

/**
 * Checking and steering sources, behind the worker's bearer token: `POST /internal/sources/:source/check` and
 * `POST /internal/sources/:source/requests`. The right is looked up here and never taken from the caller.
 */
export function registerSourceRoutes(app: FastifyInstance, { check, requests, users }: SourceRouteDeps): void {
  app.post("/sources/:source/check", async (request) => {
    const { source } = parseInput(sourceSchema, request.params);
    await askingPerson(users, parseInput(checkSchema, request.body ?? {}).email, "sources.check");
    return check(source);
  });
  app.post("/sources/:source/requests", async (request) => {
    const { source } = parseInput(sourceSchema, request.params);
    const { stream, action, email } = parseInput(requestSchema, request.body);
    // Others know no single streams to steer yet.
    if (source !== "orders_db")
      throw new PlatformError("invalid-input", `source: streams of ${source} cannot be steered`);
    const requestedBy = await askingPerson(users, email, ACTION_RIGHT[action]);
    return requests.ask({ source, stream, action, requestedBy });
  });
}
