import { randomBytes } from "node:crypto";
import { mkdir, realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { assertReachable, type Db, openDb } from "@nova/db/client";
import {
  backfillStore,
  catalogStore,
  datasetsThrough,
  commandStore,
  controlStore,
  deliveryLedger,
  driftStore,
  intakeRefusals,
  lineageStore,
  listenForCommands,
  partitionStore,
  qualityStore,
  scanCharges,
  quarantine,
  queryStore,
  reconciliationStore,
  runStore,
  scheduleStore,
  sourceStore,
  streamRequests,
  tidyHistory,
  userStore,
  workerLease,
} from "@nova/db/repositories";
import { backfillsReadModel, readFigures, readSources, sourcesReadModel } from "@nova/db/read-models";
import { openLakeEngine } from "@nova/engines/duckdb";
import { logConnector, logIntake, logServices } from "@nova/engines/log-intake";
import { postgresConnector } from "@nova/engines/postgres-capture";
import { salesforceConnector } from "@nova/engines/salesforce";
import { committedSegment, openSpool } from "@nova/engines/spool";
import { modelCompiler } from "@nova/engines/sql";
import { stripeConnector, stripeWebhook } from "@nova/engines/stripe";
import { piiTag, SOURCES } from "@nova/novaretail";
import { stagedDatasetName } from "@nova/pipeline-core/connectors";
import { type Clock, type Logger, MINUTE, SECOND, uuidV7Source } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { sharedLook } from "./capture/shared-look.ts";
import { type Capture, startCapture } from "./capture/start-capture.ts";
import { ENGINE_MEMORY, ENGINE_THREADS } from "./engine-share.ts";
import type { WorkerEnv } from "./env.ts";
import type { Faults } from "./faults.ts";
import { registerBackfillRoutes } from "./http/backfills.ts";
import { registerCommandRoutes } from "./http/commands/routes.ts";
import { registerDoors } from "./http/intake/index.ts";
import { createMetrics } from "./http/metrics.ts";
import { registerDriftRoutes } from "./http/drift.ts";
import { registerReconciliationRoutes } from "./http/reconciliations.ts";
import { registerReports } from "./http/reports.ts";
import { buildServer } from "./http/server.ts";
import { registerSourceRoutes } from "./http/sources.ts";
import { startLineage } from "./open-lineage/start-lineage.ts";
import { loadDefinitions, type Pipelines, startPipelines } from "./pipelines/index.ts";
import { openMetadata } from "./container-metadata.ts";
import { type QueryGround, startQuestions } from "./container-queries.ts";
import { reportsOf } from "./container-reports.ts";
import { captureConfig, configuredSources } from "./source-settings.ts";
import { holdLease } from "./worker-lock.ts";

const TIDY_EVERY = 10 * MINUTE;
/** Comparisons that wait for loads look at how far their datasets are together. */
const THROUGH_EVERY = SECOND / 4;

export interface Worker {
  /** Where it listens, e.g. http://127.0.0.1:4000. */
  readonly url: string;
  /** Drains in order: requests, queries, capture, pipelines, lease, connections. */
  stop(): Promise<void>;
}

/** What every part is made with. */
interface Ground extends QueryGround {
  readonly leases: Db;
  readonly faults: Faults;
}

/**
 * The only place that constructs database and engines, and hands them to those who use them. `onFatal`: a newer worker
 * took over, this one must end.
 */
export async function startWorker(
  env: WorkerEnv,
  logger: Logger,
  onFatal: (error: Error) => void,
  faults: Faults = {},
): Promise<Worker> {
  const stack = new AsyncDisposableStack();
  try {
    const ground = await layGround(env, logger, faults, stack);
    const { db, leases, clock, ids, metrics } = ground;
    const lease = await holdLease({
      connectionString: env.DATABASE_URL,
      lease: workerLease(leases, { clock }),
      worker: { id: ids.next(), pid: process.pid },
      clock,
      logger,
      onFenced: onFatal,
    });
    stack.defer(() => lease.release());
    await settleLeftovers(ground, stack);

    const definitions = loadDefinitions(modelCompiler);
    const engine = await openLakeEngine({
      lakeDir: ground.lakeDir,
      pool: db.pool,
      tempDir: join(resolve(env.NOVA_SPOOL_DIR), "spill"),
      memoryLimit: ENGINE_MEMORY,
      threads: ENGINE_THREADS,
      clock,
      logger,
      contracts: definitions.contracts,
      environments: env.NOVA_ENVIRONMENTS ?? [],
      ...(faults.failpoint === undefined ? {} : { failpoint: faults.failpoint }),
    });
    stack.defer(() => engine.close());
    const { capture, pipelines } = await startData(ground, { engine, definitions, epoch: lease.epoch, onFatal }, stack);
    const questions = startQuestions(ground, engine);
    stack.defer(() => questions.stop());

    const users = userStore(db, { clock, ids });
    const app = await buildServer({
      sources: () => readSources(db, clock.now()),
      figures: () => readFigures(db, clock.now()),
      clock,
      logger,
      metrics,
      internalToken: env.NOVA_INTERNAL_TOKEN,
      internal(scope) {
        questions.register(scope);
        registerCommandRoutes(scope, {
          commands: commandStore(db, { clock, ids }),
          explain: async (dataset) => pipelines.explain(dataset, await sourceStore(db, { clock, ids }).openBreakers()),
          pools: () => pipelines.pools(),
          gates: () => pipelines.gates(),
          users,
        });
        registerSourceRoutes(scope, {
          check: (source) => capture.check(source),
          requests: streamRequests(db, { clock, ids }),
          quarantine: (source) => sourcesReadModel(db.pool).quarantine(source, clock.now()),
          users,
        });
        registerDriftRoutes(scope, { drift: driftStore(db, { clock, ids }), users });
        registerBackfillRoutes(scope, {
          plan: (spec, by) => pipelines.planBackfill(spec, by),
          list: (limit) => backfillsReadModel(db.pool).list(null, limit),
          one: (id) => backfillsReadModel(db.pool).one(id),
          users,
        });
        registerReconciliationRoutes(scope, { reconciliations: reconciliationStore(db, { clock, ids }), users });
        registerReports(scope, reportsOf(ground));
      },
      async intake(scope) {
        const close = await registerDoors(scope, {
          ...capture.intake,
          identify: logServices(captureConfig(env).logs?.services ?? []),
          registry: metrics.registry,
          refusals: intakeRefusals(db),
          clock,
          logger,
        });
        stack.defer(close);
      },
    });
    stack.defer(() => app.close());
    const url = await app.listen({ host: "127.0.0.1", port: env.NOVA_WORKER_PORT });
    questions.queries.warmUp();
    logger.info("the worker serves", { url });
    return { url, stop: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function layGround(env: WorkerEnv, logger: Logger, faults: Faults, stack: AsyncDisposableStack): Promise<Ground> {
  const clock: Clock = faults.clock ?? { now: () => new Date() };
  const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
  await mkdir(env.NOVA_LAKE_DIR, { recursive: true });
  await mkdir(env.NOVA_SPOOL_DIR, { recursive: true });
  const metadata = openMetadata(openDb, env.DATABASE_URL, logger);
  const { db, leases } = metadata;
  stack.defer(() => metadata.close());
  await assertReachable(db);
  return {
    faults,
    env,
    db,
    leases,
    clock,
    ids,
    logger,
    metrics: createMetrics(),
    lakeDir: await realpath(env.NOVA_LAKE_DIR),
  };
}

/** Ends on paper what the worker before did not end, and keeps history at its size from then on. */
async function settleLeftovers({ db, clock, ids, logger }: Ground, stack: AsyncDisposableStack): Promise<void> {
  const runs = await runStore(db, { clock, ids }).closeAbandoned();
  await sourceStore(db, { clock, ids }).closeBreakers();
  const queries = await queryStore(db, { clock, ids }).closeAbandoned();
  if (runs + queries > 0) logger.warn("closed what the worker before left open", { runs, queries });
  const tidying = setInterval(() => {
    tidyHistory(db, clock).catch((error: unknown) => logger.warn("tidying the history failed", { error }));
  }, TIDY_EVERY);
  stack.defer(() => clearInterval(tidying));
}

interface DataDeps {
  readonly engine: LakeEngine;
  readonly definitions: ReturnType<typeof loadDefinitions>;
  readonly epoch: bigint;
  readonly onFatal: (error: Error) => void;
}

const CAPTURE_ENGINES = {
  committedSegment,
  logConnector,
  logIntake,
  openSpool,
  postgresConnector,
  salesforceConnector,
  stripeConnector,
  stripeWebhook,
};

/** Pipelines first: capture tells them of every commit. */
async function startData(
  ground: Ground,
  { engine, definitions, epoch, onFatal }: DataDeps,
  stack: AsyncDisposableStack,
): Promise<{ capture: Capture; pipelines: Pipelines }> {
  const { env, db, clock, ids, logger, metrics } = ground;
  const sources = sourceStore(db, { clock, ids });
  const config = captureConfig(env);
  const lineage = startLineage(env, { clock, logger, count: (fate, events) => metrics.countLineage(fate, events) });
  stack.defer(() => lineage.stop());
  const pipelines = await startPipelines({
    lineageEvents: lineage,
    pace: { cold: env.COLD_LOAD_SECONDS * SECOND },
    engine,
    definitions,
    catalog: catalogStore(db, { clock }),
    runs: runStore(db, { clock, ids }),
    commands: commandStore(db, { clock, ids }),
    controls: controlStore(db),
    schedules: scheduleStore(db),
    backfills: backfillStore(db, { clock, ids }),
    partitions: partitionStore(db),
    streamRequests: streamRequests(db, { clock, ids }),
    quality: qualityStore(db),
    charges: scanCharges(db, { clock }),
    lineage: lineageStore(db),
    sources,
    quarantine: quarantine(db, { ids }),
    configured: configuredSources(config),
    epoch,
    clock,
    logger: logger.with({ part: "pipelines" }),
    onFatal,
  });
  stack.defer(() => pipelines.stop());
  const feed = listenForCommands(env.DATABASE_URL, () => pipelines.notifyCommands(), logger);
  stack.defer(() => feed.stop());
  const capture = await startCapture({
    engines: CAPTURE_ENGINES,
    config,
    rawStore: engine.rawStore,
    sources,
    quarantine: quarantine(db, { ids }),
    requests: streamRequests(db, { clock, ids }),
    reconcile: {
      reconciliations: reconciliationStore(db, { clock, ids }),
      lake: engine.comparison,
      dataThrough: sharedLook(() => datasetsThrough(db), THROUGH_EVERY),
    },
    deliveries: deliveryLedger(db),
    epoch,
    clock,
    ids,
    logger: logger.with({ part: "capture" }),
    piiTag,
    needs: (source, stream, column) => definitions.contracts[stagedDatasetName(source, stream)]?.[column] !== undefined,
    spoolDir: resolve(env.NOVA_SPOOL_DIR),
    declaredStreams: (id) => SOURCES.find((source) => source.id === id)?.declaredStreams ?? [],
    onCommitted(source) {
      ground.faults.failpoint?.("committed");
      metrics.countCommit(`raw.${source}`);
      pipelines.notify(source);
    },
  });
  stack.defer(() => capture.stop());
  return { capture, pipelines };
}
