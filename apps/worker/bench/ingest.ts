/**
 * Intake from its sources to queryable rows, on the real worker with real PostgreSQL; generator, databases and worker share
 * the machine. `npm run bench -- ingest [--minutes 10] [--rate 22000] [--logs 63000|most] [--rows 2000000] [--records 20000000]
 * [--only rows|snapshot|changes|logs|stripe|salesforce]`; short by default. Rates stand a tenth over their goals, since the
 * time until the last row can be asked for counts too. Prints each figure beside its goal, and CPU seconds by who spent
 * them; the same as JSON into `bench-results/ingest.json`.
 *
 * `--beside` gives the same changes and log events to other products too, as far as this machine has what they need (`--only
 * beside|beside-changes|beside-logs`: nothing else; `--rounds 5`: the middle of five). What they are built from is fetched
 * from the registries of Maven and Go into the folder `--fetched`, once.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { startTestPlatform } from "../src/testing/test-platform.ts";
import { costTable, parentOf, type Watched } from "./ingest/cpu-seconds.ts";
import { compareChanges } from "./ingest/peer/compare-changes.ts";
import { compareLogs } from "./ingest/peer/compare-logs.ts";
import { type Comparison, comparisonTable } from "./ingest/peer/comparison.ts";
import { peakMiB } from "./ingest/peak-memory.ts";
import type { Figure } from "./figures.ts";
import type { Cost, Measured } from "./ingest/measured.ts";
import { measureLogs, measureWebhooks, STRIPE_SECRET } from "./ingest/measure-events.ts";
import { measureChanges, measureSnapshot, measureNativeCopy, seedRows } from "./ingest/measure-rows.ts";
import { measureFullLoad, startOrg } from "./ingest/measure-salesforce.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "0.25" },
    rate: { type: "string", default: "22000" },
    logs: { type: "string", default: "63000" },
    rows: { type: "string", default: "300000" },
    records: { type: "string", default: "200000" },
    only: { type: "string" },
    beside: { type: "boolean", default: false },
    rounds: { type: "string", default: "1" },
    fetched: { type: "string", default: join(tmpdir(), "nova-bench-peers") },
  },
});
const seconds = Math.round(Number(values.minutes) * 60);
/** What is far below the machine's strength shows as well in a minute. */
const usualSeconds = Math.min(seconds, 60);
const rows = Number(values.rows);
const logRate = values.logs === "most" ? null : Number(values.logs);
const wanted = (part: string, whole?: string): boolean =>
  values.only === undefined || values.only === part || values.only === whole;
const [snapshot, changes] = [wanted("snapshot", "rows"), wanted("changes", "rows")];
const besideAlone = (part: string): boolean => values.only === "beside" || values.only === `beside-${part}`;
const besideChanges = besideAlone("changes") || (values.beside && changes);
const besideLogs = besideAlone("logs") || (values.beside && wanted("logs"));

const folder = await mkdtemp(join(tmpdir(), "nova-bench-ingest-"));
const org = wanted("salesforce") ? await startOrg(Number(values.records)) : null;
const platform = await startTestPlatform(folder, {
  ...org?.env,
  // Nobody answers there: what counts here are the webhooks.
  STRIPE_API_BASE: "http://127.0.0.1:9",
  STRIPE_API_KEY: "sk_test_bench",
  STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
});
const orders = new pg.Client({ connectionString: platform.ordersDbUrl });
const figures: Figure[] = [];
const costs: Cost[] = [];
const beside: Comparison[] = [];
const add = (measured: Measured): void => {
  figures.push(...measured.figures);
  costs.push(...measured.costs);
};
try {
  await orders.connect();
  const backend = await orders.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const watched: Watched = { worker: () => platform.workerPid(), database: parentOf(backend.rows[0]?.pid ?? 0) };
  if (snapshot || changes || besideChanges) await seedRows(orders, rows);
  if (org !== null) {
    add(await measureFullLoad(platform, watched, org));
    org.stop();
    await platform.killWorker();
  }
  if (snapshot) add(await measureSnapshot(platform, watched, await measureNativeCopy(orders, watched, rows)));
  else await platform.startWorker();
  if (changes) {
    await platform.waitForDataset("staged.orders_db__bench_orders");
    add(await measureChanges(platform, watched, orders, { perSecond: 5000, seconds: usualSeconds, goal: "" }));
    const goal = "≥ 20,000";
    add(await measureChanges(platform, watched, orders, { perSecond: Number(values.rate), seconds, goal }));
  }
  if (wanted("logs")) {
    const usual = { perSecond: 20_000, seconds: usualSeconds, goals: { rate: "20,000", cores: "≤ 1" } };
    add(await measureLogs(platform, watched, usual));
    add(await measureLogs(platform, watched, { perSecond: logRate, seconds, goals: { rate: "≥ 60,000", cores: "" } }));
  }
  if (wanted("stripe")) figures.push(...(await measureWebhooks(platform, seconds)));
  const peak = peakMiB(platform.workerPid());
  if (peak !== null && (snapshot || changes || wanted("logs") || wanted("stripe")))
    figures.push({ what: "worker: largest memory", figure: peak, unit: "MiB", goal: "≤ 1536" });
  if (besideChanges || besideLogs) {
    const fetched = resolve(values.fetched);
    const asked = {
      perSecond: Number(values.rate),
      seconds,
      rows,
      rounds: Number(values.rounds),
      fetched,
      folder,
    };
    await mkdir(fetched, { recursive: true });
    if (besideChanges) beside.push(...(await compareChanges(platform, orders, watched.database, asked)));
    if (besideLogs) beside.push(...(await compareLogs(platform, watched.database, asked)));
  }
  if (figures.length > 0)
    console.table(Object.fromEntries(figures.map(({ what, figure, unit, goal }) => [what, { figure, unit, goal }])));
  if (costs.length > 0) console.table(costTable(costs));
  if (beside.length > 0) console.table(comparisonTable(beside));
  const result = { at: new Date().toISOString(), minutes: Number(values.minutes), rows, figures, costs, beside };
  const results = join(import.meta.dirname, "../../../bench-results");
  await mkdir(results, { recursive: true });
  await writeFile(join(results, "ingest.json"), `${JSON.stringify(result, null, 2)}\n`);
  console.log(JSON.stringify(result));
} finally {
  org?.stop();
  await orders.end();
  await platform.stop();
  await rm(folder, { recursive: true, force: true });
}
