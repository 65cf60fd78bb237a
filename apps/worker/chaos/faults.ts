import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { freePort } from "../src/testing/test-platform.ts";
import type { OrgFault } from "@nova/engines/salesforce/testing";
import { between } from "./random.ts";
import { CHANGING } from "./salesforce-source.ts";
import type { ApiFault } from "./stripe-source.ts";
import type { World } from "./world.ts";

/** Something that goes wrong during traffic. */
export interface Fault {
  readonly name: string;
  /** In the short list of `npm test` too; kills are in `src/kill-and-resume.test.ts`. */
  readonly short?: true;
  /** Null: can be done here; else why not. */
  readonly impossible?: (world: World) => string | null;
  /** Does it, and returns once it is over: from then on the platform has to mend itself. */
  readonly strike: (world: World) => Promise<void>;
}

const HOUR = 3_600_000;
const FAILPOINTS = [
  "data-files-written",
  "manifests-written",
  "manifest-list-written",
  "metadata-written",
  "pointer-swapped",
  "committed",
] as const;

const killAt = (name: (typeof FAILPOINTS)[number]): Fault => ({
  name: `worker killed at ${name}`,
  async strike({ worker, random }) {
    worker.armNext({ name, passes: between(random, 1, 8) });
    worker.kill("SIGKILL");
    await worker.ended();
    // The next one dies by itself at the failpoint, the one after it lives.
    const before = worker.ends;
    while (worker.ends < before + 1) await pause(50);
  },
});

const killAtRandom = (number: number): Fault => ({
  name: `worker killed at a random time (${number})`,
  async strike({ worker, random }) {
    for (let kill = 0; kill < 3; kill += 1) {
      await pause(between(random, 200, 4000));
      worker.kill("SIGKILL");
      await worker.ended();
    }
  },
});

async function ask(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end().catch(() => undefined);
  }
}
const CUT_ALL =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type IN ('client backend', 'walsender')";

const databases: readonly Fault[] = [
  {
    name: "order database restarted (fast)",
    strike: ({ ordersServer, random }) => ordersServer.restart({ downMillis: between(random, 0, 3000) }),
  },
  {
    name: "order database crashed",
    strike: ({ ordersServer, random }) => ordersServer.restart({ crash: true, downMillis: between(random, 0, 2000) }),
  },
  { name: "order database cuts every connection", strike: ({ ordersUrl }) => ask(ordersUrl, CUT_ALL) },
  {
    name: "way to the order database reset",
    async strike({ ordersWay, random }) {
      for (let cut = 0; cut < 3; cut += 1) {
        ordersWay.cut();
        await pause(between(random, 100, 1500));
      }
    },
  },
  { name: "way to the order database goes silent", strike: async ({ ordersWay }) => ordersWay.silence() },
  {
    name: "metadata database restarted (fast)",
    strike: ({ metadataServer, random }) => metadataServer.restart({ downMillis: between(random, 0, 3000) }),
  },
  {
    name: "metadata database crashed",
    short: true,
    strike: ({ metadataServer, random }) =>
      metadataServer.restart({ crash: true, downMillis: between(random, 0, 2000) }),
  },
  { name: "metadata database cuts every connection", strike: ({ metadataUrl }) => ask(metadataUrl, CUT_ALL) },
];

const full = (which: "spoolDisk" | "lakeDisk", where: string): Fault => ({
  name: `disk of the ${where} full for 6 s (a real small disk)`,
  impossible: (world) => (world[which] === null ? "no small disk can be mounted here: it takes root" : null),
  async strike(world) {
    await world[which]?.fill();
    await pause(6000);
    await world[which]?.free();
  },
});

const slowDisk: Fault = {
  name: "slow disk: each sync takes half a second more for 10 s",
  async strike(world) {
    await world.disturb({ syncMillis: 500 });
    await pause(10_000);
    await world.disturb({});
  },
};

/** The worker stands still until the order database throws away the log that it has not read, as its limit tells it to. */
const outOfLog: Fault = {
  name: "order database throws away log that was not read",
  async strike(world) {
    await ask(world.ordersUrl, "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
    await ask(world.ordersUrl, "SELECT pg_reload_conf()");
    world.worker.kill("SIGSTOP");
    await untilSlotIsLost(world.ordersUrl);
    await ask(world.ordersUrl, "ALTER SYSTEM RESET max_slot_wal_keep_size");
    await ask(world.ordersUrl, "SELECT pg_reload_conf()");
    world.worker.kill("SIGCONT");
    await world.untilMetadata(
      "the source to stop and say why",
      "SELECT FROM sources WHERE id = 'orders_db' AND state = 'stopped' AND error_kind = 'slot-lost'",
    );
    await world.ask("/sources/orders_db/requests", { stream: null, action: "resync" });
    await world.countAnew();
  },
};

async function untilSlotIsLost(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (;;) {
      await client.query("SELECT pg_logical_emit_message(false, 'chaos', repeat('x', 1000000)), pg_switch_wal()");
      await client.query("CHECKPOINT");
      const { rowCount } = await client.query("SELECT FROM pg_replication_slots WHERE wal_status = 'lost'");
      if (rowCount === 1) return;
    }
  } finally {
    await client.end();
  }
}

const clocks: readonly Fault[] = [
  {
    name: "clock jumps an hour ahead, then back",
    async strike(world) {
      await world.disturb({ clockMillis: HOUR });
      await pause(between(world.random, 4000, 7000));
      await world.disturb({});
    },
  },
  {
    name: "clock jumps back by an hour, then right again",
    async strike(world) {
      await world.disturb({ clockMillis: -HOUR });
      await pause(between(world.random, 4000, 7000));
      await world.disturb({});
    },
  },
];

const api = (name: string, fault: ApiFault): Fault => ({
  name: `Stripe's API ${name}`,
  async strike({ stripe, random }) {
    stripe.unsent = 0.3;
    stripe.fault = fault;
    await pause(between(random, 3000, 6000));
    stripe.fault = null;
    stripe.unsent = 0;
  },
});

/** Salesforce does something wrong while its records change and one object is read again as a whole. */
const salesforce = (name: string, how: (world: World) => Promise<void>): Fault => ({
  name: `Salesforce's API ${name}`,
  async strike(world) {
    const ready = `SELECT FROM streams WHERE source_id = 'salesforce' AND name = '${CHANGING}' AND state = 'streaming'
      AND NOT EXISTS (SELECT FROM stream_requests WHERE source_id = 'salesforce' AND state = 'open')`;
    await world.untilMetadata("Salesforce's records to be read once", ready);
    const { pages } = world.salesforce;
    await world.ask("/sources/salesforce/requests", { stream: CHANGING, action: "resync" });
    while (world.salesforce.pages === pages) await pause(50);
    await how(world);
    world.salesforce.answerWith(null);
  },
});
const salesforceAnswers = (name: string, fault: OrgFault): Fault =>
  salesforce(name, async (world) => {
    world.salesforce.answerWith(fault);
    await pause(between(world.random, 3000, 6000));
  });
const salesforceFaults: readonly Fault[] = [
  salesforceAnswers("answers 429", { status: 429, errorCode: "TOO_MANY_REQUESTS" }),
  salesforceAnswers("says that the day's requests are used up", { status: 403, errorCode: "REQUEST_LIMIT_EXCEEDED" }),
  salesforceAnswers("answers 503", { status: 503, errorCode: "SERVER_UNAVAILABLE" }),
  salesforceAnswers("does not answer", "silent"),
  salesforceAnswers("cuts its answers off in the middle", "half"),
  salesforceAnswers("gives half of its answers as if they were whole", "half-closed"),
  salesforce("ends every session again and again", async ({ salesforce: org, random }) => {
    for (let time = 0; time < 8; time += 1) {
      org.expireSessions();
      await pause(between(random, 200, 800));
    }
  }),
  salesforce("no longer knows the place in bulk results", async ({ salesforce: org }) => org.loseLocators()),
];

/** A second worker over the same data, as a mistaken `npm start` or a rolling deploy makes one. */
async function secondWorker(world: World): Promise<{ kill(): Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "faulty-worker.ts"), world.disturbanceFile], {
    env: { ...world.workerEnv, NOVA_WORKER_PORT: String(await freePort()) },
    stdio: "ignore",
  });
  return {
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

const duplicates: readonly Fault[] = [
  {
    name: "second worker started by mistake",
    async strike(world) {
      const second = await secondWorker(world);
      await pause(between(world.random, 3000, 6000));
      await second.kill();
    },
  },
  {
    name: "second worker takes over while the first one lives",
    short: true,
    async strike(world) {
      const second = await secondWorker(world);
      await pause(2000);
      // The first one loses its lock and does not know: only the epoch keeps the two apart.
      await ask(
        world.metadataUrl,
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 2003792491 AND granted",
      );
      await pause(between(world.random, 4000, 7000));
      await second.kill();
    },
  },
];

export const FAULTS: readonly Fault[] = [
  ...FAILPOINTS.map(killAt),
  ...[1, 2].map(killAtRandom),
  ...databases,
  full("spoolDisk", "spool"),
  full("lakeDisk", "lake"),
  slowDisk,
  outOfLog,
  ...clocks,
  api("answers 429", { status: 429 }),
  api("answers 500", { status: 500 }),
  api("does not answer", "silent"),
  api("ends in the middle of an answer", "half"),
  ...salesforceFaults,
  ...duplicates,
];
