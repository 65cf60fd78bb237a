import { join } from "node:path";
import type { ServerCommand } from "../postgres/prepare-cluster.ts";
import type { PartSpec, Readiness } from "./part.ts";
import {
  appLogsEnv,
  migrationEnv,
  orderDbEnv,
  portalEnv,
  portalUrl,
  runsStripe,
  salesforceEnv,
  stripeEnv,
  type Surroundings,
  type Variables,
  workerEnv,
  workerUrl,
} from "./part-env.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Parts of one stage start together; a stage starts when the one before it serves. */
export type Stage = readonly PartSpec[];

/** Who stops when: what makes traffic first, then who writes it down, what reads, and PostgreSQL last. */
const STOP_RANK = { traffic: 1, worker: 2, readers: 3, database: 4 } as const;

/** The programs of the platform, as absolute paths. */
export interface Programs {
  readonly node: string;
  readonly root: string;
  readonly portalServer: string;
}

/** The embedded server's part. Everything else comes after it. */
export function databasePart(server: ServerCommand, url: string, env: Variables, cwd: string): PartSpec {
  return {
    name: "postgres",
    command: server.command,
    args: server.args,
    runAs: server.runAs,
    cwd,
    env,
    ready: { kind: "postgres", url },
    readyWithin: MINUTE,
    // SIGINT is PostgreSQL's fast shutdown: sessions end, everything is flushed.
    stopSignal: "SIGINT",
    stopWithin: 30 * SECOND,
    stopRank: STOP_RANK.database,
    required: true,
    channel: false,
  };
}

/** The stages after the databases exist: migrations, sources with their seed, worker, traffic. */
export function planStages(all: Surroundings, programs: Programs): readonly Stage[] {
  const ended: Readiness = { kind: "ended" };
  const running: Readiness = { kind: "running" };
  const node = (part: Partial<PartSpec> & Pick<PartSpec, "name" | "args" | "env" | "ready">): PartSpec => ({
    command: programs.node,
    cwd: programs.root,
    readyWithin: MINUTE,
    stopSignal: "SIGTERM",
    stopWithin: 10 * SECOND,
    stopRank: STOP_RANK.readers,
    required: false,
    channel: true,
    ...part,
  });
  const script = (path: string, ...flags: string[]) => [join(programs.root, path), ...flags];

  const migrations = node({
    name: "migrations",
    args: script("packages/db/src/migrate-main.ts"),
    env: migrationEnv(all),
    ready: ended,
    readyWithin: 2 * MINUTE,
    required: true,
  });
  const portal = node({
    name: "portal",
    args: [programs.portalServer],
    env: portalEnv(all),
    ready: { kind: "http", url: `${portalUrl(all)}/api/health` },
    required: true,
  });
  const worker = node({
    name: "worker",
    args: script("apps/worker/src/main.ts"),
    env: workerEnv(all),
    ready: { kind: "http", url: `${workerUrl(all)}/health` },
    stopWithin: 30 * SECOND,
    stopRank: STOP_RANK.worker,
    required: true,
  });
  const salesforce = node({
    name: "salesforce",
    args: script("infra/local/src/salesforce/main.ts"),
    env: salesforceEnv(all),
    ready: running,
  });
  const logs = node({
    name: "app-logs",
    args: script("infra/local/src/app-logs/main.ts"),
    env: appLogsEnv(all),
    ready: running,
    stopRank: STOP_RANK.traffic,
  });
  if (!all.demo) return [[migrations], [portal, worker]];
  if (all.ordersDb === undefined || !runsStripe(all)) return [[migrations], [salesforce, portal], [worker], [logs]];

  const orders = { args: script("infra/local/src/order-db/main.ts"), env: orderDbEnv(all, all.ordersDb.url) };
  const seed = node({
    name: "order-seed",
    ...orders,
    args: [...orders.args, "--seed-only"],
    ready: ended,
    readyWithin: 10 * MINUTE,
    required: true,
  });
  const traffic = node({ name: "order-db", ...orders, ready: running, stopRank: STOP_RANK.traffic });
  const stripe = node({
    name: "stripe",
    args: script("infra/local/src/stripe/main.ts"),
    env: stripeEnv(all, all.ordersDb.url),
    ready: running,
    stopRank: STOP_RANK.traffic,
  });
  return [[migrations], [seed, salesforce, portal], [worker, stripe], [traffic, logs]];
}
