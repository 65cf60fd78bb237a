import type { Db, openDb } from "@nova/db/client";
import { type Logger, SECOND } from "@nova/pipeline-core/kernel";

/** What the worker's work may have open at once. */
const CONNECTIONS = 20;
/** The lease has its own: whatever the work waits for, the worker says that it lives and learns that another took over. */
const LEASE_CONNECTIONS = 2;
/**
 * Nothing of ours holds a lock for long, so a statement that waits for one this long is stuck behind somebody else's, as one
 * that alters a table. It fails then and is tried again: waiting on, such statements would take every connection in turn.
 */
const LOCK_WAIT = 15 * SECOND;
/** A piece of work that finds every connection taken for so long is tried again later too. */
const CONNECTION_WAIT = 60 * SECOND;

export interface MetadataConnections {
  readonly db: Db;
  /** For taking the lease, heartbeats and giving it back. */
  readonly leases: Db;
  close(): Promise<void>;
}

/** The worker's connections to the metadata database. `?lock_timeout=<ms>` in the connection string overrules the wait for locks. */
export function openMetadata(open: typeof openDb, connectionString: string, logger: Logger): MetadataConnections {
  const common = {
    connectionString,
    lockWaitMillis: LOCK_WAIT,
    connectionWaitMillis: CONNECTION_WAIT,
    onIdleError: (error: Error): void => logger.warn("an idle metadata connection broke", { error }),
  };
  const db = open({ ...common, max: CONNECTIONS });
  const leases = open({ ...common, max: LEASE_CONNECTIONS });
  return {
    db,
    leases,
    async close() {
      await Promise.all([db.close(), leases.close()]);
    },
  };
}
