import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import type { Transaction } from "@nova/pipeline-core/kernel";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { controlStore, inTransaction, scheduleStore, workerLease } from "../repositories/index.ts";
import { seedScenario } from "../seed/index.ts";
import { standingClock, testIds } from "../testing/store-fixture.ts";
import { schedulesReadModel } from "./schedules.ts";

const clock = standingClock(new Date("2026-11-23T14:30:00Z"));
const context = { clock, ids: testIds(clock) };
let server: TestPostgres;
let db: Db;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("schedules");
  await migrate(connectionString);
  db = openDb({ connectionString });
  await seedScenario(db, "busy-day", context);
}, 60_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

test("a row says the schedule in words, its next runs, what became of the last, and who paused it", async () => {
  const rows = await schedulesReadModel(db.pool).list(clock.now());
  expect(rows.map((row) => row.dataset)).toEqual([
    "mart.campaign_return",
    "mart.inventory_cover",
    "mart.payment_reconciliation",
  ]);
  const [campaigns, inventory, payments] = rows;
  expect(payments).toMatchObject({
    pipeline: "marts",
    cron: "15 6-20 * * *",
    zone: "Europe/Berlin",
    words: expect.stringMatching(/past the hour, between 06:00 and 20:/),
    nextRuns: ["2026-11-23T15:15:00Z", "2026-11-23T16:15:00Z", "2026-11-23T17:15:00Z"].map((at) => new Date(at)),
    paused: null,
    pipelinePaused: null,
  });
  expect(payments?.lastRun).toMatchObject({ state: expect.stringMatching(/succeeded|skipped|failed/) });
  expect(campaigns?.words).toBe("At 07:00, only on Monday");
  expect(inventory?.paused).toEqual({ by: "dev.okafor@novaretail.example", at: new Date("2026-11-23T13:00:00Z") });
});

test("what is no longer declared is not listed; a pause of the whole pipeline is told", async () => {
  const epoch = await workerLease(db, context).acquire({ id: "w", pid: 1, startedAt: clock.now() });
  const kept = { dataset: "mart.inventory_cover", cron: "30 5 * * *", zone: "UTC" };
  await scheduleStore(db).declare(epoch, [kept], clock.now());
  await inTransaction(db.pool, (tx) =>
    controlStore(db).pause(tx as Transaction, epoch, { pipeline: "marts", by: "petra@nova.example", at: clock.now() }),
  );
  expect(await schedulesReadModel(db.pool).list(clock.now())).toMatchObject([
    { ...kept, pipelinePaused: { by: "petra@nova.example", at: clock.now() } },
  ]);
});
