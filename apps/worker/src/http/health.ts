import { readSources } from "@nova/db/read-models";
import type { Clock } from "@nova/pipeline-core/kernel";
import type { FastifyInstance } from "fastify";
import type { Pool } from "pg";

export interface HealthDeps {
  readonly db: { readonly pool: Pool };
  readonly clock: Clock;
  readonly startedAt: Date;
}

/** `GET /health`: 200 while the worker serves and the metadata store answers, with what each source is doing. */
export function registerHealth(app: FastifyInstance, { db, clock, startedAt }: HealthDeps): void {
  app.get("/health", async () => {
    const now = clock.now();
    const sources = await readSources(db, now);
    return {
      status: "ok",
      uptimeSeconds: Math.round((now.getTime() - startedAt.getTime()) / 1_000),
      sources: sources.map(({ id, state, since, lagSeconds, error }) => ({ id, state, since, lagSeconds, error })),
    };
  });
}
