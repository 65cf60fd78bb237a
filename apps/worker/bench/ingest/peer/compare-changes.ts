import pg from "pg";
import type { TestPlatform } from "../../../src/testing/test-platform.ts";
import { countCpu } from "../cpu-seconds.ts";
import { type ChangeLoad, seedRows, writeChanges } from "../measure-rows.ts";
import { type CpuSeconds, until } from "../measured.ts";
import { forgetPeak, peakMiB } from "../peak-memory.ts";
import type { ChangeReader, Reading, WrittenChanges } from "./change-reader.ts";
import type { Comparison } from "./comparison.ts";
import { debezium } from "./debezium.ts";
import { ourChanges, readOnce } from "./our-worker.ts";
import { pgRecvlogical } from "./pg-recvlogical.ts";

const DATABASE = "nova_bench_peers";
/** A backlog is read without anybody writing: more of it tells nothing new. */
const BACKLOG_SECONDS = 60;
/** Two of the three translate their own code while they run; how they begin is no part of what they cost. */
const WARM_UP_SECONDS = 5;

export interface ChangesAsked {
  readonly perSecond: number;
  readonly seconds: number;
  /** In the table before. */
  readonly rows: number;
  readonly rounds: number;
  /** Folder that keeps what is fetched, and one for this run. */
  readonly fetched: string;
  readonly folder: string;
}

/**
 * The same changes read by our worker and by what else is on this machine, one after the other: first while they are written,
 * then as a backlog. All tables are on the one server; peers have theirs in a database of their own, so that nothing is kept
 * for a reader that does not run. Our worker has read its table before and is stopped at the end.
 */
export async function compareChanges(
  platform: TestPlatform,
  orders: pg.Client,
  database: number,
  asked: ChangesAsked,
): Promise<Comparison[]> {
  const url = new URL(platform.ordersDbUrl);
  url.pathname = DATABASE;
  await orders.query(`CREATE DATABASE ${DATABASE}`);
  const source = new pg.Client({ connectionString: url.href });
  try {
    await source.connect();
    await seedRows(source, asked.rows);
    await readOnce(platform, asked.rows);
    const found = [
      await pgRecvlogical(source, url.href, asked.folder),
      await debezium(source, url.href, asked),
      ourChanges(platform, orders),
    ];
    for (const reason of found) if (typeof reason === "string") console.log(reason);
    const comparisons: Comparison[] = [];
    for (let round = 0; round < asked.rounds; round += 1) {
      for (const reader of found) {
        if (typeof reader === "string") continue;
        comparisons.push(...(await measure(reader, database, asked)));
      }
    }
    return comparisons;
  } finally {
    await source.end();
  }
}

async function measure(
  reader: ChangeReader,
  database: number,
  { perSecond, seconds }: ChangesAsked,
): Promise<Comparison[]> {
  console.log(`changes beside: ${reader.name} …`);
  await reader.begin();
  const backlog = Math.min(seconds, BACKLOG_SECONDS);
  const comparisons = [
    ...(await whileWritten(reader, database, { perSecond, seconds, paced: true })),
    ...(await behind(reader, database, { perSecond, seconds: backlog, paced: false })),
  ];
  await reader.end();
  return comparisons;
}

async function whileWritten(reader: ChangeReader, database: number, load: ChangeLoad): Promise<Comparison[]> {
  const reading = await reader.start();
  const warm = await writeChanges(reader.source, { ...load, seconds: WARM_UP_SECONDS });
  for (const stage of reading.stages) await until(`${reader.name} to be warm`, () => stage.holds(warm));
  forgetPeak(reading.pid);
  const stretch = {
    what: `${load.perSecond} changes/s for ${load.seconds} s`,
    cpu: countCpu({ worker: () => reading.pid, database }),
    began: performance.now(),
  };
  const { changes, keys, last } = await writeChanges(reader.source, load);
  const sinceStart = { changes: warm.changes + changes, keys: warm.keys + keys, last };
  return arrived(reader.name, reading, sinceStart, { ...stretch, rows: changes });
}

/** The product's start counts: without it nobody reads a backlog. */
async function behind(reader: ChangeReader, database: number, load: ChangeLoad): Promise<Comparison[]> {
  const written = await writeChanges(reader.source, load);
  const started: { pid?: number } = {};
  const stretch = {
    what: `backlog of ${written.changes} changes`,
    cpu: countCpu({ worker: () => started.pid, database }),
    began: performance.now(),
  };
  const reading = await reader.start();
  started.pid = reading.pid;
  return arrived(reader.name, reading, written, { ...stretch, rows: written.changes });
}

/** Waits for each stage and stops the reader; `written`: since its start, `rows`: in the stretch. */
async function arrived(
  product: string,
  reading: Reading,
  written: WrittenChanges,
  {
    cpu,
    began,
    ...stretch
  }: { readonly what: string; readonly rows: number; readonly cpu: () => CpuSeconds; readonly began: number },
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const stage of reading.stages) {
    const { wrote } = stage;
    await until(`${product}: ${wrote}`, () => stage.holds(written));
    const seconds = (performance.now() - began) / 1000;
    const peak = peakMiB(reading.pid);
    comparisons.push({ ...stretch, product, wrote, seconds, cpu: cpu(), peakMiB: peak, ackP99: null });
  }
  await reading.check(written);
  await reading.stop();
  return comparisons;
}
