import type { SourceStatus } from "@nova/db/read-models";
import { type Clock, PlatformError } from "@nova/pipeline-core/kernel";
import type { FastifyInstance } from "fastify";

export interface HealthDeps {
  /** Throws when the metadata store does not answer. */
  readonly sources: () => Promise<readonly SourceStatus[]>;
  readonly clock: Clock;
  readonly startedAt: Date;
}

/** `GET /health`: 200 while the worker serves and the metadata store answers, with what each source is doing. */
export function registerHealth(app: FastifyInstance, { sources, clock, startedAt }: HealthDeps): void {
  app.get("/health", async () => {
    const known = await sources().catch((error: unknown) => {
      throw new PlatformError("metadata-unreachable", "the metadata PostgreSQL does not answer", { cause: error });
    });
    return {
      status: "ok",
      uptimeSeconds: Math.round((clock.now().getTime() - startedAt.getTime()) / 1_000),
      sources: known.map(({ id, state, since, lagSeconds, error }) => ({ id, state, since, lagSeconds, error })),
    };
  });
}
