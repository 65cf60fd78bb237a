import { setTimeout as pause } from "node:timers/promises";
import { openOrderDatabase } from "../fixtures/order-database.ts";
import type { WorkerApi } from "./worker-api.ts";

const BETWEEN_ORDERS_MILLIS = 2_500;
/** Each look is a query in a process of its own; looking more often would slow down what is measured. */
const BETWEEN_LOOKS_MILLIS = 2_500;

interface Latency {
  /** Seconds from the commit of each order to the first answer that holds it. */
  readonly seconds: readonly number[];
  /** Orders that did not show up in time. */
  readonly missing: number;
}

/** Places orders one after another and looks for them in curated.orders by queries, as an analyst would. */
export async function measureOrderLatency(
  worker: WorkerApi,
  ordersDbUrl: string,
  samples: number,
  patienceMillis: number,
): Promise<Latency> {
  const shop = await openOrderDatabase(ordersDbUrl);
  const waiting = new Map<string, number>();
  const placed: string[] = [];
  const seconds: number[] = [];
  const placing = (async () => {
    for (let count = 0; count < samples; count += 1) {
      const { orderId } = await shop.place("12.34");
      waiting.set(orderId, performance.now());
      placed.push(orderId);
      await pause(BETWEEN_ORDERS_MILLIS);
    }
  })();
  const deadline = performance.now() + samples * BETWEEN_ORDERS_MILLIS + patienceMillis;
  try {
    while (seconds.length < samples && performance.now() < deadline) {
      if (waiting.size > 0) {
        const rows = await worker.query(
          `SELECT order_id FROM curated.orders WHERE order_id IN (${[...waiting.keys()].join(", ")})`,
        );
        const now = performance.now();
        for (const id of rows.map((row) => String(row[0]))) {
          const since = waiting.get(id);
          if (since !== undefined) seconds.push((now - since) / 1000);
          waiting.delete(id);
        }
      }
      await pause(BETWEEN_LOOKS_MILLIS);
    }
    await placing;
  } finally {
    for (const id of placed) await shop.remove(id);
    await shop.close();
  }
  return { seconds, missing: samples - seconds.length };
}
