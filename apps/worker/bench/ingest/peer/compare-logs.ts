import type { TestPlatform } from "../../../src/testing/test-platform.ts";
import { percentile } from "../../figures.ts";
import { countCpu } from "../cpu-seconds.ts";
import { logBatches } from "../log-batches.ts";
import { LINES_A_BATCH, sendLogs } from "../measure-events.ts";
import { until } from "../measured.ts";
import { forgetPeak, peakMiB } from "../peak-memory.ts";
import { collector } from "./collector.ts";
import type { Comparison } from "./comparison.ts";
import type { LogTaker } from "./log-taker.ts";
import { ourLogs } from "./our-worker.ts";

const STEADY = 20_000;
/** Before each stretch, at the steady rate: how a program translates its own code is no part of what it costs. */
const WARM_UP_SECONDS = 5;
/** Events of a stretch have numbers of their own, of nine digits at most; no stretch sends more. */
const STRETCH = 80_000_000;
const MOST_ROUNDS = 6;

export interface LogsAsked {
  readonly seconds: number;
  readonly rounds: number;
  /** Folder that keeps what is fetched, and one for this run. */
  readonly fetched: string;
  readonly folder: string;
}

/**
 * The same OTLP/HTTP batches (protobuf, 500 events each, eight senders) taken in by our worker and by the OpenTelemetry
 * Collector, one after the other: at a rate and as fast as they go. Our worker is stopped at the end.
 */
export async function compareLogs(platform: TestPlatform, database: number, asked: LogsAsked): Promise<Comparison[]> {
  if (asked.rounds > MOST_ROUNDS) throw new Error(`--rounds of log events: at most ${MOST_ROUNDS}`);
  await platform.killWorker();
  const found = [await collector("memory", asked), await collector("disk", asked), ourLogs(platform)];
  for (const reason of found) if (typeof reason === "string") console.log(reason);
  const comparisons: Comparison[] = [];
  let from = 0;
  for (let round = 0; round < asked.rounds; round += 1) {
    for (const perSecond of [STEADY, null]) {
      for (const taker of found) {
        if (typeof taker === "string") continue;
        console.log(`logs beside: ${taker.name} …`);
        comparisons.push(...(await measure(taker, database, { perSecond, seconds: asked.seconds, from })));
      }
      from += STRETCH;
    }
  }
  return comparisons;
}

/** Two lines: until everything was acknowledged, and until it is all there. */
async function measure(
  taker: LogTaker,
  database: number,
  load: { readonly perSecond: number | null; readonly seconds: number; readonly from: number },
): Promise<Comparison[]> {
  const taking = await taker.start();
  const batches = logBatches(LINES_A_BATCH, "otlp");
  const warm = await sendLogs(taking, batches, { perSecond: STEADY, seconds: WARM_UP_SECONDS, from: load.from });
  await until(`${taker.name} to be warm`, () => taking.holds({ events: warm.taken, numbers: warm.sum }));
  forgetPeak(taking.pid);
  const cpu = countCpu({ worker: () => taking.pid, database });
  const began = performance.now();
  const { acks, taken, sum } = await sendLogs(taking, batches, { ...load, from: load.from + STRETCH / 2 });
  const rate = load.perSecond === null ? "as many events as go" : `${load.perSecond} events/s`;
  const line = (wrote: string, ackP99: number | null): Comparison => ({
    what: `${rate} for ${load.seconds} s`,
    product: taker.name,
    wrote,
    seconds: (performance.now() - began) / 1000,
    rows: taken,
    cpu: cpu(),
    peakMiB: peakMiB(taking.pid),
    ackP99,
  });
  const acknowledged = line(`acknowledged ${taking.acknowledges}`, percentile(acks, 0.99));
  const sent = { events: warm.taken + taken, numbers: warm.sum + sum };
  await until(`${taker.name}: ${taking.wrote}`, () => taking.holds(sent));
  const there = line(taking.wrote, null);
  await taking.check(sent);
  await taking.stop();
  return [acknowledged, there];
}
