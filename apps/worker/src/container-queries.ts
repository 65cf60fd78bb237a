import { createHmac } from "node:crypto";
import type { Db } from "@nova/db/client";
import { catalogColumns, queryStore } from "@nova/db/repositories";
import { openQuerySandbox, type QuerySandbox } from "@nova/engines/query-sandbox";
import type { DatasetName } from "@nova/pipeline-core/catalog";
import { type Clock, type IdSource, isPlatformError, type Logger } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import type { WorkerEnv } from "./env.ts";
import type { WorkerMetrics } from "./http/metrics.ts";
import { createQueryService, type RunningQueryService } from "./http/queries/query-service.ts";

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

/** The part of the container that constructs people's queries. */
export function startQueries(
  { env, db, clock, ids, logger, metrics, lakeDir }: QueryGround,
  engine: LakeEngine,
): RunningQueryService {
  const queryLogger = logger.with({ part: "queries" });
  const sandbox: QuerySandbox = openQuerySandbox({
    lakeDir,
    // Bound to the installation's own secret: pseudonyms stay the same over restarts and cannot be guessed.
    maskSalt: createHmac("sha256", env.NOVA_INTERNAL_TOKEN).update("column pseudonyms").digest("hex"),
    clock,
    logger: queryLogger,
    async dataset(name: DatasetName) {
      const columns = await catalogColumns(db, name);
      if (columns === null) return null;
      try {
        return { columns, scanSql: await engine.scanSql(name) };
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
