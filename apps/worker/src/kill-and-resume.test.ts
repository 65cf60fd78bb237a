import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LogSender } from "./testing/log-sender.ts";
import { startTestPlatform, type TestPlatform } from "./testing/test-platform.ts";
import { RowTraffic } from "./testing/row-traffic.ts";

const KILLS = 4;

/**
 * The promise of the whole product in one test: whatever moment the worker is killed at, what the sources hold and what
 * the lake holds are the same, row by row, and no event stands in raw twice.
 */
describe("a worker that is killed in the middle of its work", () => {
  let platform: TestPlatform;
  let orders: pg.Client;

  beforeAll(async () => {
    platform = await startTestPlatform(await mkdtemp(join(tmpdir(), "nova-kill-")));
    orders = new pg.Client({ connectionString: platform.ordersDbUrl });
    await orders.connect();
  });

  afterAll(async () => {
    await orders?.end();
    await platform?.stop();
    if (platform !== undefined) await rm(platform.folder, { recursive: true, force: true });
  });

  it(`loses and doubles nothing when it is killed ${KILLS} times during traffic`, async () => {
    const rows = new RowTraffic(orders);
    await rows.seed(20_000);
    await platform.startWorker();
    const logs = new LogSender(platform.workerUrl, platform.logToken);
    rows.start();
    logs.start();

    for (let kill = 0; kill < KILLS; kill += 1) {
      // Each kill comes at another stage: before the first snapshot ends, between commits, right after one.
      await platform.waitForRaw("orders_db", rows.changes + 1 + kill * 37);
      await platform.killWorker();
      await platform.startWorker();
    }

    await rows.stop();
    await logs.stop();
    await platform.waitForDataset("staged.orders_db__accounts");
    await platform.waitFor("the staged accounts to equal the source", async () => {
      const [source, staged] = await Promise.all([rows.sourceChecksum(), platform.row(rows.stagedChecksumSql)]);
      return JSON.stringify(source) === JSON.stringify(staged);
    });
    expect(await platform.row(rows.stagedChecksumSql)).toEqual(await rows.sourceChecksum());

    const raw = await platform.row(
      `SELECT count(*), count(DISTINCT (stream, key, position, op)) FROM raw.orders_db WHERE stream = 'public.accounts'`,
    );
    expect(raw[0]).toBe(raw[1]);
    const streamed = await platform.row(
      `SELECT count(*) FROM raw.orders_db WHERE stream = 'public.accounts' AND op IN ('c', 'u', 'd')`,
    );
    expect(Number(streamed[0])).toBe(rows.changes);

    await platform.waitForDataset("staged.app_logs__events");
    await platform.waitFor("every acknowledged log line to be staged", async () => {
      const [count] = await platform.row("SELECT count(*) FROM staged.app_logs__events");
      return Number(count) >= logs.acknowledged;
    });
    expect(await platform.row("SELECT count(*), count(DISTINCT message) FROM staged.app_logs__events")).toEqual([
      String(logs.sent),
      String(logs.sent),
    ]);
  }, 400_000);
});
