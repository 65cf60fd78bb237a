import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { costReadModel } from "./cost.ts";

let server: TestPostgres;
let db: Db;
let cost: ReturnType<typeof costReadModel>;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("cost");
  await migrate(connectionString);
  db = openDb({ connectionString });
  cost = costReadModel(db.pool);
  await db.pool.query(
    `INSERT INTO datasets (name, layer, kind, description, owner, pipeline, key_columns, target_lag_seconds)
     VALUES ('mart.a', 'mart', 'merge', '', 'sales-data', 'marts', '{}', 60), ('curated.b', 'curated', 'merge', '', 'sales-data', 'sales', '{}', 60)`,
  );
  await db.pool.query(
    `INSERT INTO dataset_scan_days (day, dataset, kind, scanned_bytes, billed_bytes, queries) VALUES
       ('2026-10-31', 'mart.a', 'refresh', 1, 10, 1), ('2026-11-01', 'mart.a', 'refresh', 2, 20, 2), ('2026-11-01', 'mart.a', 'check', 3, 30, 3),
       ('2026-11-02', 'curated.b', 'query', 4, 400, 4), ('2026-11-03', 'mart.gone', 'refresh', 5, 50, 5)`,
  );
}, 60_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

const NOVEMBER = {
  from: "2026-11-01",
  to: "2026-11-30",
  dataset: null,
  pipeline: null,
  owner: null,
  kind: null,
} as const;
const billed = (rows: readonly { name: string; billedBytes: number }[]) =>
  rows.map((row) => [row.name, row.billedBytes]);

test("costs are summed by whoever is charged, the dearest first; what is in the catalog no more has no owner", async () => {
  expect(billed(await cost.groups("dataset", NOVEMBER))).toEqual([
    ["curated.b", 400],
    ["mart.a", 50],
    ["mart.gone", 50],
  ]);
  expect(billed(await cost.groups("owner", NOVEMBER))).toEqual([
    ["sales-data", 450],
    ["", 50],
  ]);
  expect(billed(await cost.groups("pipeline", NOVEMBER))).toEqual([
    ["sales", 400],
    ["", 50],
    ["marts", 50],
  ]);
  expect(billed(await cost.groups("kind", NOVEMBER))).toEqual([
    ["query", 400],
    ["refresh", 70],
    ["check", 30],
  ]);
});

test("every filter narrows rows and days alike, the empty owner too", async () => {
  expect(billed(await cost.groups("kind", { ...NOVEMBER, pipeline: "marts" }))).toEqual([
    ["check", 30],
    ["refresh", 20],
  ]);
  expect(billed(await cost.groups("dataset", { ...NOVEMBER, owner: "" }))).toEqual([["mart.gone", 50]]);
  expect(await cost.days({ ...NOVEMBER, dataset: "mart.a", kind: "check" })).toEqual([
    { day: "2026-11-01", kind: "check", scannedBytes: 3, billedBytes: 30, queries: 3 },
  ]);
  expect((await cost.days({ ...NOVEMBER, from: "2026-10-01", to: "2026-10-31" })).map(({ day }) => day)).toEqual([
    "2026-10-31",
  ]);
});

test("the month is everybody's, from its first day on", async () => {
  expect(await cost.month(new Date("2026-11-01"))).toEqual({ billedBytes: 500, since: new Date("2026-10-31") });
});
