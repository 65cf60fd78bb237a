import { startTestPostgres } from "@nova/test-postgres";
import { Pool } from "pg";

/** A throw-away PostgreSQL for tests. */
export interface TestPostgres {
  readonly url: string;
  readonly port: number;
  pool(): Pool;
  stop(): Promise<void>;
}

/** Always `stop()` it. */
export async function startPostgres(): Promise<TestPostgres> {
  const server = await startTestPostgres();
  const url = server.url("postgres");
  return {
    url,
    port: server.port,
    pool: () => {
      const pool = new Pool({ connectionString: url, max: 12 });
      // Idle clients lose their connection when the server stops; that is the end of the test, not a failure.
      pool.on("error", () => undefined);
      return pool;
    },
    stop: () => server.stop(),
  };
}
