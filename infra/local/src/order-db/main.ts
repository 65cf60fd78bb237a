/** `node main.ts [--seed-only]`: seeds the demo order database if needed, then runs its traffic until SIGTERM or SIGINT. */
import { readEnv, type OrderDatabaseEnv } from "./env.ts";
import { seededRandom } from "./random.ts";
import { createOrderDatabase } from "./seed.ts";
import { startOrderTraffic } from "./traffic.ts";

const TRAFFIC_SEED = 20_26;
const log = (line: string): void => {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
};

function envOrExit(): OrderDatabaseEnv {
  try {
    return readEnv();
  } catch (error) {
    process.stderr.write(`order database: ${(error as Error).message}\n`);
    process.exit(2);
  }
}

const env = envOrExit();
const unknown = process.argv.slice(2).filter((flag) => flag !== "--seed-only");
if (unknown.length > 0) {
  process.stderr.write(`order database: unknown flag ${unknown.join(" ")}; the only one is --seed-only\n`);
  process.exit(2);
}
const stop = new AbortController();
let seeding = true;
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => {
    // The seed is one transaction: leaving it leaves nothing behind.
    if (seeding) process.exit(0);
    stop.abort();
  });
}

try {
  const started = performance.now();
  const { seeded } = await createOrderDatabase({ connectionString: env.ORDERS_DB_URL, log, now: new Date() });
  seeding = false;
  log(
    seeded
      ? `order database: ready, seeded in ${((performance.now() - started) / 1000).toFixed(1)} s`
      : "order database: ready, already seeded",
  );
  if (!process.argv.includes("--seed-only")) {
    await startOrderTraffic({
      connectionString: env.ORDERS_DB_URL,
      rate: env.NOVA_RATE,
      signal: stop.signal,
      log,
      random: seededRandom(TRAFFIC_SEED),
    });
    log("traffic: stopped");
  }
} catch (error) {
  log(`order database: failed: ${(error as Error).message}`);
  process.exitCode = 1;
}
