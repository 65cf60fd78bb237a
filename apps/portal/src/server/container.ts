import "server-only";
import { Pool } from "pg";
import {
  backfillsReadModel,
  catalogReadModel,
  costReadModel,
  datasetChecksReadModel,
  datasetFreshnessReadModel,
  datasetReadModel,
  driftReadModel,
  homeReadModel,
  landingReadModel,
  lineageReadModel,
  liveReadModel,
  peopleReadModel,
  pipelinesReadModel,
  queriesReadModel,
  runReadModel,
  runComparisonReadModel,
  runsListReadModel,
  runsReadModel,
  schedulesReadModel,
  searchReadModel,
  sourcesReadModel,
  steeringReadModel,
} from "@nova/db/read-models";
import { commandStore, driftStore, reconciliationStore, streamRequests } from "@nova/db/repositories";
import type { DriftStore, ReconciliationStore, StreamRequests } from "@nova/pipeline-core/connectors";
import { asPlatformError, type Clock, uuidV7Source } from "@nova/pipeline-core/kernel";
import type { BackfillSpec, CommandStore, Explanation, GateState, PoolState } from "@nova/pipeline-core/orchestration";
import { env } from "@/env.ts";
import { createLiveHub, type LiveHub } from "./live.ts";
import { workerDiffs, type WorkerDiffs } from "./worker-diffs.ts";
import { workerSources, type WorkerSources } from "./worker-sources.ts";
import { workerQueries, type WorkerQueries } from "./worker-queries.ts";
import { workerScheduler } from "./worker-scheduler.ts";

/** Everything a procedure may reach: read models, the live hub, the worker's queries, the clock. The only file that constructs them. */
export interface Container {
  readonly clock: Clock;
  readonly readModels: ReturnType<typeof buildReadModels>;
  readonly live: LiveHub;
  /** The worker's query service. */
  readonly queries: WorkerQueries;
  /** Two snapshots of a dataset beside each other. */
  readonly diffs: WorkerDiffs;
  /** What people ask the worker to do: asked here, carried out there. */
  readonly commands: Pick<CommandStore, "request" | "find">;
  /** Why a dataset is not running, from the worker's scheduler. */
  explain(dataset: string): Promise<Explanation>;
  /** Who has the places of each concurrency pool, from the worker's scheduler. */
  pools(): Promise<readonly PoolState[]>;
  gates(): Promise<readonly GateState[]>;
  /** Freezes the plan of a backfill; the worker counts partitions in the lake. */
  planBackfill(spec: BackfillSpec, email: string): Promise<{ readonly id: string }>;
  /** The worker's check of a source. */
  readonly sources: WorkerSources;
  /** What people decide about drift; the next load does as decided. */
  readonly drift: Pick<DriftStore, "decide" | "setNewTableRule">;
  /** Comparisons of streams with their datasets; the worker carries them out. */
  readonly reconciliations: Pick<ReconciliationStore, "ask" | "list">;
  /** What people ask of streams; the worker takes it from there. */
  readonly streamRequests: Pick<StreamRequests, "ask">;
  /** Answers when the metadata PostgreSQL does; throws `metadata-unreachable`. */
  ping(): Promise<void>;
}

function buildReadModels(pool: Pool) {
  return {
    backfills: backfillsReadModel(pool),
    catalog: catalogReadModel(pool),
    cost: costReadModel(pool),
    dataset: datasetReadModel(pool),
    datasetChecks: datasetChecksReadModel(pool),
    datasetFreshness: datasetFreshnessReadModel(pool),
    drift: driftReadModel(pool),
    home: homeReadModel(pool),
    landing: landingReadModel(pool),
    lineage: lineageReadModel(pool),
    live: liveReadModel(pool),
    people: peopleReadModel(pool),
    pipelines: pipelinesReadModel(pool),
    queries: queriesReadModel(pool),
    run: runReadModel(pool),
    runs: runsReadModel(pool),
    runComparison: runComparisonReadModel(pool),
    runsList: runsListReadModel(pool),
    schedules: schedulesReadModel(pool),
    search: searchReadModel(pool),
    sources: sourcesReadModel(pool),
    steering: steeringReadModel(pool),
  };
}

function build(): Container {
  const { DATABASE_URL, NOVA_WORKER_URL, NOVA_INTERNAL_TOKEN } = env();
  const pool = new Pool({
    connectionString: DATABASE_URL,
    max: 12,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: 5_000,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => undefined);
  const clock: Clock = { now: () => new Date() };
  const ids = uuidV7Source(clock, { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) });
  const worker = { url: NOVA_WORKER_URL, token: NOVA_INTERNAL_TOKEN };
  return {
    clock,
    commands: commandStore({ pool }, { clock, ids }),
    ...workerScheduler(worker),
    sources: workerSources(worker),
    drift: driftStore({ pool }, { clock, ids }),
    reconciliations: reconciliationStore({ pool }, { clock, ids }),
    streamRequests: streamRequests({ pool }, { clock, ids }),
    readModels: buildReadModels(pool),
    live: createLiveHub(DATABASE_URL),
    queries: workerQueries(worker),
    diffs: workerDiffs(worker),
    async ping() {
      try {
        await pool.query("SELECT 1");
      } catch (error) {
        throw asPlatformError(error, "metadata-unreachable");
      }
    },
  };
}

const slot = globalThis as unknown as { novaPortalContainer?: Container };

/** One per process, also across the module reloads of `next dev`. */
export function container(): Container {
  slot.novaPortalContainer ??= build();
  return slot.novaPortalContainer;
}
