import { createHmac } from "node:crypto";
import type { Db } from "@nova/db/client";
import { auditStore, catalogColumns, grantStore, queryStore, scanCharges, userStore } from "@nova/db/repositories";
import { openQuerySandbox, type QuerySandbox } from "@nova/engines/query-sandbox";
import type { DatasetName } from "@nova/pipeline-core/catalog";
import { type Clock, type IdSource, isPlatformError, type Logger } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import type { FastifyInstance } from "fastify";
import type { WorkerEnv } from "./env.ts";
import { createDiffService, type DiffService } from "./http/diffs/diff-service.ts";
import { registerDiffRoutes } from "./http/diffs/routes.ts";
import type { WorkerMetrics } from "./http/metrics.ts";
import { createQueryService, type RunningQueryService } from "./http/queries/query-service.ts";
import { registerQueryRoutes } from "./http/queries/routes.ts";

/** What queries are made with. */
export interface QueryGround {
  readonly env: WorkerEnv;
  readonly db: Db;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
  readonly lakeDir: string;
}

/** What answers people's questions about rows. */
export interface Questions {
  readonly queries: RunningQueryService;
  readonly diffs: DiffService;
  /** Routes for both, in the scope of the internal API. */
  register(scope: FastifyInstance): void;
  /** Ends what runs, for it is on record as running. */
  stop(): Promise<void>;
}

/** The part of the container that constructs people's queries and comparisons. */
export function startQuestions(ground: QueryGround, engine: LakeEngine): Questions {
  const { env, db, clock, ids, logger } = ground;
  // Bound to the installation's own secret: pseudonyms stay the same over restarts and cannot be guessed.
  const maskSalt = createHmac("sha256", env.NOVA_INTERNAL_TOKEN).update("column pseudonyms").digest("hex");
  const queries = startQueries(ground, engine, maskSalt);
  const diffs = createDiffService({
    engine,
    columns: (dataset) => catalogColumns(db, dataset),
    audit: auditStore(db, { clock, ids }),
    charges: scanCharges(db, { clock }),
    maskSalt,
    clock,
    logger: logger.with({ part: "diffs" }),
  });
  const people = { grants: grantStore(db, { clock }), users: userStore(db, { clock, ids }) };
  return {
    queries,
    diffs,
    register(scope) {
      registerQueryRoutes(scope, { queries, ...people });
      registerDiffRoutes(scope, { diffs, ...people });
    },
    async stop() {
      await Promise.all([queries.stop(), diffs.stop()]);
    },
  };
}

function startQueries(
  { db, clock, ids, logger, metrics, lakeDir }: QueryGround,
  engine: LakeEngine,
  maskSalt: string,
): RunningQueryService {
  const queryLogger = logger.with({ part: "queries" });
  const sandbox: QuerySandbox = openQuerySandbox({
    lakeDir,
    maskSalt,
    clock,
    logger: queryLogger,
    async dataset(name: DatasetName) {
      const columns = await catalogColumns(db, name);
      if (columns === null) return null;
      try {
        return { columns, scanSql: await engine.scanSql(name), columnBytes: await engine.columnBytes(name) };
      } catch (error) {
        if (isPlatformError(error) && error.kind === "not-found") return null;
        throw error;
      }
    },
  });
  return createQueryService({
    sandbox,
    store: queryStore(db, { clock, ids }),
    clock,
    ids,
    logger: queryLogger,
    onEnded: (state, seconds) => metrics.countQuery(state, seconds),
  });
}
