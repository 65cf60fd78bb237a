import { createHmac } from "node:crypto";
import type { TestPlatform } from "../../src/testing/test-platform.ts";
import { arrivals, sampleAges } from "./arrivals.ts";
import { countCpu, type Watched } from "./cpu-seconds.ts";
import { type LogBatches, logBatches } from "./log-batches.ts";
import { type Figure, percentile, round } from "../figures.ts";
import { type Measured, paced, patienceAfter } from "./measured.ts";

export const LINES_A_BATCH = 500;
const LOG_SENDERS = 8;
const STRIPE_SENDERS = 16;
export const STRIPE_SECRET = "whsec_bench";

/** What is asked of the intake of logs; goals are words, empty where there is none. */
export interface LogLoad {
  /** Events a second; null: as many as go. */
  readonly perSecond: number | null;
  readonly seconds: number;
  readonly goals: { readonly rate: string; readonly cores: string };
}

/**
 * Sends batches of 500 events with the numbers from `from` on; those that are refused are not sent again. `accepted` hears of
 * each that was taken and of when it was sent. `acks`: how long each answer took, ms; `sum`: of the numbers of those taken.
 */
export async function sendLogs(
  { url, token }: { readonly url: string; readonly token: string },
  batches: LogBatches,
  { perSecond, seconds, from }: { readonly perSecond: number | null; readonly seconds: number; readonly from: number },
  accepted: (at: number) => void = () => undefined,
): Promise<{ readonly acks: readonly number[]; readonly taken: number; readonly sum: number }> {
  const acks: number[] = [];
  let [taken, sum] = [0, 0];
  const headers = { authorization: `Bearer ${token}`, "content-type": batches.contentType };
  await paced(
    { perSecond: perSecond === null ? null : perSecond / LINES_A_BATCH, seconds, inFlight: LOG_SENDERS },
    (number) =>
      batches.using(from / LINES_A_BATCH + number, async (body) => {
        const sent = performance.now();
        const response = await fetch(url, { method: "POST", headers, body });
        await response.arrayBuffer();
        acks.push(performance.now() - sent);
        if (!response.ok) return;
        accepted(sent);
        taken += LINES_A_BATCH;
        sum += LINES_A_BATCH * (from + number * LINES_A_BATCH) + (LINES_A_BATCH * (LINES_A_BATCH - 1)) / 2;
      }),
  );
  return { acks, taken, sum };
}

/** Log events at a rate, or as many as go: each answer is given once the batch is on disk. */
export async function measureLogs(
  platform: TestPlatform,
  watched: Watched,
  { perSecond, seconds, goals }: LogLoad,
): Promise<Measured> {
  const batches = logBatches(LINES_A_BATCH, "ndjson");
  const url = `${platform.workerUrl}/intake/logs`;
  const from = await stagedEvents(platform);
  const acknowledged = arrivals();
  const sampling = sampleAges(async () => acknowledged.age((await stagedEvents(platform)) - from));
  const cpu = countCpu(watched);
  const began = performance.now();
  const { acks, taken } = await sendLogs(
    { url, token: platform.logToken },
    batches,
    { perSecond, seconds, from },
    (at) => acknowledged.add(LINES_A_BATCH, at),
  );
  const written = (performance.now() - began) / 1000;
  const ages = await sampling.end();
  await platform.waitFor(
    "every acknowledged log event in staged",
    async () => (await stagedEvents(platform)) >= from + taken,
    patienceAfter(seconds),
  );
  const all = (performance.now() - began) / 1000;
  const spent = cpu();
  const rate = perSecond === null ? "as fast as they go" : `at ${perSecond}/s`;
  const name = `logs ${rate} for ${seconds} s (${batches.bytesEach} bytes each)`;
  return {
    costs: [{ what: name, seconds: all, rows: taken, cpu: spent }],
    figures: [
      { what: `${name}: acknowledged, on disk`, figure: round(taken / written), unit: "events/s", goal: goals.rate },
      {
        what: `${name}: to queryable staged rows, the last ones included`,
        figure: round(taken / all),
        unit: "events/s",
        goal: "",
      },
      { what: `${name}: ack p99`, figure: round(percentile(acks, 0.99)), unit: "ms", goal: "≤ 250" },
      {
        what: `${name}: queryable p95 after the sending`,
        figure: round(percentile(ages, 0.95)),
        unit: "s",
        goal: "≤ 20",
      },
      {
        what: `${name}: worker, until all are queryable`,
        figure: round(spent.worker / seconds),
        unit: "cores",
        goal: goals.cores,
      },
    ],
  };
}

/** 0 until the dataset is there. */
export async function stagedEvents(platform: TestPlatform): Promise<number> {
  const [known] = await platform.metadataRow(
    "SELECT count(*)::text FROM datasets WHERE name = 'staged.app_logs__events' AND snapshot_id IS NOT NULL",
  );
  if (known === "0") return 0;
  return Number((await platform.row("SELECT count(*) FROM staged.app_logs__events"))[0]);
}

/** Signed webhooks, each an event of its own. */
export async function measureWebhooks(platform: TestPlatform, seconds: number): Promise<Figure[]> {
  const acks: number[] = [];
  const began = performance.now();
  let taken = 0;
  await paced({ perSecond: null, seconds, inFlight: STRIPE_SENDERS }, async (number) => {
    const at = Math.floor(Date.now() / 1000);
    const object = { id: `ch_${number % 10_000}`, object: "charge", amount: number, amount_refunded: 0 };
    const body = JSON.stringify({
      id: `evt_${at}_${number}`,
      object: "event",
      created: at,
      livemode: false,
      type: "charge.captured",
      data: { object },
    });
    const proof = createHmac("sha256", STRIPE_SECRET).update(`${at}.${body}`).digest("hex");
    const sent = performance.now();
    const response = await fetch(`${platform.workerUrl}/webhooks/stripe`, {
      method: "POST",
      headers: { "content-type": "application/json", "stripe-signature": `t=${at},v1=${proof}` },
      body,
    });
    await response.arrayBuffer();
    acks.push(performance.now() - sent);
    if (response.ok) taken += 1;
  });
  const written = (performance.now() - began) / 1000;
  return [
    { what: `Stripe webhooks for ${seconds} s`, figure: round(taken / written), unit: "webhooks/s", goal: "≥ 1000" },
    {
      what: `Stripe webhooks for ${seconds} s: ack p99`,
      figure: round(percentile(acks, 0.99)),
      unit: "ms",
      goal: "≤ 50",
    },
  ];
}
