import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTestPostgres } from "@nova/test-postgres";
import pg from "pg";
import type { TestPlatform } from "../../src/testing/test-platform.ts";
import { type Figure, percentile, round } from "./figures.ts";

const COLUMNS =
  "id bigint PRIMARY KEY, customer text, amount numeric(12,2), note text, region text, active boolean, made_at timestamptz, moved_at timestamptz";
const TICKS = 10;
const SAMPLE_EVERY = 2000;

const rowsOf = (first: string, last: string): string =>
  `SELECT n, 'customer ' || n % 30000, n * 1.25, 'a note of some length that says little about order ' || n, 'region ' || n % 50, n % 3 = 0, clock_timestamp(), clock_timestamp()
     FROM generate_series(${first}::bigint, ${last}::bigint) n`;

export async function seedRows(orders: pg.Client, rows: number): Promise<void> {
  await orders.query(`CREATE TABLE bench_orders (${COLUMNS})`);
  await orders.query(`INSERT INTO bench_orders ${rowsOf("1", String(rows))}`);
  await orders.query("VACUUM ANALYZE bench_orders");
}

/** Seconds that PostgreSQL itself takes to bring the table into a second server: COPY into COPY, through a pipe. */
export async function nativeCopySeconds(orders: pg.Client): Promise<number> {
  const server = await startTestPostgres();
  const folder = mkdtempSync(join(tmpdir(), "nova-copy-"));
  const target = new pg.Client({ connectionString: server.url("postgres") });
  try {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", ["-m", "0666", pipe]);
    execFileSync("chmod", ["0777", folder]);
    await target.connect();
    await target.query(`CREATE TABLE bench_orders (${COLUMNS})`);
    const began = performance.now();
    await Promise.all([
      orders.query(`COPY bench_orders TO PROGRAM 'cat > ${pipe}'`),
      target.query(`COPY bench_orders FROM PROGRAM 'cat ${pipe}'`),
    ]);
    return (performance.now() - began) / 1000;
  } finally {
    await target.end();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

/** From the start of the worker's reading until every row is in raw, and until it can be asked for. */
export async function measureSnapshot(platform: TestPlatform, rows: number, nativeSeconds: number): Promise<Figure[]> {
  await platform.startWorker();
  const began = performance.now();
  await platform.waitFor("the snapshot in raw", async () => {
    const [state] = await platform.metadataRow("SELECT state FROM streams WHERE name = 'public.bench_orders'");
    return state === "streaming";
  });
  const seconds = (performance.now() - began) / 1000;
  await platform.waitForDataset("staged.orders_db__bench_orders");
  const queryable = (performance.now() - began) / 1000;
  return [
    {
      what: "snapshot: native COPY into a second PostgreSQL",
      figure: round(rows / nativeSeconds),
      unit: "rows/s",
      goal: "",
    },
    { what: "snapshot: into raw", figure: round(rows / seconds), unit: "rows/s", goal: "" },
    { what: "snapshot: relative to the native COPY", figure: round(nativeSeconds / seconds), unit: "×", goal: "≥ 0.7" },
    { what: "snapshot: queryable in staged after", figure: round(queryable), unit: "s", goal: "" },
  ];
}

/** Changes at a rate: half inserts, half updates, in ten transactions a second; then how long until all can be asked for. */
export async function measureChanges(
  platform: TestPlatform,
  orders: pg.Client,
  { perSecond, seconds, goal }: { readonly perSecond: number; readonly seconds: number; readonly goal: string },
): Promise<Figure[]> {
  const { rows } = await orders.query<{ max: string }>("SELECT max(id)::text AS max FROM bench_orders");
  let next = Number(rows[0]?.max) + 1;
  let changes = 0;
  const each = Math.ceil(perSecond / TICKS / 2);
  const ages: number[] = [];
  const ask = async (): Promise<Date> =>
    new Date(Number((await platform.row("SELECT epoch_ms(max(moved_at)) FROM staged.orders_db__bench_orders"))[0]));
  let going = true;
  const sampling = (async () => {
    while (going) {
      // The age of what the answer shows, when the answer is there.
      const newest = await ask();
      ages.push((Date.now() - newest.getTime()) / 1000);
      await pause(SAMPLE_EVERY);
    }
  })();
  const began = performance.now();
  for (let tick = 0; tick < seconds * TICKS; tick += 1) {
    const due = began + (tick / TICKS) * 1000 - performance.now();
    if (due > 0) await pause(due);
    await orders.query(`BEGIN; INSERT INTO bench_orders ${rowsOf(String(next), String(next + each - 1))};
      UPDATE bench_orders SET amount = amount + 1, moved_at = clock_timestamp() WHERE id BETWEEN ${next - 5 * each} AND ${next - 4 * each - 1}; COMMIT`);
    next += each;
    changes += 2 * each;
  }
  const written = (performance.now() - began) / 1000;
  going = false;
  await sampling;
  await platform.waitFor("the last change in staged", async () => {
    const [count] = await platform.row("SELECT count(*) FROM staged.orders_db__bench_orders");
    return Number(count) >= next - 1;
  });
  const all = (performance.now() - began) / 1000;
  const name = `changes at ${perSecond}/s for ${seconds} s`;
  return [
    { what: `${name}: written by the source`, figure: round(changes / written), unit: "rows/s", goal: "" },
    {
      what: `${name}: to queryable staged rows, the last ones included`,
      figure: round(changes / all),
      unit: "rows/s",
      goal,
    },
    {
      what: `${name}: freshness p95`,
      figure: round(percentile(ages, 0.95)),
      unit: "s",
      goal: perSecond <= 5000 ? "≤ 10" : "",
    },
  ];
}
