import type { SourceStatus, WorkerFigures } from "@nova/db/read-models";
import { type Clock, type Logger, PlatformError } from "@nova/pipeline-core/kernel";
import { fastify, type FastifyInstance } from "fastify";
import { errorHandler } from "./errors.ts";
import { registerHealth } from "./health.ts";
import { requireBearer } from "./internal-access.ts";
import { registerMetrics, type WorkerMetrics } from "./metrics.ts";

export interface ServerDeps {
  readonly sources: () => Promise<readonly SourceStatus[]>;
  readonly figures: () => Promise<WorkerFigures>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
  readonly internalToken: string;
  /** Routes under /internal; every one of them stands behind the bearer token. */
  readonly internal: (app: FastifyInstance) => void;
  /** Routes that bring their own authentication: log intake, Stripe's webhook. */
  readonly intake: (app: FastifyInstance) => void | Promise<void>;
}

const LARGEST_BODY = 1024 * 1024;

/** The worker's HTTP side, not listening yet. */
export async function buildServer(deps: ServerDeps): Promise<FastifyInstance> {
  const app = fastify({ logger: false, bodyLimit: LARGEST_BODY, forceCloseConnections: true });
  app.setErrorHandler(errorHandler(deps.logger));
  app.setNotFoundHandler((request) => {
    throw new PlatformError("not-found", `there is no ${request.method} ${request.url.split("?")[0]}`);
  });
  registerHealth(app, { sources: deps.sources, clock: deps.clock, startedAt: deps.clock.now() });
  registerMetrics(app, deps);
  await app.register(
    async (internal) => {
      internal.addHook("onRequest", requireBearer(deps.internalToken));
      deps.internal(internal);
    },
    { prefix: "/internal" },
  );
  await deps.intake(app);
  return app;
}
