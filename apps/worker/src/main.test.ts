import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { migrate } from "@nova/db/migrate";
import { openDb } from "@nova/db/client";
import { seedDemoPeople } from "@nova/db/seed";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { runQuery } from "./cli/run-query.ts";
import { fetchStatus } from "./cli/show-status.ts";
import { connectWorker } from "./cli/worker-client.ts";

// Whole processes on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const DEADLINE = 60_000;
const INTERNAL = "internal-token-of-the-test";
const INTAKE = "intake-token-of-the-test";
let server: TestPostgres;
let folder: string;
let connectionString: string;
const workers: WorkerProcess[] = [];

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly url?: string;
}

interface WorkerProcess {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  /** The first log line that matches, whether it came already or comes yet. */
  says(pattern: RegExp): Promise<LogLine>;
}

function startWorkerProcess(changes: Record<string, string> = {}): WorkerProcess {
  const env = {
    DATABASE_URL: connectionString,
    NOVA_LAKE_DIR: join(folder, "lake"),
    NOVA_SPOOL_DIR: join(folder, "spool"),
    NOVA_WORKER_PORT: "0",
    NOVA_INTERNAL_TOKEN: INTERNAL,
    LOG_INTAKE_TOKEN: INTAKE,
    ...changes,
  };
  const child = spawn(process.execPath, ["--no-warnings", MAIN], { env, stdio: ["ignore", "pipe", "pipe"] });
  const lines: LogLine[] = [];
  const waiting = new Set<() => void>();
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line) as LogLine);
    for (const wake of waiting) wake();
  });
  const worker: WorkerProcess = {
    child,
    stderr: () => errors,
    async says(pattern) {
      const deadline = AbortSignal.timeout(DEADLINE);
      for (;;) {
        const found = lines.find((line) => pattern.test(line.msg));
        if (found !== undefined) return found;
        if (deadline.aborted)
          throw new Error(`the worker did not say ${pattern}; it said ${JSON.stringify(lines)} ${errors}`);
        await new Promise<void>((resolve) => {
          waiting.add(resolve);
          deadline.addEventListener("abort", () => resolve(), { once: true });
        });
        waiting.clear();
      }
    },
  };
  workers.push(worker);
  return worker;
}

async function ended(worker: WorkerProcess): Promise<number | NodeJS.Signals | null> {
  if (worker.child.exitCode === null && worker.child.signalCode === null) await once(worker.child, "exit");
  return worker.child.exitCode ?? worker.child.signalCode;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nova-worker-"));
  server = await startTestPostgres();
  connectionString = await server.createDatabase("nova");
  await migrate(connectionString);
  const db = openDb({ connectionString });
  await seedDemoPeople(db, new Date());
  await db.close();
}, 120_000);

afterEach(async () => {
  for (const worker of workers.splice(0)) {
    worker.child.kill("SIGKILL");
    await ended(worker);
  }
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

test("a wrong environment is one line that names the variable, exit 2", async () => {
  const worker = startWorkerProcess({ NOVA_WORKER_PORT: "many" });
  expect(await ended(worker)).toBe(2);
  expect(worker.stderr()).toBe("NOVA_WORKER_PORT: must be a port number\n");
});

test("a metadata store that does not answer ends the worker with the remedy, exit 1", async () => {
  const worker = startWorkerProcess({ DATABASE_URL: "postgres://nova:hunter2@127.0.0.1:1/nova" });
  expect(await worker.says(/cannot start/)).toMatchObject({
    level: "error",
    msg: expect.stringContaining("the worker cannot start: Check that the metadata PostgreSQL is running."),
  });
  expect(await ended(worker)).toBe(1);
});

test("logs that were taken in can be queried; a second worker waits and takes over where a killed one stopped", async () => {
  const first = startWorkerProcess();
  const { url = "" } = await first.says(/the worker serves/);
  await writeFile(join(folder, "run.json"), "{}");
  const platform = async (workerUrl: string) => {
    await writeFile(join(folder, "secrets.json"), JSON.stringify({ internalToken: INTERNAL, workerUrl }));
    return connectWorker(folder);
  };
  const send = async (workerUrl: string, message: string) => {
    const line = JSON.stringify({
      ts: "2026-11-23T09:00:00Z",
      service: "checkout",
      level: "info",
      message,
      attributes: {},
    });
    const response = await fetch(`${workerUrl}/intake/logs`, {
      method: "POST",
      body: `${line}\n`,
      headers: { authorization: `Bearer ${INTAKE}`, "content-type": "application/x-ndjson" },
    });
    expect(response.status).toBe(200);
  };
  await send(url, "before the kill");
  const client = await platform(url);
  await vi.waitFor(
    async () =>
      expect((await runQuery(client, "SELECT count(*) FROM curated.service_events", undefined)).rows).toEqual([["1"]]),
    { timeout: DEADLINE, interval: 500 },
  );
  const masked = await runQuery(client, "SELECT message FROM curated.service_events", undefined);
  expect(masked).toMatchObject({ masked: ["curated.service_events.message"], rows: [[expect.stringMatching(/^•••/)]] });
  expect(
    (await runQuery(client, "SELECT message FROM curated.service_events", "priya@novaretail.example")).rows,
  ).toEqual([["before the kill"]]);
  await expect(runQuery(client, "SELECT 1; SELECT 2", undefined)).rejects.toThrow(/2 statements/);

  const second = startWorkerProcess();
  await second.says(/another worker runs/);
  await send(url, "taken in, perhaps not committed");
  first.child.kill("SIGKILL");
  const { url: next = "" } = await second.says(/the worker serves/);
  const after = await platform(next);
  await vi.waitFor(
    async () =>
      expect((await runQuery(after, "SELECT count(*) FROM curated.service_events", undefined)).rows).toEqual([["2"]]),
    { timeout: DEADLINE, interval: 500 },
  );
  const { sources, datasets } = await fetchStatus(after);
  expect(sources.map((source) => [source.id, source.state])).toEqual([
    ["app_logs", "streaming"],
    ["orders_db", "not-configured"],
    ["salesforce", "not-configured"],
    ["stripe", "not-configured"],
  ]);
  expect(datasets.find((dataset) => dataset.name === "curated.service_events")).toMatchObject({ rows: 2 });

  second.child.kill("SIGTERM");
  expect(await ended(second)).toBe(0);
});

test("a worker whose lease was taken ends loudly", async () => {
  const worker = startWorkerProcess();
  await worker.says(/the worker serves/);
  const db = openDb({ connectionString });
  await db.pool.query("UPDATE worker_leases SET released_at = now() WHERE released_at IS NULL");
  await db.close();
  expect(await worker.says(/fenced by a newer worker/)).toMatchObject({ level: "error" });
  expect(await ended(worker)).toBe(1);
});
