import { randomBytes } from "node:crypto";
import { assertReachable, openDb } from "@nova/db/client";
import { queryStore, runStore, tidyHistory, workerLease } from "@nova/db/repositories";
import { type Clock, type IdSource, type Logger, MINUTE, uuidV7Source } from "@nova/pipeline-core/kernel";
import type { WorkerEnv } from "./env.ts";
import { createMetrics } from "./http/metrics.ts";
import { buildServer } from "./http/server.ts";
import { holdLease } from "./worker-lock.ts";

const TIDY_EVERY = 10 * MINUTE;

export interface Worker {
  /** Where it listens, e.g. http://127.0.0.1:4000. */
  readonly url: string;
  /** Drains in order: no new requests, capture, pipelines, lease, connections. Idempotent. */
  stop(): Promise<void>;
}

/** The only place that constructs database and engines, and hands them to those who use them. */
export async function startWorker(env: WorkerEnv, logger: Logger, onFenced: (error: Error) => void): Promise<Worker> {
  const clock: Clock = { now: () => new Date() };
  const ids: IdSource = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
  const stack = new AsyncDisposableStack();
  try {
    const db = openDb({
      connectionString: env.DATABASE_URL,
      max: 20,
      onIdleError: (error) => logger.warn("an idle metadata connection broke", { error }),
    });
    stack.defer(() => db.close());
    await assertReachable(db);
    const lease = await holdLease({
      connectionString: env.DATABASE_URL,
      lease: workerLease(db, { clock }),
      worker: { id: ids.next(), pid: process.pid },
      clock,
      logger,
      onFenced,
    });
    stack.defer(() => lease.release());

    const runs = runStore(db, { clock, ids });
    const queries = queryStore(db, { clock, ids });
    const abandoned = { runs: await runs.closeAbandoned(), queries: await queries.closeAbandoned() };
    if (abandoned.runs + abandoned.queries > 0) logger.warn("closed what the worker before left open", abandoned);
    const tidying = setInterval(() => {
      tidyHistory(db, clock).catch((error: unknown) => logger.warn("tidying the history failed", { error }));
    }, TIDY_EVERY);
    stack.defer(() => clearInterval(tidying));

    const app = await buildServer({
      db,
      clock,
      logger,
      metrics: createMetrics(),
      internalToken: env.NOVA_INTERNAL_TOKEN,
      internal: () => undefined,
      intake: () => undefined,
    });
    stack.defer(() => app.close());
    const url = await app.listen({ host: "127.0.0.1", port: env.NOVA_WORKER_PORT });
    logger.info("the worker serves", { url });
    return { url, stop: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
