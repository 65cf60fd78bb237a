/**
 * Intake from its sources to queryable rows, on the real worker with real PostgreSQL; generator, databases and worker share
 * the machine. `npm run bench -- ingest [--minutes 10] [--rate 20000] [--rows 2000000] [--only rows|logs|stripe|salesforce]`;
 * short by default.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { startTestPlatform } from "../src/testing/test-platform.ts";
import type { Figure } from "./ingest/figures.ts";
import { measureLogs, measureWebhooks, STRIPE_SECRET } from "./ingest/measure-events.ts";
import { measureChanges, measureSnapshot, nativeCopySeconds, seedRows } from "./ingest/measure-rows.ts";
import { measureFullLoad, startOrg } from "./ingest/measure-salesforce.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "0.25" },
    rate: { type: "string", default: "20000" },
    rows: { type: "string", default: "300000" },
    only: { type: "string" },
  },
});
const seconds = Math.round(Number(values.minutes) * 60);
const rows = Number(values.rows);
const wanted = (part: string): boolean => values.only === undefined || values.only === part;

const folder = await mkdtemp(join(tmpdir(), "nova-bench-ingest-"));
const org = wanted("salesforce") ? await startOrg() : null;
const platform = await startTestPlatform(folder, {
  ...org?.env,
  // Nobody answers there: what counts here are the webhooks.
  STRIPE_API_BASE: "http://127.0.0.1:9",
  STRIPE_API_KEY: "sk_test_bench",
  STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
});
const orders = new pg.Client({ connectionString: platform.ordersDbUrl });
const figures: Figure[] = [];
try {
  await orders.connect();
  const beganAt = performance.now();
  if (wanted("rows")) {
    await seedRows(orders, rows);
    figures.push(...(await measureSnapshot(platform, rows, await nativeCopySeconds(orders))));
  } else await platform.startWorker();
  if (wanted("salesforce")) figures.push(...(await measureFullLoad(platform, beganAt)));
  if (wanted("rows")) {
    const goal = "≥ 20,000";
    figures.push(...(await measureChanges(platform, orders, { perSecond: 5000, seconds, goal: "" })));
    figures.push(...(await measureChanges(platform, orders, { perSecond: Number(values.rate), seconds, goal })));
  }
  if (wanted("logs")) {
    const at20K = await measureLogs(platform, { perSecond: 20_000, seconds, from: 0, goal: "20,000" });
    figures.push(...at20K);
    const [sent] = await platform.row("SELECT count(*) FROM staged.app_logs__events");
    figures.push(...(await measureLogs(platform, { perSecond: null, seconds, from: Number(sent), goal: "≥ 60,000" })));
  }
  if (wanted("stripe")) figures.push(...(await measureWebhooks(platform, seconds)));
  const status = await readFile(`/proc/${platform.workerPid()}/status`, "utf8").catch(() => "");
  const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
  if (peak !== undefined)
    figures.push({
      what: "worker: largest memory",
      figure: Math.round(Number(peak) / 1024),
      unit: "MiB",
      goal: "≤ 1536",
    });
  console.table(Object.fromEntries(figures.map(({ what, figure, unit, goal }) => [what, { figure, unit, goal }])));
  console.log(JSON.stringify({ minutes: Number(values.minutes), rows, figures }));
} finally {
  org?.stop();
  await orders.end();
  await platform.stop();
  await rm(folder, { recursive: true, force: true });
}
