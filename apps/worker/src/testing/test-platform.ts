import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTestPostgres } from "@nova/test-postgres";
import pg from "pg";

const DEADLINE_MS = 180_000;
const POLL_MS = 250;
const ROOT = join(import.meta.dirname, "../../../..");
const INTERNAL_TOKEN = "internal-token-of-the-kill-test";

/** One real worker process over a real PostgreSQL with the metadata and the order database. */
export interface TestPlatform {
  readonly folder: string;
  readonly ordersDbUrl: string;
  readonly workerUrl: string;
  readonly logToken: string;
  /** What the command line finds the worker by: `nova --data-dir <dataDir>`. */
  readonly dataDir: string;
  startWorker(): Promise<void>;
  /** SIGKILL: nothing is drained. */
  killWorker(): Promise<void>;
  /** First row of a query through the worker's query service, values as text. */
  row(sql: string): Promise<string[]>;
  /** Waits until the dataset has its first rows. */
  waitForDataset(dataset: string): Promise<void>;
  /** Waits until at least so many changes of the source are committed to raw (the first read does not count). */
  waitForRaw(source: string, changes: number): Promise<void>;
  /** First row of a query in the metadata database. */
  metadataRow(sql: string): Promise<string[]>;
  workerPid(): number | undefined;
  waitFor(what: string, holds: () => Promise<boolean>, patienceMillis?: number): Promise<void>;
  stop(): Promise<void>;
}

/** `extraEnv`: further settings of the worker, as for a source that the caller stands in for. */
export async function startTestPlatform(
  folder: string,
  extraEnv: Readonly<Record<string, string>> = {},
): Promise<TestPlatform> {
  const server = await startTestPostgres();
  const [metadataUrl, ordersDbUrl] = [await server.createDatabase("nova"), await server.createDatabase("orders")];
  await runToEnd("packages/db/src/migrate-main.ts", { DATABASE_URL: metadataUrl });
  const metadata = new pg.Pool({ connectionString: metadataUrl, max: 2 });
  // The server goes before its last idle connection does; that is the end of the test, not a failure.
  metadata.on("error", () => undefined);
  const port = await freePort();
  const workerUrl = `http://127.0.0.1:${port}`;
  const logToken = "log-token-of-the-kill-test";
  let worker: ChildProcess | null = null;
  let log = "";

  async function waitFor(
    what: string,
    holds: () => Promise<boolean>,
    patienceMillis: number = DEADLINE_MS,
  ): Promise<void> {
    const deadline = performance.now() + patienceMillis;
    while (performance.now() < deadline) {
      if (worker !== null && worker.exitCode !== null)
        throw new Error(`the worker ended by itself: ${log.slice(-3000)}`);
      if (await holds()) return;
      await pause(POLL_MS);
    }
    throw new Error(`waited ${patienceMillis / 1000} s for ${what}; the worker's last lines:\n${log.slice(-3000)}`);
  }

  async function isUp(): Promise<boolean> {
    try {
      return (await fetch(`${workerUrl}/health`)).ok;
    } catch (error) {
      if (error instanceof TypeError) return false;
      throw error;
    }
  }

  async function endWorker(signal: NodeJS.Signals): Promise<void> {
    if (worker === null || worker.exitCode !== null || worker.signalCode !== null) return;
    const exited = once(worker, "exit");
    worker.kill(signal);
    await exited;
    worker = null;
  }

  return {
    folder,
    ordersDbUrl,
    workerUrl,
    logToken,
    dataDir: folder,
    waitFor,
    async startWorker() {
      await writeFile(join(folder, "run.json"), "{}");
      await writeFile(join(folder, "secrets.json"), JSON.stringify({ internalToken: INTERNAL_TOKEN, workerUrl }));
      worker = spawn(process.execPath, [join(ROOT, "apps/worker/src/main.ts")], {
        env: {
          DATABASE_URL: metadataUrl,
          NOVA_LAKE_DIR: join(folder, "lake"),
          NOVA_SPOOL_DIR: join(folder, "spool"),
          NOVA_WORKER_PORT: String(port),
          NOVA_INTERNAL_TOKEN: INTERNAL_TOKEN,
          ORDERS_DB_URL: ordersDbUrl,
          LOG_INTAKE_TOKEN: logToken,
          MALLOC_ARENA_MAX: "2",
          // No model reads the tables of tests.
          COLD_LOAD_SECONDS: "3",
          ...extraEnv,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      for (const stream of [worker.stdout, worker.stderr]) stream?.on("data", (chunk) => (log += String(chunk)));
      await waitFor("the worker to be up", isUp);
      // Changes made before the slot stands belong to the first read and not to the stream.
      await waitFor("the replication slot", async () => {
        const { rows } = await metadata.query(
          "SELECT 1 FROM pg_replication_slots WHERE confirmed_flush_lsn IS NOT NULL",
        );
        return rows.length > 0;
      });
    },
    async metadataRow(sql) {
      const { rows } = await metadata.query<string[]>({ text: sql, rowMode: "array" });
      return rows[0] ?? [];
    },
    workerPid: () => worker?.pid,
    killWorker: () => endWorker("SIGKILL"),
    async row(sql) {
      return queryRow({ workerUrl, token: INTERNAL_TOKEN }, sql, waitFor);
    },
    async waitForDataset(dataset) {
      await waitFor(`the first rows of ${dataset}`, async () => {
        const { rows } = await metadata.query("SELECT 1 FROM datasets WHERE name = $1 AND snapshot_id IS NOT NULL", [
          dataset,
        ]);
        return rows.length > 0;
      });
    },
    async waitForRaw(source, changes) {
      await waitFor(`${changes} changes in raw.${source}`, async () => {
        const { rows } = await metadata.query<{ rows: string }>(
          `SELECT coalesce(sum(s.total_rows - s.rows_read), 0)::text AS rows FROM streams s WHERE s.source_id = $1`,
          [source],
        );
        return Number(rows[0]?.rows ?? 0) >= changes;
      });
    },
    async stop() {
      await endWorker("SIGTERM");
      await metadata.end();
      await server.stop();
    },
  };
}

/** First row of a query through the query service of a worker, values as text. */
export async function queryRow(
  { workerUrl, token }: { readonly workerUrl: string; readonly token: string },
  sql: string,
  waitFor: TestPlatform["waitFor"],
): Promise<string[]> {
  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await fetch(`${workerUrl}/internal${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    });
    const body: unknown = await response.json();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${JSON.stringify(body)}`);
    return body;
  };
  const { queryId } = (await ask("/queries", { method: "POST", body: JSON.stringify({ sql }) })) as { queryId: string };
  let state = "";
  await waitFor(`the answer to ${sql}`, async () => {
    const status = (await ask(`/queries/${queryId}`)) as { state: string; error: { message: string } | null };
    if (status.error !== null) throw new Error(`${sql} failed: ${status.error.message}`);
    state = status.state;
    return state === "succeeded";
  });
  const page = (await ask(`/queries/${queryId}/pages`)) as { rows: unknown[][] };
  return (page.rows[0] ?? []).map(String);
}

/** Runs a script of the repository, and throws when it fails. */
export async function runToEnd(script: string, env: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, script)], {
    env: { ...env },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${script} ended with ${code}`);
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
