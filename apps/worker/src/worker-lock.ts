import type { WorkerLease } from "@nova/pipeline-core/connectors";
import { type Clock, isPlatformError, type Logger, PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import pg from "pg";

/** "work" as ASCII: the advisory lock that one worker per metadata store holds. */
const WORKER_LOCK = 0x776f726b;
const HEARTBEAT = 2 * SECOND;

export interface HeldLease {
  readonly epoch: bigint;
  release(): Promise<void>;
}

export interface HoldLeaseOptions {
  readonly connectionString: string;
  readonly lease: WorkerLease;
  readonly worker: { readonly id: string; readonly pid: number };
  readonly clock: Clock;
  readonly logger: Logger;
  /** Another worker took over: this one must end at once, its commits are refused from now on. */
  readonly onFenced: (error: PlatformError) => void;
}

/**
 * Makes this the one worker: waits on an advisory lock while another lives (two `npm start`, a rolling deploy), then
 * takes the lease under a new epoch. The lock only keeps a second worker quietly waiting; what makes commits safe is
 * the epoch, which every commit checks.
 */
export async function holdLease(options: HoldLeaseOptions): Promise<HeldLease> {
  const { lease, logger } = options;
  const lock = await takeLock(options);
  const epoch = await lease.acquire({ ...options.worker, startedAt: options.clock.now() });
  logger.info("took the worker's lease", { epoch: epoch.toString() });
  const beating = setInterval(() => {
    lease.heartbeat(epoch).catch((error: unknown) => {
      if (isPlatformError(error) && error.kind === "stale-writer") {
        clearInterval(beating);
        options.onFenced(error);
      } else logger.warn("a heartbeat did not get through", { error });
    });
  }, HEARTBEAT);
  return {
    epoch,
    async release() {
      clearInterval(beating);
      await lease.release(epoch);
      await lock.end();
    },
  };
}

async function takeLock({ connectionString, logger }: HoldLeaseOptions): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: "nova-worker-lock", keepAlive: true });
  // A lost lock connection is no reason to stop: the lease's epoch still guards every commit.
  client.on("error", (error) => logger.warn("the connection that holds the worker lock broke", { error }));
  try {
    await client.connect();
    const { rows } = await client.query<{ taken: boolean }>("SELECT pg_try_advisory_lock($1) AS taken", [WORKER_LOCK]);
    if (rows[0]?.taken === true) return client;
    logger.warn("another worker runs on this metadata store; waiting until it ends");
    await client.query("SELECT pg_advisory_lock($1)", [WORKER_LOCK]);
    logger.info("the other worker ended");
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw new PlatformError("metadata-unreachable", "the metadata PostgreSQL does not answer; check DATABASE_URL", {
      cause: error,
    });
  }
}
