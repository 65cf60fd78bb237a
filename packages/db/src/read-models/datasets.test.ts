import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { seedScenario } from "../seed/index.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { standingClock, testIds } from "../testing/store-fixture.ts";
import {
  catalogReadModel,
  datasetChecksReadModel,
  datasetFreshnessReadModel,
  datasetReadModel,
  lineageReadModel,
} from "./index.ts";

const clock = standingClock(new Date("2026-11-23T14:30:00Z"));
let server: TestPostgres;
let db: Db;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("datasets");
  await migrate(connectionString);
  db = openDb({ connectionString });
  await seedScenario(db, "busy-day", { clock, ids: testIds(clock) });
}, 90_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

describe("the catalog", () => {
  const names = async (...words: string[]): Promise<string[]> =>
    (await catalogReadModel(db.pool).list(words)).map((row) => row.name);

  test("lists every dataset, the most queried first", async () => {
    const rows = await catalogReadModel(db.pool).list([]);
    expect(rows).toHaveLength(await db.prisma.dataset.count());
    expect(rows.map((row) => row.queryCount)).toEqual(rows.map((row) => row.queryCount).toSorted((a, b) => b - a));
    expect(rows.every((row) => row.matchedColumns.length === 0 && row.columns > 0)).toBe(true);
  });

  test("finds middles of names, an exact table name first", async () => {
    expect((await names("orders"))[0]).toBe("curated.orders");
    expect(await names("econcil")).toEqual(["mart.payment_reconciliation"]);
  });

  test("finds a dataset by a column and says by which", async () => {
    const rows = await catalogReadModel(db.pool).list(["lifetime"]);
    expect(rows).toMatchObject([
      { name: "curated.customers", matchedColumns: [{ name: "lifetime_value" }], matchedColumnCount: 1 },
    ]);
  });

  test("needs every word, wherever each of them stands", async () => {
    expect(await names("customers", "lifetime", "clarke")).toEqual(["curated.customers"]);
    expect(await names("customers", "nowhere")).toEqual([]);
  });

  test("takes pattern signs as they are", async () => {
    // "Time that 95 % stay under" is the only text with the sign.
    expect(await names("%")).toEqual(["mart.service_health_5m"]);
    expect(await names("o_ders")).toEqual([]);
  });

  test("is not matched by the bookkeeping columns that every staged dataset has", async () => {
    expect(await names("_merged_at")).toEqual([]);
  });

  test("knows from which sources a dataset comes over any number of inputs", async () => {
    const rows = await catalogReadModel(db.pool).list(["mart.daily_sales"]);
    expect(rows[0]?.sources).toEqual(["orders_db", "salesforce", "stripe"]);
    expect((await catalogReadModel(db.pool).list(["raw.stripe"]))[0]?.sources).toEqual(["stripe"]);
  });

  test("counts checks out of bounds, leaving freshness to the clock", async () => {
    const rows = await catalogReadModel(db.pool).list([]);
    expect(rows.filter((row) => row.failingChecks > 0).map((row) => row.name)).toEqual(["staged.salesforce__contact"]);
    const late = rows.find((row) => row.name === "curated.payments");
    expect(late).toMatchObject({ failingChecks: 0, warningChecks: 0, checkMessage: null });
    expect(rows.find((row) => row.name === "curated.customers")?.pii).toBe("direct");
  });
});

describe("a dataset", () => {
  test("comes with its neighbours, columns, checks and last step in one read", async () => {
    const head = await datasetReadModel(db.pool).head("curated.orders");
    expect(head).toMatchObject({ keyColumns: ["order_id"], hasModel: true, stream: null, checks: 3 });
    expect(head?.inputs.map((input) => input.name)).toContain("staged.orders_db__orders");
    expect(head?.inputs[0]?.dataThrough).toBeInstanceOf(Date);
    expect(head?.usedBy.map((reader) => reader.name)).toEqual([
      "mart.campaign_return",
      "mart.daily_sales",
      "mart.payment_reconciliation",
    ]);
    expect(head?.columns[0]).toEqual({ name: "order_id", type: "long", pii: "none" });
    expect(Object.values(head?.outcomes ?? {}).reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(head?.lastStep?.endedAt).toBeInstanceOf(Date);
  });

  test("that is staged names its stream", async () => {
    const head = await datasetReadModel(db.pool).head("staged.orders_db__orders");
    expect(head?.stream).toMatchObject({ source: "orders_db", name: "public.orders" });
  });

  test("says since when which check is out of bounds", async () => {
    const head = await datasetReadModel(db.pool).head("staged.salesforce__contact");
    expect(head?.troubled).toMatchObject([{ name: "null-rate:email", outcome: "failed", since: expect.any(Date) }]);
  });

  test("that does not exist is null, and one without a model has no SQL", async () => {
    expect(await datasetReadModel(db.pool).head("curated.nothing")).toBeNull();
    expect(await datasetReadModel(db.pool).model("raw.stripe")).toBeNull();
    expect(await datasetReadModel(db.pool).model("curated.orders")).toMatchObject({
      path: "models/curated/orders.sql",
    });
  });

  test("has columns in its own order with the count of their neighbours", async () => {
    const columns = await datasetReadModel(db.pool).columns("curated.customers");
    expect(columns.map((column) => column.name).slice(0, 2)).toEqual(["customer_key", "email"]);
    expect(columns[0]).toMatchObject({ isKey: true, upstream: 1 });
    expect(columns.find((column) => column.name === "country")).toMatchObject({ downstream: 1 });
  });

  test("pages through its steps, newest first, none twice", async () => {
    const model = datasetReadModel(db.pool);
    const all = await model.steps("curated.orders", null, 500);
    const first = await model.steps("curated.orders", null, 2);
    const rest = await model.steps("curated.orders", first.at(-1)?.startedAt ?? null, 500);
    expect(all.length).toBeGreaterThan(3);
    expect([...first, ...rest].map((step) => step.runId)).toEqual(all.map((step) => step.runId));
  });
});

describe("freshness over time", () => {
  const history = (name: string) => datasetFreshnessReadModel(db.pool).history(name, "24h", clock.now());

  test("shows the worst of every interval and the share of time it was fresh", async () => {
    const { buckets, freshShare, knownShare } = await history("curated.payments");
    expect(buckets).toHaveLength(96);
    expect(buckets.at(-1)).toMatchObject({ state: "late" });
    expect(freshShare).toBeGreaterThan(0.9);
    expect(freshShare).toBeLessThan(1);
    expect(knownShare).toBeGreaterThan(0.99);
  });

  test("of a dataset without a sample is unknown, not fresh", async () => {
    const { buckets, freshShare, knownShare } = await history("staged.orders_db__price_changes");
    expect(new Set(buckets.map((bucket) => bucket.state))).toEqual(new Set([null]));
    expect([freshShare, knownShare]).toEqual([null, 0]);
  });
});

describe("checks", () => {
  test("come with their latest thirty results, those out of bounds first", async () => {
    const checks = await datasetChecksReadModel(db.pool).list("staged.salesforce__contact");
    expect(checks[0]).toMatchObject({ name: "null-rate:email", outcome: "failed", column: "email" });
    expect(checks[0]?.recent).toHaveLength(30);
    expect(checks[0]?.recent.at(-1)).toMatchObject({ outcome: "failed", at: expect.any(Date) });
  });

  test("page through their results", async () => {
    const model = datasetChecksReadModel(db.pool);
    const [newest, next] = await model.results("curated.orders", "duplicate-keys", null, 2);
    const [after] = await model.results("curated.orders", "duplicate-keys", newest?.at ?? null, 1);
    expect(after).toEqual(next);
  });
});

describe("lineage", () => {
  test("is who reads what, from the sources on", async () => {
    const { datasets, sources, edges } = await lineageReadModel(db.pool).graph();
    expect(datasets).toHaveLength(await db.prisma.dataset.count());
    expect(sources.map((source) => source.id)).toEqual(["app_logs", "orders_db", "salesforce", "stripe"]);
    expect(edges).toContainEqual({ from: "stripe", to: "raw.stripe" });
    expect(edges).toContainEqual({ from: "curated.orders", to: "mart.daily_sales" });
  });

  test("of a column is followed both ways, to the stream it was read from", async () => {
    const path = await lineageReadModel(db.pool).column("curated.customers", "country", 100);
    expect(path.filter((edge) => edge.distance < 0).map((edge) => edge.fromDataset)).toContain(
      "orders_db/public.customers",
    );
    expect(path).toContainEqual(
      expect.objectContaining({ toDataset: "mart.daily_sales", toColumn: "country", distance: 1 }),
    );
  });

  test("of a column is cut where asked, the nearest kept", async () => {
    const path = await lineageReadModel(db.pool).column("curated.customers", "country", 1);
    expect(path.map((edge) => Math.abs(edge.distance))).toEqual([1]);
  });
});
