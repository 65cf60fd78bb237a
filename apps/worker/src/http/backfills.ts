import type { BackfillDetail, BackfillListRow } from "@nova/db/read-models";
import type { UserStore } from "@nova/pipeline-core/access";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { type BackfillSpec, backfillSpecSchema, type StoredBackfill } from "@nova/pipeline-core/orchestration";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { askingPerson } from "./asking-person.ts";
import { parseInput } from "./errors.ts";

export interface BackfillRouteDeps {
  readonly plan: (spec: BackfillSpec, by: string) => Promise<StoredBackfill>;
  readonly list: (limit: number) => Promise<BackfillListRow[]>;
  readonly one: (id: string) => Promise<BackfillDetail | null>;
  readonly users: Pick<UserStore, "findByEmail">;
}

const planSchema = z.strictObject({
  spec: backfillSpecSchema,
  /** For whom; without it for the operator. */
  email: z.email("must be an e-mail address").optional(),
});
const idSchema = z.object({ id: z.uuid("must be a backfill's id") });
const LISTED = 50;

/**
 * Backfills behind the worker's bearer token: `POST /internal/backfills/plan` freezes a plan, `GET /internal/backfills` and
 * `GET /internal/backfills/:id` show what became of them. They are submitted and steered by commands.
 */
export function registerBackfillRoutes(app: FastifyInstance, { plan, list, one, users }: BackfillRouteDeps): void {
  app.post("/backfills/plan", async (request) => {
    const { spec, email } = parseInput(planSchema, request.body);
    const { id } = await plan(spec, await askingPerson(users, email, "backfills.run"));
    return { id };
  });
  app.get("/backfills", () => list(LISTED));
  app.get("/backfills/:id", async (request) => {
    const { id } = parseInput(idSchema, request.params);
    const found = await one(id);
    if (found === null) throw new PlatformError("not-found", `there is no backfill ${id}; plans are kept for an hour`);
    return found;
  });
}
