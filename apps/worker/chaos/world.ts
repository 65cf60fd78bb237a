import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import pg from "pg";
import { LogSender } from "../src/testing/log-sender.ts";
import { freePort, queryRow, runToEnd } from "../src/testing/test-platform.ts";
import { type Random, seededRandom } from "./random.ts";
import { RowSource } from "./row-source.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";
import { StripeSource } from "./stripe-source.ts";
import { type TcpProxy, tcpProxy } from "./tcp-proxy.ts";
import { superviseWorker, type WorkerProcess } from "./worker-process.ts";

const TOKEN = "internal-token-of-the-chaos-test";
const LOG_TOKEN = "log-token-of-the-chaos-test";
const POLL_MS = 500;
const SPOOL_MIB = 48;
const LAKE_MIB = 384;

/** The platform with its sources, all real, and everything that can be broken about them. */
export interface World {
  readonly random: Random;
  readonly worker: WorkerProcess;
  readonly ordersServer: TestPostgres;
  readonly metadataServer: TestPostgres;
  readonly ordersUrl: string;
  readonly metadataUrl: string;
  readonly ordersWay: TcpProxy;
  readonly stripe: StripeSource;
  /** Null where no small disk can be mounted. */
  readonly spoolDisk: SmallDisk | null;
  readonly lakeDisk: SmallDisk | null;
  readonly workerEnv: Readonly<Record<string, string>>;
  readonly clockFile: string;
  /** Makes the worker's clock wrong by so many milliseconds. */
  setClock(offset: number): Promise<void>;
  traffic(): void;
  /** Stops the sources and waits until the lake equals them. Throws with both sides when it does not in time. */
  settle(deadlineMillis: number): Promise<void>;
  /** Log lines that were acknowledged, events, row changes: how much went through. */
  volume(): Promise<{ rows: number; logs: number; events: number }>;
  stop(): Promise<void>;
}

export async function startWorld(seed: number, options: { readonly disks: boolean }): Promise<World> {
  const random = seededRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), "nova-chaos-"));
  const [spoolDir, lakeDir, clockFile] = [join(folder, "spool"), join(folder, "lake"), join(folder, "clock")];
  await Promise.all([mkdir(spoolDir), mkdir(lakeDir), writeFile(clockFile, "0")]);
  const spoolDisk = options.disks ? await mountSmallDisk(spoolDir, SPOOL_MIB) : null;
  const lakeDisk = options.disks ? await mountSmallDisk(lakeDir, LAKE_MIB) : null;
  const [metadataServer, ordersServer] = await Promise.all([startTestPostgres(), startTestPostgres()]);
  const [metadataUrl, ordersUrl] = [
    await metadataServer.createDatabase("nova"),
    await ordersServer.createDatabase("orders"),
  ];
  await runToEnd("packages/db/src/migrate-main.ts", { DATABASE_URL: metadataUrl });
  const ordersWay = await tcpProxy(ordersServer.port);
  const port = await freePort();
  const rows = new RowSource(ordersUrl);
  await rows.seed();
  const stripe = new StripeSource(random, `http://127.0.0.1:${port}/webhooks/stripe`);
  await stripe.listen();
  const workerEnv = {
    DATABASE_URL: metadataUrl,
    NOVA_LAKE_DIR: lakeDir,
    NOVA_SPOOL_DIR: spoolDir,
    NOVA_INTERNAL_TOKEN: TOKEN,
    ORDERS_DB_URL: ordersUrl.replace(`:${ordersServer.port}/`, `:${ordersWay.port}/`),
    STRIPE_API_BASE: stripe.url,
    STRIPE_API_KEY: "sk_test_chaos",
    STRIPE_WEBHOOK_SECRET: StripeSource.secret,
    LOG_INTAKE_TOKEN: LOG_TOKEN,
  };
  const worker = superviseWorker(port, clockFile, workerEnv);
  const logs = new LogSender(worker.url, LOG_TOKEN);

  const until = async (what: string, holds: () => Promise<boolean>, deadlineMillis = 60_000): Promise<void> => {
    const deadline = performance.now() + deadlineMillis;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`waited ${deadlineMillis / 1000} s for ${what}`);
      await pause(POLL_MS);
    }
  };
  const slotStands = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: ordersUrl });
    await client.connect();
    try {
      const { rowCount } = await client.query("SELECT FROM pg_replication_slots WHERE confirmed_flush_lsn IS NOT NULL");
      return rowCount === 1;
    } finally {
      await client.end();
    }
  };
  /** The words of the failure while the worker cannot answer. */
  const lake = async (sql: string): Promise<string[]> => {
    try {
      return await queryRow({ workerUrl: worker.url, token: TOKEN }, sql, (what, holds) => until(what, holds, 20_000));
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  };
  /** One query for all of it: each one is a process of its own. */
  const lakeSql = `SELECT * FROM (${rows.lakeSql}), (${stripe.lakeSql}), (SELECT count(*), count(DISTINCT message) FROM staged.app_logs__events)`;
  const differences = async (): Promise<string> => {
    const source = await rows.truth();
    const sent = String(logs.sent);
    const truth = [...source, source.at(-1), ...stripe.truth(), sent, sent].join(" ");
    const seen = (await lake(lakeSql)).join(" ");
    return truth === seen
      ? ""
      : `rows, events, log lines as counts and checksums\n  sources ${truth}\n  lake    ${seen}`;
  };
  // Changes made before the slot stands belong to the first read, and are not told as changes.
  await until(`the replication slot; the worker's last lines:\n${worker.log}`, slotStands);

  return {
    random,
    worker,
    ordersServer,
    metadataServer,
    ordersUrl,
    metadataUrl,
    ordersWay,
    stripe,
    spoolDisk,
    lakeDisk,
    workerEnv,
    clockFile,
    setClock: (offset) => writeFile(clockFile, String(offset)),
    traffic() {
      rows.start();
      logs.start();
      stripe.start();
    },
    async settle(deadlineMillis) {
      await Promise.all([rows.stop(), logs.stop(), stripe.stop()]);
      let found = "";
      try {
        await until("equality", async () => (found = await differences()) === "", deadlineMillis);
      } catch {
        throw new Error(`${found}\nthe worker's last lines:\n${worker.log.slice(-3000)}`);
      }
    },
    async volume() {
      return { rows: Number((await rows.truth()).at(-1)), logs: logs.acknowledged, events: Number(stripe.truth()[0]) };
    },
    async stop() {
      logs.abandon();
      await Promise.all([rows.stop(), worker.stop()]);
      // Before anything that may fail: a mount outlives the process.
      for (const disk of [spoolDisk, lakeDisk]) await disk?.unmount();
      await Promise.allSettled([ordersWay.close(), stripe.close(), metadataServer.stop(), ordersServer.stop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
