import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import pg from "pg";
import { LogSender } from "../src/testing/log-sender.ts";
import { freePort, queryRow, runToEnd } from "../src/testing/test-platform.ts";
import { type Disturbance, NO_DISTURBANCE } from "./disturbance.ts";
import { type Random, seededRandom } from "./random.ts";
import { RowSource } from "./row-source.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";
import { SalesforceSource } from "./salesforce-source.ts";
import { StripeSource } from "./stripe-source.ts";
import { type TcpProxy, tcpProxy } from "./tcp-proxy.ts";
import { superviseWorker, type WorkerProcess } from "./worker-process.ts";

const TOKEN = "internal-token-of-the-chaos-test";
const LOG_TOKEN = "log-token-of-the-chaos-test";
const POLL_MS = 500;
/** How long anything is waited for: a machine may be busy with others, and slowness is no difference. */
const PATIENCE_MS = 180_000;
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
  readonly salesforce: SalesforceSource;
  /** Null where no small disk can be mounted. */
  readonly spoolDisk: SmallDisk | null;
  readonly lakeDisk: SmallDisk | null;
  readonly workerEnv: Readonly<Record<string, string>>;
  readonly disturbanceFile: string;
  /** Makes the machine under the worker wrong; what is left out is as it should be. */
  disturb(how: Partial<Disturbance>): Promise<void>;
  traffic(): void;
  /** Waits until a query in the metadata database gives a row. */
  untilMetadata(what: string, sql: string): Promise<void>;
  /** Asks the worker, as its operator does. */
  ask(path: string, body: unknown): Promise<void>;
  /**
   * Waits until the rows are equal, and counts changes anew from there: what a lost slot did not tell came as rows of a new
   * first read. Row changes stand still meanwhile.
   */
  countAnew(): Promise<void>;
  /** Stops the sources and waits until the lake equals them. Throws with both sides when it does not in time. */
  settle(deadlineMillis: number): Promise<void>;
  /** Log lines that were acknowledged, events, changes of rows and of Salesforce's records: how much went through. */
  volume(): Promise<{ rows: number; logs: number; events: number; records: number }>;
  stop(): Promise<void>;
}

export interface WorldOptions {
  readonly disks: boolean;
  /** File that everything the workers say is added to. */
  readonly workerLog?: string | null;
}

export async function startWorld(seed: number, options: WorldOptions): Promise<World> {
  const random = seededRandom(seed);
  const folder = await mkdtemp(join(tmpdir(), "nova-chaos-"));
  const [spoolDir, lakeDir, disturbanceFile] = [
    join(folder, "spool"),
    join(folder, "lake"),
    join(folder, "disturbance"),
  ];
  await Promise.all([mkdir(spoolDir), mkdir(lakeDir), writeFile(disturbanceFile, JSON.stringify(NO_DISTURBANCE))]);
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
  const salesforce = await SalesforceSource.start(random);
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
    ...salesforce.env,
    // No model reads the tables of the sources here: recovery, and not their pace, is what is timed.
    COLD_LOAD_SECONDS: "3",
  };
  const worker = superviseWorker(port, disturbanceFile, workerEnv, options.workerLog ?? null);
  const logs = new LogSender(worker.url, LOG_TOKEN);

  const until = async (what: string, holds: () => Promise<boolean>, deadlineMillis = PATIENCE_MS): Promise<void> => {
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
  const lakeSql = (): string =>
    `SELECT * FROM (${rows.lakeSql()}), (${stripe.lakeSql}), (${salesforce.lakeSql}), (SELECT count(*), count(DISTINCT message) FROM staged.app_logs__events)`;
  const differences = async (): Promise<string> => {
    const source = await rows.truth();
    const sent = String(logs.sent);
    const truth = [...source, source.at(-1), ...stripe.truth(), ...salesforce.truth(), sent, sent].join(" ");
    const seen = (await lake(lakeSql())).join(" ");
    return truth === seen
      ? ""
      : `rows, events, records, log lines as counts and checksums\n  sources ${truth}\n  lake    ${seen}`;
  };
  const world: World = {
    random,
    worker,
    ordersServer,
    metadataServer,
    ordersUrl,
    metadataUrl,
    ordersWay,
    stripe,
    salesforce,
    spoolDisk,
    lakeDisk,
    workerEnv,
    disturbanceFile,
    async disturb(how) {
      // At once or not at all: the worker reads it whenever it changes.
      await writeFile(`${disturbanceFile}.new`, JSON.stringify({ ...NO_DISTURBANCE, ...how }));
      await rename(`${disturbanceFile}.new`, disturbanceFile);
    },
    traffic() {
      rows.start();
      logs.start();
      stripe.start();
      salesforce.start();
    },
    async untilMetadata(what, sql) {
      const client = new pg.Client({ connectionString: metadataUrl });
      await client.connect();
      try {
        await until(what, async () => ((await client.query(sql)).rowCount ?? 0) > 0, 2 * PATIENCE_MS);
      } catch (error) {
        throw new Error(`${String(error)}\nthe worker's last lines:\n${worker.log.slice(-3000)}`, { cause: error });
      } finally {
        await client.end();
      }
    },
    async ask(path, body) {
      const response = await fetch(`${worker.url}/internal${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    },
    async countAnew() {
      await rows.stop();
      let told: string[] = [];
      let seen: string[] = [];
      const equal = async (): Promise<boolean> => {
        [told, seen] = [await rows.truth(), await lake(rows.lakeSql())];
        return told.slice(0, 3).join(" ") === seen.slice(0, 3).join(" ");
      };
      await until("the rows of a new first read", equal, PATIENCE_MS);
      rows.countFrom(Number(told[3]), Number(seen[3]));
      rows.start();
    },
    async settle(deadlineMillis) {
      await Promise.all([rows.stop(), logs.stop(), stripe.stop(), salesforce.stop()]);
      let found = "";
      try {
        await until("equality", async () => (found = await differences()) === "", deadlineMillis);
      } catch {
        throw new Error(`${found}\nthe worker's last lines:\n${worker.log.slice(-3000)}`);
      }
    },
    async volume() {
      const events = Number(stripe.truth()[0]);
      return { rows: await rows.made(), logs: logs.acknowledged, events, records: salesforce.made };
    },
    async stop() {
      logs.abandon();
      await Promise.all([rows.stop(), salesforce.stop(), worker.stop()]);
      // Before anything that may fail: a mount outlives the process.
      for (const disk of [spoolDisk, lakeDisk]) await disk?.unmount();
      await Promise.allSettled([
        ordersWay.close(),
        stripe.close(),
        salesforce.close(),
        metadataServer.stop(),
        ordersServer.stop(),
      ]);
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    // Changes made before the slot stands belong to the first read, and are not told as changes.
    await until("the replication slot", slotStands);
  } catch (error) {
    const log = worker.log;
    // What was started and mounted outlives the process.
    await world.stop();
    throw new Error(`${String(error)}; the worker's last lines:\n${log}`, { cause: error });
  }
  return world;
}
