import { createHmac } from "node:crypto";
import { sampleLines } from "@nova/engines/log-intake/testing";
import type { TestPlatform } from "../../src/testing/test-platform.ts";
import { type Figure, paced, percentile, round } from "./figures.ts";

const LINES_A_BATCH = 500;
const LOG_SENDERS = 8;
const STRIPE_SENDERS = 16;
export const STRIPE_SECRET = "whsec_bench";

/** Log events at a rate, or as many as go: each answer is given once the batch is on disk. */
export async function measureLogs(
  platform: TestPlatform,
  {
    perSecond,
    seconds,
    from,
    goal,
  }: { readonly perSecond: number | null; readonly seconds: number; readonly from: number; readonly goal: string },
): Promise<Figure[]> {
  const acks: number[] = [];
  const headers = { authorization: `Bearer ${platform.logToken}`, "content-type": "application/x-ndjson" };
  const began = performance.now();
  let taken = 0;
  await paced(
    { perSecond: perSecond === null ? null : perSecond / LINES_A_BATCH, seconds, inFlight: LOG_SENDERS },
    async (number) => {
      const body = sampleLines(from + number * LINES_A_BATCH, LINES_A_BATCH);
      const sent = performance.now();
      const response = await fetch(`${platform.workerUrl}/intake/logs`, { method: "POST", headers, body });
      await response.arrayBuffer();
      acks.push(performance.now() - sent);
      if (response.ok) taken += LINES_A_BATCH;
    },
  );
  const written = (performance.now() - began) / 1000;
  await platform.waitForDataset("staged.app_logs__events");
  await platform.waitFor("every acknowledged log event in staged", async () => {
    const [count] = await platform.row("SELECT count(*) FROM staged.app_logs__events");
    return Number(count) >= from + taken;
  });
  const all = (performance.now() - began) / 1000;
  const name =
    perSecond === null ? `logs as fast as they go for ${seconds} s` : `logs at ${perSecond}/s for ${seconds} s`;
  return [
    { what: `${name}: acknowledged, on disk`, figure: round(taken / written), unit: "events/s", goal },
    { what: `${name}: ack p99`, figure: round(percentile(acks, 0.99)), unit: "ms", goal: "≤ 250" },
    {
      what: `${name}: all of them queryable after the last ack`,
      figure: round(all - written),
      unit: "s",
      goal: "p95 ≤ 20",
    },
  ];
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
