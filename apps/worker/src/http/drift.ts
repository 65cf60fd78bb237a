import type { UserStore } from "@nova/pipeline-core/access";
import { DRIFT_CHOICES, type DriftStore, NEW_TABLE_RULES, SOURCE_IDS } from "@nova/pipeline-core/connectors";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { askingPerson } from "./asking-person.ts";
import { parseInput } from "./errors.ts";

export interface DriftRouteDeps {
  readonly drift: DriftStore;
  readonly users: Pick<UserStore, "findByEmail">;
}

const sourceSchema = z.enum(SOURCE_IDS, `must be one of ${SOURCE_IDS.join(", ")}`);
const listSchema = z.object({ source: sourceSchema.optional(), all: z.literal("true").optional() });
const itemSchema = z.object({ item: z.uuid("must be the id of a drift item") });
const email = z.email("must be an e-mail address").optional();
const choiceSchema = z.strictObject({
  choice: z.enum(DRIFT_CHOICES, `must be one of ${DRIFT_CHOICES.join(", ")}`),
  target: z.string("must be a column's name").min(1, "must not be empty").max(300).nullable(),
  email,
});
const ruleSchema = z.strictObject({
  rule: z.enum(NEW_TABLE_RULES, `must be one of ${NEW_TABLE_RULES.join(", ")}`),
  email,
});

/**
 * Drift behind the worker's bearer token: `GET /internal/drift`, `POST /internal/drift/:item/decision`, and what happens to
 * new tables: `POST /internal/sources/:source/new-tables`. The right is looked up here and never taken from the caller.
 */
export function registerDriftRoutes(app: FastifyInstance, { drift, users }: DriftRouteDeps): void {
  app.get("/drift", async (request) => {
    const { source, all } = parseInput(listSchema, request.query);
    return drift.list({ ...(source === undefined ? {} : { source }), open: all === undefined });
  });
  app.post("/drift/:item/decision", async (request) => {
    const { item } = parseInput(itemSchema, request.params);
    const { choice, target, email: asked } = parseInput(choiceSchema, request.body);
    const decidedBy = await askingPerson(users, asked, "drift.settle");
    return drift.decide({ item, choice, target, decidedBy });
  });
  app.post("/sources/:source/new-tables", async (request) => {
    const { source } = parseInput(z.object({ source: sourceSchema }), request.params);
    const { rule, email: asked } = parseInput(ruleSchema, request.body);
    await drift.setNewTableRule(source, rule, await askingPerson(users, asked, "drift.settle"));
    return { source, rule };
  });
}
