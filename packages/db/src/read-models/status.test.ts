import { afterAll, beforeAll, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { seedScenario } from "../seed/index.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { standingClock, testIds } from "../testing/store-fixture.ts";
import { readFigures } from "./metrics.ts";
import { listRuns } from "./run-list.ts";
import { readStatus } from "./status.ts";

const clock = standingClock(new Date("2026-11-23T14:30:00Z"));
let server: TestPostgres;
let db: Db;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("status");
  await migrate(connectionString);
  db = openDb({ connectionString });
  await seedScenario(db, "busy-day", { clock, ids: testIds(clock) });
}, 120_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

test("status has every source with what is wrong, and every dataset judged against its target", async () => {
  const { sources, datasets } = await readStatus(db, clock);
  expect(sources.map((source) => [source.id, source.state, source.error])).toEqual([
    ["app_logs", "streaming", null],
    ["orders_db", "streaming", null],
    ["salesforce", "streaming", null],
    ["stripe", "retrying", "source-unreachable: GET /v1/events: connection refused"],
  ]);
  expect(sources.find((source) => source.id === "app_logs")?.rowsPerSecond).toBeGreaterThan(100);
  expect(datasets.find((dataset) => dataset.name === "curated.payments")).toMatchObject({
    freshness: "late",
    ageSeconds: 390,
  });
  expect(datasets.find((dataset) => dataset.name === "staged.orders_db__price_changes")).toMatchObject({
    freshness: "unknown",
    rows: null,
  });
});

test("search finds middles of dataset and column names, all words, and takes % and _ for what they are", async () => {
  const names = async (search: string) => (await readStatus(db, clock, search)).datasets.map((dataset) => dataset.name);
  expect(await names("ECONCIL")).toEqual(["mart.payment_reconciliation"]);
  expect(await names("  lifetime  value ")).toEqual(["curated.customers"]);
  expect(await names("customers nothing-like-it")).toEqual([]);
  expect(await names("100%")).toEqual([]);
});

test("runs are listed newest first, by state and dataset", async () => {
  const failed = await listRuns(db, { state: "failed", limit: 3 });
  expect(failed.map((run) => run.state)).toEqual(["failed", "failed", "failed"]);
  expect(failed.map((run) => run.createdAt.getTime())).toEqual(
    failed.map((run) => run.createdAt.getTime()).toSorted((a, b) => b - a),
  );
  const [any] = await listRuns(db, { limit: 1 });
  const dataset = any?.datasets[0] ?? "";
  for (const run of await listRuns(db, { dataset, limit: 50 })) expect(run.datasets).toContain(dataset);
});

test("figures cover the last hour's runs", async () => {
  const { runs, sources, datasets } = await readFigures(db, clock.now());
  expect(runs.reduce((sum, run) => sum + run.count, 0)).toBeGreaterThan(3);
  for (const run of runs) expect(run.p95).toBeGreaterThanOrEqual(run.p50);
  expect(sources).toHaveLength(4);
  expect(datasets.find((one) => one.name === "curated.payments")).toMatchObject({
    ageSeconds: 390,
    targetLagSeconds: 60,
  });
});
