import type pg from "pg";
import type { TestPlatform } from "../../../src/testing/test-platform.ts";
import { stagedEvents } from "../measure-events.ts";
import { stagedRows } from "../measure-rows.ts";
import { until } from "../measured.ts";
import type { ChangeReader } from "./change-reader.ts";
import type { LogTaker } from "./log-taker.ts";

const NAME = "our worker";
/** A mask has 40 bits: among many millions of messages a few have the same. */
const DISTINCT_AT_LEAST = 0.9999;
const QUERYABLE = "queryable Iceberg rows, one a key or event";

/** It has read the table before, and does not run. */
export function ourChanges(platform: TestPlatform, orders: pg.Client): ChangeReader {
  return {
    name: NAME,
    source: orders,
    begin: () => Promise.resolve(),
    async start() {
      const before = await rawRows(platform);
      await platform.startWorker();
      return {
        pid: platform.workerPid() ?? 0,
        stages: [
          {
            wrote: "every change in Iceberg, synced",
            holds: async ({ changes }) => (await rawRows(platform)) - before >= changes,
          },
          { wrote: QUERYABLE, holds: async ({ last }) => (await stagedRows(platform)) >= last },
        ],
        async check() {
          const sums = "SELECT count(*)::text, sum(id)::text, sum(amount)::text FROM";
          const { rows } = await orders.query<string[]>({ text: `${sums} bench_orders`, rowMode: "array" });
          const [expected, found] = [
            String(rows[0]),
            String(await platform.row(`${sums} staged.orders_db__bench_orders`)),
          ];
          if (found !== expected) throw new Error(`staged has ${found} as count and sums, the source ${expected}`);
        },
        stop: () => platform.killWorker(),
      };
    },
    end: () => Promise.resolve(),
  };
}

async function rawRows(platform: TestPlatform): Promise<number> {
  const [rows] = await platform.metadataRow(
    "SELECT coalesce(sum(total_rows), 0)::text FROM streams WHERE name = 'public.bench_orders'",
  );
  return Number(rows);
}

/** It does not run. */
export function ourLogs(platform: TestPlatform): LogTaker {
  return {
    name: NAME,
    async start() {
      await platform.startWorker();
      const before = await stagedCounts(platform);
      return {
        pid: platform.workerPid() ?? 0,
        url: `${platform.workerUrl}/v1/logs`,
        token: platform.logToken,
        acknowledges: "once synced in the spool",
        wrote: QUERYABLE,
        holds: async ({ events }) => (await stagedEvents(platform)) - before.count >= events,
        async check({ events }) {
          const { count, masks } = await stagedCounts(platform);
          const [rows, messages] = [count - before.count, masks - before.masks];
          if (rows !== events || messages > events || messages < events * DISTINCT_AT_LEAST)
            throw new Error(`staged has ${rows} events with ${messages} messages, acknowledged were ${events}`);
        },
        stop: () => platform.killWorker(),
      };
    },
  };
}

/** Every event has a message of its own, which the bench may see only as its mask. */
async function stagedCounts(platform: TestPlatform): Promise<{ readonly count: number; readonly masks: number }> {
  if ((await stagedEvents(platform)) === 0) return { count: 0, masks: 0 };
  const sql = "SELECT count(*), count(DISTINCT message) FROM staged.app_logs__events";
  const [count, masks] = await platform.row(sql);
  return { count: Number(count), masks: Number(masks) };
}

/** Stops the worker once it has read the table. */
export async function readOnce(platform: TestPlatform, rows: number): Promise<void> {
  if (platform.workerPid() === undefined) await platform.startWorker();
  await until("the first read of the table", async () => (await stagedRows(platform)) >= rows);
  await platform.killWorker();
}
