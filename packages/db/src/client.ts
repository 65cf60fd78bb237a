import { PrismaPg } from "@prisma/adapter-pg";
import { PlatformError } from "@nova/pipeline-core/kernel";
import pg from "pg";
import { PrismaClient } from "./generated/client.ts";

export interface Db {
  /** For reads by people's screens and simple writes. */
  readonly prisma: PrismaClient;
  /** For batched SQL, transactions shared with a table commit, LISTEN. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export interface DbOptions {
  readonly connectionString: string;
  /** Most connections of the pool, which Prisma shares; default 10. */
  readonly max?: number;
  /** A statement that waits this long for a lock fails with SQLSTATE 55P03; for ever by default. */
  readonly lockWaitMillis?: number;
  /** Whoever gets no connection within this time fails; for ever by default. */
  readonly connectionWaitMillis?: number;
  /** Told about connections that break while idle (the server restarted); the pool replaces them by itself. */
  readonly onIdleError?: (error: Error) => void;
}

/** Opens the metadata store. Connects lazily: a server that is down shows at the first query, see `reachable`. */
export function openDb({ connectionString, max = 10, onIdleError, ...waits }: DbOptions): Db {
  const pool = new pg.Pool({
    connectionString,
    max,
    application_name: "nova",
    ...(waits.lockWaitMillis === undefined ? {} : { lock_timeout: waits.lockWaitMillis }),
    ...(waits.connectionWaitMillis === undefined ? {} : { connectionTimeoutMillis: waits.connectionWaitMillis }),
  });
  // Without a listener an idle connection that breaks would end the process.
  pool.on("error", (error) => onIdleError?.(error));
  // The same for one that breaks while a transaction holds it: its next statement rejects, and that is handled there.
  pool.on("connect", (client) => void client.on("error", () => undefined));
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
  return {
    prisma,
    pool,
    async close() {
      await prisma.$disconnect();
      await pool.end();
    },
  };
}

/** Throws `metadata-unreachable` with the address (never the password) when the store does not answer. */
export async function assertReachable(db: Db): Promise<void> {
  try {
    await db.pool.query("SELECT 1");
  } catch (error) {
    throw new PlatformError("metadata-unreachable", "the metadata PostgreSQL does not answer", { cause: error });
  }
}
