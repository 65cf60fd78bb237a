import { afterAll, beforeAll, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { standingClock, testIds } from "../testing/store-fixture.ts";
import { seedScenario } from "./index.ts";

const clock = standingClock(new Date("2026-11-23T14:30:00Z"));
let server: TestPostgres;
let db: Db;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("seeded");
  await migrate(connectionString);
  db = openDb({ connectionString });
}, 60_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

test("a busy day holds what the screens show, and is not mixed into a store in use", async () => {
  const context = { clock, ids: testIds(clock) };
  await seedScenario(db, "busy-day", context);
  const runs = await db.prisma.run.groupBy({ by: ["state"], _count: true, orderBy: { state: "asc" } });
  expect(runs.map((group) => group.state)).toEqual(["failed", "running", "succeeded"]);
  expect(await db.prisma.run.count()).toBe(200);
  expect(await db.prisma.dataset.count()).toBeGreaterThanOrEqual(55);
  expect(await db.prisma.source.findMany({ orderBy: { id: "asc" }, select: { id: true, state: true } })).toMatchObject([
    { id: "app_logs", state: "streaming" },
    { id: "orders_db", state: "streaming" },
    { id: "salesforce", state: "streaming" },
    { id: "stripe", state: "retrying" },
  ]);
  const late = await db.prisma.freshnessSample.findMany({
    where: { at: clock.now(), state: "late", dataset: "curated.payments" },
  });
  expect(late).toHaveLength(1);
  expect(await db.prisma.check.findMany({ where: { lastOutcome: "failed" } })).toMatchObject([
    { dataset: "staged.salesforce__contact", name: "null-rate:email" },
  ]);
  expect(await db.prisma.quarantineItem.count()).toBe(37);
  expect(await db.prisma.columnLineage.count()).toBeGreaterThan(100);
  await expect(seedScenario(db, "busy-day", context)).rejects.toMatchObject({ kind: "conflict" });
}, 30_000);
