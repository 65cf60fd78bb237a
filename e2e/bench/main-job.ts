import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { readPlatform } from "../fixtures/running-platform.ts";
import { type StartedPlatform, startPlatform } from "../fixtures/start-platform.ts";
import { measureMemory, type Memory } from "../measures/memory.ts";
import { measureOrderLatency } from "../measures/order-latency.ts";
import { measurePages, signInByHttp } from "../measures/portal-responses.ts";
import { type Spread, spread } from "../measures/statistics.ts";
import { connectWorker, type WorkerApi } from "../measures/worker-api.ts";

// The promises of the platform (README, "How fast"), measured as a user would meet them:
// npm run bench -- main-job [--samples 24] [--requests 30] [--rates normal,peak] [--run-json <path>] [--first-start <git url>]
const MINUTE = 60_000;
const SEEDED_ORDERS = 200_000;
const FLOW_MILLIS = 30_000;

type Rate = "quiet" | "normal" | "peak";

interface RateReport {
  readonly rate: Rate;
  readonly orderToCuratedSeconds: Spread & { readonly missing: number };
  readonly rowsPerSecond: Readonly<Record<string, number>>;
  readonly residentMegabytes: Memory | null;
}

const { values } = parseArgs({
  options: {
    samples: { type: "string", default: "24" },
    requests: { type: "string", default: "30" },
    rates: { type: "string", default: "normal,peak" },
    "run-json": { type: "string" },
    "first-start": { type: "string" },
  },
});
const samples = Number(values.samples);
const requests = Number(values.requests);
const rates = values.rates.split(",").map(asRate);

const report = {
  at: new Date().toISOString(),
  machine: { cores: cpus().length, gigabytes: Math.round(totalmem() / 2 ** 30), node: process.version },
  firstStartSeconds: values["first-start"] === undefined ? null : await measureFirstStart(values["first-start"]),
  ...(values["run-json"] === undefined ? await measureStarted() : await measureRunning(values["run-json"])),
};
print();
const folder = join(import.meta.dirname, "../../bench-results");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "main-job.json"), `${JSON.stringify(report, null, 2)}\n`);

/** Starts a platform of its own, at each rate in turn on the same data; the second start is the one that is timed. */
async function measureStarted() {
  const dataDir = await mkdtemp(join(tmpdir(), "nova-bench-"));
  const reports: RateReport[] = [];
  let pages: Record<string, Spread> = {};
  let loadSeconds = 0;
  let secondStartSeconds: number | null = null;
  let running: StartedPlatform | undefined;
  try {
    for (const rate of rates) {
      running = await startPlatform({ dataDir, rate, patienceMillis: 10 * MINUTE });
      if (reports.length === 0) {
        loadSeconds = await untilLoaded(connectWorker(running.runJson));
        pages = await measurePortal(running.runJson);
      } else secondStartSeconds ??= running.readySeconds;
      reports.push(await measureRate(running.runJson, rate));
      await running.stop();
      running = undefined;
    }
    if (secondStartSeconds === null) {
      running = await startPlatform({ dataDir, rate: "normal", patienceMillis: 10 * MINUTE });
      secondStartSeconds = running.readySeconds;
    }
  } finally {
    await running?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
  return { loadSeconds, secondStartSeconds, rates: reports, pageMilliseconds: pages };
}

/** A platform that runs already, at the rate it was started with. */
async function measureRunning(runJson: string) {
  const loadSeconds = await untilLoaded(connectWorker(runJson));
  const pages = await measurePortal(runJson);
  const [rate = "normal"] = rates;
  return {
    loadSeconds,
    secondStartSeconds: null,
    rates: [await measureRate(runJson, rate)],
    pageMilliseconds: pages,
  };
}

/** Seconds until the history of the orders has come through to curated.orders and its freshness is known. */
async function untilLoaded(worker: WorkerApi): Promise<number> {
  const started = performance.now();
  for (;;) {
    const orders = (await worker.status()).datasets.find((dataset) => dataset.name === "curated.orders");
    if ((orders?.rows ?? 0) > SEEDED_ORDERS && orders?.freshness !== "unknown") break;
    if (performance.now() - started > 20 * MINUTE) throw new Error("the first load did not reach curated.orders");
    await pause(2_000);
  }
  return Math.round((performance.now() - started) / 1000);
}

async function measureRate(runJson: string, rate: Rate): Promise<RateReport> {
  const worker = connectWorker(runJson);
  const { ordersDbUrl } = readPlatform(runJson);
  const latency = await measureOrderLatency(worker, ordersDbUrl, samples, 5 * MINUTE);
  const rowsPerSecond = await measureFlow(worker);
  return {
    rate,
    orderToCuratedSeconds: { ...spread(latency.seconds), missing: latency.missing },
    rowsPerSecond,
    residentMegabytes: measureMemory(readPlatform(runJson).run),
  };
}

/** Rows committed to the lakehouse per second and source, over half a minute. */
async function measureFlow(worker: WorkerApi): Promise<Record<string, number>> {
  const before = (await worker.status()).sources;
  const started = performance.now();
  await pause(FLOW_MILLIS);
  const after = (await worker.status()).sources;
  const seconds = (performance.now() - started) / 1000;
  return Object.fromEntries(
    after.map(({ id, totalRows }) => {
      const rows = totalRows - (before.find((source) => source.id === id)?.totalRows ?? 0);
      return [id, Math.round((rows / seconds) * 10) / 10];
    }),
  );
}

async function measurePortal(runJson: string): Promise<Record<string, Spread>> {
  const { portalUrl } = readPlatform(runJson);
  const cookies = await signInByHttp(portalUrl, "dev@novaretail.example");
  const runs = await (await fetch(`${portalUrl}/runs?state=succeeded`, { headers: { cookie: cookies } })).text();
  const run = /\/runs\/[0-9a-f-]{36}/.exec(runs)?.[0];
  const tabs = ["overview", "columns", "freshness", "checks", "lineage", "runs", "snapshots", "sample", "sql"];
  const paths = [
    "/",
    "/catalog",
    "/catalog?q=ord",
    ...tabs.map((tab) => `/catalog/curated.orders?tab=${tab}`),
    "/sources",
    "/sources/orders_db",
    "/runs",
    ...(run === undefined ? [] : [run]),
    "/query",
  ];
  return measurePages(portalUrl, cookies, paths, requests);
}

/** From the start command in a fresh clone to its line Ready:, in seconds. What it downloads comes from the registry. */
async function measureFirstStart(origin: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "nova-first-start-"));
  const clone = join(folder, "nova");
  try {
    execFileSync("git", ["clone", "--quiet", "--depth", "1", origin, clone]);
    const started = await startPlatform({
      dataDir: join(clone, ".nova"),
      rate: "normal",
      patienceMillis: 20 * MINUTE,
      root: clone,
    });
    await started.stop();
    return Math.round(started.readySeconds);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(): void {
  console.log(`\n${report.machine.cores} cores, ${report.machine.gigabytes} GiB, Node ${report.machine.node}`);
  if (report.firstStartSeconds !== null) console.log(`first start from a fresh clone   ${report.firstStartSeconds} s`);
  if (report.secondStartSeconds !== null) console.log(`second start   ${report.secondStartSeconds.toFixed(1)} s`);
  console.log(`history of orders in curated.orders, after Ready   ${report.loadSeconds} s`);
  for (const { rate, orderToCuratedSeconds, rowsPerSecond, residentMegabytes } of report.rates) {
    console.log(`\nat --rate ${rate}`);
    console.log("order committed, visible in curated.orders, in seconds");
    console.table([orderToCuratedSeconds]);
    console.log("rows per second, committed to the lakehouse");
    console.table([rowsPerSecond]);
    if (residentMegabytes !== null) {
      const together = Object.values(residentMegabytes).reduce((sum, each) => sum + each, 0);
      console.log("resident memory, in megabytes");
      console.table([{ ...residentMegabytes, together }]);
    }
  }
  console.log("\nserver response of the portal's pages, in milliseconds");
  console.table(report.pageMilliseconds);
}

function asRate(text: string): Rate {
  if (text === "quiet" || text === "normal" || text === "peak") return text;
  throw new Error(`--rates ${text} is unknown: choose quiet, normal, peak, with commas between`);
}
