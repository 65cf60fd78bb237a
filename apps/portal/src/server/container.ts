import "server-only";
import { Pool } from "pg";
import { homeReadModel, liveReadModel, peopleReadModel, searchReadModel, sourcesReadModel } from "@nova/db/read-models";
import { asPlatformError, type Clock } from "@nova/pipeline-core/kernel";
import { env } from "@/env.ts";
import { createLiveHub, type LiveHub } from "./live.ts";

/** Everything a procedure may reach: read models, the live hub, the clock. The only file that constructs them. */
export interface Container {
  readonly clock: Clock;
  readonly readModels: ReturnType<typeof buildReadModels>;
  readonly live: LiveHub;
  /** Answers when the metadata PostgreSQL does; throws `metadata-unreachable`. */
  ping(): Promise<void>;
}

function buildReadModels(pool: Pool) {
  return {
    home: homeReadModel(pool),
    live: liveReadModel(pool),
    people: peopleReadModel(pool),
    search: searchReadModel(pool),
    sources: sourcesReadModel(pool),
  };
}

function build(): Container {
  const { DATABASE_URL } = env();
  const pool = new Pool({
    connectionString: DATABASE_URL,
    max: 12,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: 5_000,
  });
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on("error", () => undefined);
  return {
    clock: { now: () => new Date() },
    readModels: buildReadModels(pool),
    live: createLiveHub(DATABASE_URL),
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
