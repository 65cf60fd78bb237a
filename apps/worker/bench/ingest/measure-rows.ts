import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startTestPostgres } from "@nova/test-postgres";
import pg from "pg";
import type { TestPlatform } from "../../src/testing/test-platform.ts";
import { arrivals, sampleAges } from "./arrivals.ts";
import { countCpu, parentOf, type Watched } from "./cpu-seconds.ts";
import { percentile, round } from "../figures.ts";
import { type Cost, type Measured, patienceAfter } from "./measured.ts";

const COLUMNS =
  "id bigint PRIMARY KEY, customer text, amount numeric(12,2), note text, region text, active boolean, made_at timestamptz, moved_at timestamptz";
const TICKS = 10;

const rowsOf = (first: string, last: string): string =>
  `SELECT n, 'customer ' || n % 30000, n * 1.25, 'a note of some length that says little about order ' || n, 'region ' || n % 50, n % 3 = 0, clock_timestamp(), clock_timestamp()
     FROM generate_series(${first}::bigint, ${last}::bigint) n`;

export async function seedRows(orders: pg.Client, rows: number): Promise<void> {
  await orders.query(`CREATE TABLE bench_orders (${COLUMNS})`);
  await orders.query(`INSERT INTO bench_orders ${rowsOf("1", String(rows))}`);
  await orders.query("VACUUM ANALYZE bench_orders");
}

/** What PostgreSQL itself takes to bring the table into a second server: COPY into COPY, through a pipe. */
export async function measureNativeCopy(orders: pg.Client, { database }: Watched, rows: number): Promise<Cost> {
  const server = await startTestPostgres();
  const folder = mkdtempSync(join(tmpdir(), "nova-copy-"));
  const target = new pg.Client({ connectionString: server.url("postgres") });
  try {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", ["-m", "0666", pipe]);
    execFileSync("chmod", ["0777", folder]);
    await target.connect();
    await target.query(`CREATE TABLE bench_orders (${COLUMNS})`);
    const backend = await target.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const first = countCpu({ worker: () => undefined, database });
    const second = countCpu({ worker: () => undefined, database: parentOf(backend.rows[0]?.pid ?? 0) });
    const began = performance.now();
    await Promise.all([
      orders.query(`COPY bench_orders TO PROGRAM 'cat > ${pipe}'`),
      target.query(`COPY bench_orders FROM PROGRAM 'cat ${pipe}'`),
    ]);
    const seconds = (performance.now() - began) / 1000;
    const [source, other] = [first(), second().databases];
    const cpu = { ...source, databases: round(source.databases + other), others: round(source.others - other) };
    return { what: "native COPY into a second PostgreSQL", seconds, rows, cpu };
  } finally {
    await target.end();
    await server.stop();
    rmSync(folder, { recursive: true });
  }
}

/** From the start of the worker's reading until every row is in raw, and until it can be asked for. */
export async function measureSnapshot(platform: TestPlatform, watched: Watched, native: Cost): Promise<Measured> {
  const { rows, seconds: nativeSeconds } = native;
  await platform.startWorker();
  const began = performance.now();
  const cpu = countCpu(watched);
  await platform.waitFor("the snapshot in raw", async () => {
    const [state] = await platform.metadataRow("SELECT state FROM streams WHERE name = 'public.bench_orders'");
    return state === "streaming";
  });
  const seconds = (performance.now() - began) / 1000;
  const raw: Cost = { what: "snapshot into raw", seconds, rows, cpu: cpu() };
  await platform.waitFor("the snapshot in staged", async () => (await stagedRows(platform)) >= rows);
  const queryable = (performance.now() - began) / 1000;
  return {
    costs: [native, raw, { what: "snapshot to staged, raw included", seconds: queryable, rows, cpu: cpu() }],
    figures: [
      {
        what: "snapshot: native COPY into a second PostgreSQL",
        figure: round(rows / nativeSeconds),
        unit: "rows/s",
        goal: "",
      },
      { what: "snapshot: into raw", figure: round(rows / seconds), unit: "rows/s", goal: "" },
      {
        what: "snapshot: relative to the native COPY",
        figure: round(nativeSeconds / seconds),
        unit: "×",
        goal: "≥ 0.7",
      },
      { what: "snapshot: queryable in staged after", figure: round(queryable), unit: "s", goal: "" },
    ],
  };
}

/** 0 until the dataset is there. */
export async function stagedRows(platform: TestPlatform): Promise<number> {
  const [known] = await platform.metadataRow(
    "SELECT count(*)::text FROM datasets WHERE name = 'staged.orders_db__bench_orders' AND snapshot_id IS NOT NULL",
  );
  if (known === "0") return 0;
  return Number((await platform.row("SELECT count(*) FROM staged.orders_db__bench_orders"))[0]);
}

async function largestId(orders: pg.Client): Promise<number> {
  const { rows } = await orders.query<{ max: string }>("SELECT max(id)::text AS max FROM bench_orders");
  return Number(rows[0]?.max);
}

/** So many changes as `perSecond` makes in the time; without `paced` as soon as the one before is committed. */
export interface ChangeLoad {
  readonly perSecond: number;
  readonly seconds: number;
  readonly paced: boolean;
}

/**
 * Half inserts, half updates, in transactions of a tenth of a second each. `inserted` hears of every transaction and of when
 * it began. The sum of the keys counts a row once for each of its changes.
 */
export async function writeChanges(
  orders: pg.Client,
  { perSecond, seconds, paced }: ChangeLoad,
  inserted: (count: number, at: number) => void = () => undefined,
): Promise<{ readonly changes: number; readonly keys: number; readonly last: number }> {
  let next = (await largestId(orders)) + 1;
  let [changes, keys] = [0, 0];
  const each = Math.ceil(perSecond / TICKS / 2);
  const began = performance.now();
  for (let tick = 0; tick < seconds * TICKS; tick += 1) {
    const due = began + (tick / TICKS) * 1000 - performance.now();
    if (paced && due > 0) await pause(due);
    const at = performance.now();
    const updated = next - 5 * each;
    await orders.query(`BEGIN; INSERT INTO bench_orders ${rowsOf(String(next), String(next + each - 1))};
      UPDATE bench_orders SET amount = amount + 1, moved_at = clock_timestamp() WHERE id BETWEEN ${updated} AND ${updated + each - 1}; COMMIT`);
    inserted(each, at);
    keys += each * (next + updated + each - 1);
    next += each;
    changes += 2 * each;
  }
  return { changes, keys, last: next - 1 };
}

/** Changes at a rate, half updates, in ten transactions a second; then how long until all can be asked for. */
export async function measureChanges(
  platform: TestPlatform,
  watched: Watched,
  orders: pg.Client,
  { perSecond, seconds, goal }: { readonly perSecond: number; readonly seconds: number; readonly goal: string },
): Promise<Measured> {
  const before = await largestId(orders);
  const inserted = arrivals();
  const sampling = sampleAges(async () => inserted.age((await stagedRows(platform)) - before));
  const cpu = countCpu(watched);
  const began = performance.now();
  const { changes, last } = await writeChanges(orders, { perSecond, seconds, paced: true }, (count, at) =>
    inserted.add(count, at),
  );
  const written = (performance.now() - began) / 1000;
  const ages = await sampling.end();
  await platform.waitFor(
    "the last change in staged",
    async () => (await stagedRows(platform)) >= last,
    patienceAfter(seconds),
  );
  const all = (performance.now() - began) / 1000;
  const name = `changes at ${perSecond}/s for ${seconds} s`;
  return {
    costs: [{ what: name, seconds: all, rows: changes, cpu: cpu() }],
    figures: [
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
    ],
  };
}
