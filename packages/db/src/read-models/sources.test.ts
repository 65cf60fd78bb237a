import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closedBreaker } from "@nova/pipeline-core/connectors";
import { MINUTE, SECOND } from "@nova/pipeline-core/kernel";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { seedScenario } from "../seed/index.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { standingClock, testIds } from "../testing/store-fixture.ts";
import { driftReadModel } from "./drift.ts";
import { intakeRefusals, quarantine, sourceStore } from "../repositories/index.ts";
import { sourcesReadModel } from "./sources.ts";

const clock = standingClock(new Date("2026-11-23T14:30:00Z"));
const now = clock.now();
let server: TestPostgres;
let db: Db;
let model: ReturnType<typeof sourcesReadModel>;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("sources");
  await migrate(connectionString);
  db = openDb({ connectionString });
  await seedScenario(db, "busy-day", { clock, ids: testIds(clock) });
  model = sourcesReadModel(db.pool);
}, 60_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

describe("the sources", () => {
  it("come in the order people think of them, each with flow and counts", async () => {
    const sources = await model.list(now);
    expect(sources.map((source) => source.id)).toEqual(["orders_db", "salesforce", "stripe", "app_logs"]);
    const orders = sources[0];
    expect(orders?.rowsPerSecond).toBeGreaterThan(1);
    expect(orders?.recent).toHaveLength(30);
    expect(orders?.recent.every((rate) => typeof rate === "number")).toBe(true);
    expect(orders).toMatchObject({ state: "streaming", streamsSnapshotting: 1, streamsFailed: 0, driftOpen: 2 });
    expect(orders?.streams).toBe((orders?.streamsStreaming ?? 0) + 1);
    expect(orders?.stateSince).toBeInstanceOf(Date);
  });

  it("tell apart no rows from no samples: a silent source sends zeros, an unwatched one unknowns", async () => {
    const stripe = await model.one("stripe", now);
    expect(stripe?.rowsPerSecond).toBe(0);
    expect(stripe?.recent.at(-1)).toBe(0);
    const later = await model.one("stripe", new Date(now.getTime() + 10 * MINUTE));
    expect(later?.recent.at(-1)).toBeNull();
    expect(later?.lagSeconds).toBeNull();
  });

  it("say the error, since when, and how many in the last hour", async () => {
    const stripe = await model.one("stripe", now);
    expect(stripe).toMatchObject({ state: "retrying", errorKind: "source-unreachable" });
    expect(stripe?.stateSince.getTime()).toBe(now.getTime() - 6 * MINUTE);
    expect(stripe?.errorsLastHour).toBeGreaterThan(30);
  });

  it("have their circuit breakers that are not closed", async () => {
    const store = sourceStore(db, { clock, ids: testIds(clock) });
    const error = { kind: "storage-failed", message: "the lake does not answer" } as const;
    const open = { state: "open", failures: 6, since: now, until: new Date(now.getTime() + MINUTE), error } as const;
    await store.saveBreaker("app_logs", "load", open);
    const breakersOf = async () => (await model.list(now)).map(({ id, breakers }) => [id, breakers.length]);
    expect(await breakersOf()).toEqual([
      ["orders_db", 0],
      ["salesforce", 0],
      ["stripe", 0],
      ["app_logs", 1],
    ]);
    expect((await model.one("app_logs", now))?.breakers).toEqual([{ source: "app_logs", part: "load", ...open }]);
    await store.saveBreaker("app_logs", "load", closedBreaker(now));
    expect((await model.one("app_logs", now))?.breakers).toEqual([]);
  });

  it("are nothing when unknown", async () => {
    expect(await sourcesReadModel(db.pool).one("nowhere" as never, now)).toBeNull();
  });
});

describe("the chart of a source", () => {
  it.each([
    ["1h", 120, 30],
    ["6h", 120, 180],
    ["24h", 144, 600],
  ] as const)("over %s has %i evenly spaced points", async (range, points, stepSeconds) => {
    const chart = await model.chart("orders_db", range, now);
    expect(chart).toHaveLength(points);
    const gaps = chart.slice(1).map((bucket, index) => bucket.at.getTime() - (chart[index]?.at.getTime() ?? 0));
    expect(new Set(gaps)).toEqual(new Set([stepSeconds * SECOND]));
    expect(chart.at(-1)?.at.getTime()).toBe(now.getTime() - stepSeconds * SECOND);
  });

  it("counts every sampled row once", async () => {
    const chart = await model.chart("orders_db", "1h", now);
    const drawn = chart.reduce((sum, bucket) => sum + (bucket.rowsPerSecond ?? 0) * 30, 0);
    const { rows } = await db.pool.query<{ rows: number }>(
      "SELECT sum(rows)::float8 AS rows FROM flow_samples WHERE source_id = 'orders_db' AND at >= $1 AND at < $2",
      [new Date(now.getTime() - 60 * MINUTE), now],
    );
    expect(drawn).toBeCloseTo(rows[0]?.rows ?? -1, 3);
  });

  it("leaves gaps where nothing was sampled", async () => {
    const chart = await model.chart("orders_db", "1h", new Date(now.getTime() + 30 * MINUTE));
    expect(chart.at(-1)?.rowsPerSecond).toBeNull();
    expect(chart[0]?.rowsPerSecond).not.toBeNull();
  });
});

describe("what a source's page lists", () => {
  it("is every stream with its progress, those behind first", async () => {
    const streams = await model.streams("orders_db");
    const behind = streams.find((stream) => stream.name === "public.price_changes");
    expect(behind?.state).toBe("snapshotting");
    expect(behind?.rowsRead).toBeLessThan(behind?.rowsExpected ?? 0);
    expect(behind?.columns).toBeGreaterThan(1);
    expect(streams[0]).toBe(behind);
    const names = streams.slice(1).map((stream) => stream.name);
    expect(names).toEqual(names.toSorted());
  });

  it("is quarantine by reason and stream with the newest as a sample", async () => {
    const groups = await model.quarantine("orders_db", now);
    const { rows } = await db.pool.query<{ count: number; last: Date }>(
      "SELECT count(*)::int AS count, max(received_at) AS last FROM quarantine_items WHERE source_id = 'orders_db' AND reason = $1 AND stream IS NOT DISTINCT FROM $2",
      [groups[0]?.reason, groups[0]?.stream],
    );
    expect(groups[0]).toMatchObject({ count: rows[0]?.count, lastAt: rows[0]?.last, replay: null });
  });

  it("is of what could not be read also by its words, as a replay of a part names it", async () => {
    await quarantine(db, { ids: testIds(standingClock(now)) }).add(
      ["ts: no zone", "line: not valid JSON", "ts: no zone"].map((detail) => ({
        source: "app_logs" as const,
        stream: "events",
        reason: "malformed" as const,
        detail,
        payload: "",
        receivedAt: now,
      })),
    );
    const groups = (await model.quarantine("app_logs", now)).filter(({ lastAt }) => lastAt.getTime() === now.getTime());
    expect(groups.map(({ why, detail, count }) => ({ why, detail, count }))).toEqual([
      { why: "ts: no zone", detail: "ts: no zone", count: 2 },
      { why: "line: not valid JSON", detail: "line: not valid JSON", count: 1 },
    ]);
  });

  it("is what was turned away at its door, added up by sender and reason", async () => {
    const one = {
      source: "app_logs",
      service: "cart",
      outcome: "quota",
      requests: 2,
      records: 0,
      lastAt: now,
    } as const;
    const store = intakeRefusals(db);
    await store.add([one, { ...one, outcome: "quarantined", requests: 1, records: 7 }]);
    const earlier = new Date(now.getTime() - 2 * 3_600_000);
    await store.add([
      { ...one, lastAt: earlier },
      { ...one, lastAt: new Date(now.getTime() - 30 * 3_600_000) },
    ]);
    await store.add([one]);
    expect(await model.refusals("app_logs", now)).toEqual([
      { service: "cart", outcome: "quarantined", requests: 1, records: 7, lastAt: now },
      { service: "cart", outcome: "quota", requests: 6, records: 0, lastAt: now },
    ]);
    expect(await model.refusals("stripe", now)).toEqual([]);
  });

  it("proves a replay: how many rows were read again, and how many of them were refused once more", async () => {
    const [group] = await model.quarantine("orders_db", now);
    const at = new Date(now.getTime() - 60_000);
    await db.pool.query("UPDATE quarantine_items SET replayed_at = $1 WHERE source_id = 'orders_db'", [at]);
    const replayed = await model.quarantine("orders_db", now);
    expect(replayed.map(({ count }) => count)).toEqual(replayed.map(() => 0));
    expect(replayed.find(({ stream, reason }) => stream === group?.stream && reason === group?.reason)?.replay).toEqual(
      {
        at,
        rows: group?.count,
        cameBack: 0,
      },
    );
    expect((await model.one("orders_db", now))?.quarantined).toBe(0);
    await db.pool.query(
      `INSERT INTO quarantine_items (id, source_id, stream, reason, detail, payload, received_at) VALUES (gen_random_uuid(), 'orders_db', $1, $2, 'again', '{}', $3)`,
      [group?.stream, group?.reason, now],
    );
    expect((await model.quarantine("orders_db", now))[0]).toMatchObject({
      count: 1,
      detail: "again",
      replay: { rows: group?.count, cameBack: 1 },
    });
  });

  it("is the drift of its streams with what it touches, what holds up a dataset first", async () => {
    const drift = driftReadModel(db.pool);
    const all = { source: null, dataset: null, openOnly: false } as const;
    // A dataset's shape that says nothing of the key leaves the stream's.
    await db.pool.query("UPDATE streams SET staged = '{\"key\": null}' WHERE name = 'public.orders'");
    const items = await drift.items(all);
    expect(items.map((item) => `${item.stream} ${item.state}`)).toEqual([
      "public.orders open",
      "public.customers open",
      "public.products evolved",
    ]);
    expect(items[0]).toMatchObject({ dataset: "staged.orders_db__orders", waits: true, key: ["order_id"] });
    expect(items[0]?.affected.map((each) => each.name)).toContain("curated.orders");
    expect(items[0]?.affected[0]).toMatchObject({ name: "staged.orders_db__orders", columns: ["total"] });
    expect(await drift.items({ ...all, openOnly: true })).toHaveLength(2);
    expect(await drift.items({ ...all, source: "stripe" })).toEqual([]);
    const ofDataset = await drift.items({ ...all, dataset: "staged.orders_db__customers" });
    expect(ofDataset.map((item) => item.stream)).toEqual(["public.customers"]);
    expect(await drift.countOpen()).toBe(2);
    expect((await model.one("orders_db", now))?.driftOpen).toBe(2);
  });
});
