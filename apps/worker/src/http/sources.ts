import type { Action, UserStore } from "@nova/pipeline-core/access";
import {
  maskPayload,
  SOURCE_IDS,
  type SourceDiagnosis,
  type SourceId,
  ASKED_ACTIONS,
  type StreamRequests,
} from "@nova/pipeline-core/connectors";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { askingPerson } from "./asking-person.ts";
import { parseInput } from "./errors.ts";

export interface SourceRouteDeps {
  readonly check: (source: SourceId) => Promise<SourceDiagnosis>;
  readonly requests: StreamRequests;
  readonly quarantine: (source: SourceId) => Promise<readonly QuarantinedRows[]>;
  readonly users: Pick<UserStore, "findByEmail">;
}

/** Rows in quarantine by reason and stream, the newest with its payload. */
export interface QuarantinedRows {
  readonly reason: string;
  readonly stream: string | null;
  readonly why: string | null;
  readonly count: number;
  readonly lastAt: Date;
  readonly detail: string;
  readonly payload: string;
  readonly replay: { readonly at: Date; readonly rows: number; readonly cameBack: number } | null;
}

const sourceSchema = z.object({ source: z.enum(SOURCE_IDS, `must be one of ${SOURCE_IDS.join(", ")}`) });
const checkSchema = z.strictObject({ email: z.email("must be an e-mail address").optional() });
const boundSchema = z.array(z.string("must be the text of a key").max(1_000)).min(1).max(32).nullable();
const requestSchema = checkSchema.extend({
  stream: z
    .string("must be a stream's name")
    .min(1, "must not be empty")
    .max(300, "must be a stream's name")
    .nullable(),
  range: z.strictObject({ from: boundSchema, through: boundSchema }).optional(),
  why: z.string("must be the words of a refusal").min(1).max(2_000).optional(),
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
export function registerSourceRoutes(
  app: FastifyInstance,
  { check, requests, quarantine, users }: SourceRouteDeps,
): void {
  app.post("/sources/:source/check", async (request) => {
    const { source } = parseInput(sourceSchema, request.params);
    await askingPerson(users, parseInput(checkSchema, request.body ?? {}).email, "sources.check");
    return check(source);
  });
  app.get("/sources/:source/quarantine", async (request) => {
    const { source } = parseInput(sourceSchema, request.params);
    await askingPerson(users, parseInput(checkSchema, request.query ?? {}).email, "quarantine.view");
    // Refused bytes may hold personal data anywhere: nothing of a value leaves.
    return (await quarantine(source)).map(({ payload, ...group }) => ({ ...group, sample: maskPayload(payload) }));
  });
  app.post("/sources/:source/requests", async (request) => {
    const { source } = parseInput(sourceSchema, request.params);
    const { stream, action, range, why, email } = parseInput(requestSchema, request.body);
    const requestedBy = await askingPerson(users, email, ACTION_RIGHT[action]);
    const part = { ...(range === undefined ? {} : { range }), ...(why === undefined ? {} : { why }) };
    return requests.ask({ source, stream, action, requestedBy, ...part });
  });
}
