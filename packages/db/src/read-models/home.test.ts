import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HOUR, MINUTE } from "@nova/pipeline-core/kernel";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { DEMO_PEOPLE, seedDemoPeople, seedScenario } from "../seed/index.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { standingClock, testIds } from "../testing/store-fixture.ts";
import { sourceStore } from "../repositories/index.ts";
import { homeReadModel } from "./home.ts";
import { liveReadModel } from "./live.ts";
import { peopleReadModel } from "./people.ts";
import { searchReadModel } from "./search.ts";

const clock = standingClock(new Date("2026-11-23T14:30:00Z"));
const now = clock.now();
const [ana, , priya] = DEMO_PEOPLE;
let server: TestPostgres;
let db: Db;

beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("home");
  await migrate(connectionString);
  db = openDb({ connectionString });
  await seedScenario(db, "busy-day", { clock, ids: testIds(clock) });
  await seedDemoPeople(db, now);
}, 60_000);
afterAll(async () => {
  await db.close();
  await server.stop();
});

describe("home", () => {
  it("has every dataset once, with its failing checks and their oldest message", async () => {
    const rows = await homeReadModel(db.pool).health();
    expect(rows).toHaveLength(await db.prisma.dataset.count());
    const failing = rows.filter((row) => row.failingChecks > 0);
    expect(failing).toHaveLength(1);
    expect(failing[0]?.checkMessage).toEqual(expect.any(String));
    expect(failing[0]?.failingSince).toBeInstanceOf(Date);
  });

  it("lists the newest commits first", async () => {
    const landed = await homeReadModel(db.pool).landed(10);
    const times = landed.map((row) => row.committedAt.getTime());
    expect(landed).toHaveLength(10);
    expect(times).toEqual(times.toSorted((a, b) => b - a));
  });

  it("gives engineers sources in trouble, failing checks, quarantine and drift", async () => {
    const kinds = new Set((await homeReadModel(db.pool).engineerWork(now)).map((item) => item.kind));
    expect([...kinds]).toEqual(expect.arrayContaining(["source", "check", "quarantine", "drift"]));
  });

  it("gives engineers a breaker that is open, once: not beside the source that cannot be read", async () => {
    const store = sourceStore(db, { clock, ids: testIds(clock) });
    const open = { state: "open", failures: 6, since: now, until: null, error: null } as const;
    await store.saveBreaker("stripe", "capture", open);
    await store.saveBreaker("stripe", "load", open);
    const work = await homeReadModel(db.pool).engineerWork(now);
    expect(work.filter(({ id, kind }) => id === "stripe" && kind !== "quarantine")).toMatchObject([
      { kind: "source" },
      { kind: "breaker", title: "load", count: 6 },
    ]);
    await store.closeBreakers();
  });

  it("shows a failed run until a later run of its pipeline succeeds", async () => {
    const insert = (id: string, state: string, at: Date) =>
      db.pool.query(
        "INSERT INTO runs (id, pipeline, trigger, state, created_at, datasets, error_message) VALUES ($1, 'returns', 'manual', $2, $3, '{}', 'boom')",
        [id, state, at],
      );
    const failedRuns = async () =>
      (await homeReadModel(db.pool).engineerWork(now)).filter(
        (item) => item.kind === "run" && item.title === "returns",
      );
    await insert("01900000-0000-7000-8000-0000000000a1", "failed", new Date(now.getTime() - 2 * HOUR));
    await insert("01900000-0000-7000-8000-0000000000a2", "failed", new Date(now.getTime() - HOUR));
    expect(await failedRuns()).toMatchObject([{ id: "01900000-0000-7000-8000-0000000000a2", count: 2 }]);
    await insert("01900000-0000-7000-8000-0000000000a3", "succeeded", new Date(now.getTime() - MINUTE));
    expect(await failedRuns()).toEqual([]);
  });

  it("remembers a person's own distinct queries, newest first", async () => {
    const ask = (sql: string, ago: number, user = ana?.id) =>
      db.pool.query(
        "INSERT INTO queries (id, user_id, actor, sql, datasets, state, started_at) VALUES (gen_random_uuid(), $1, 'a', $2, '{}', 'succeeded', $3)",
        [user, sql, new Date(now.getTime() - ago)],
      );
    await ask("select 1", 3 * MINUTE);
    await ask("select 2", 2 * MINUTE);
    await ask("select 1", MINUTE);
    await ask("select 3", MINUTE, priya?.id);
    const own = await homeReadModel(db.pool).ownQueries(ana?.id ?? "", 5);
    expect(own.map((query) => query.sql)).toEqual(["select 1", "select 2"]);
  });
});

describe("search", () => {
  const names = async (text: string, kind: string) =>
    (await searchReadModel(db.pool).all(text)).filter((hit) => hit.kind === kind).map((hit) => hit.name);

  it("finds datasets by the middle of their name, curated ones before staged", async () => {
    const found = await names("rder", "dataset");
    expect(found[0]).toBe("curated.orders");
    expect(found.some((name) => name.startsWith("staged."))).toBe(true);
  });

  it("finds columns and streams by any part, without case", async () => {
    expect(await names("DER_I", "column")).toContain("order_id");
    expect(await names("ORDERS_DB/public.ord", "stream")).toContain("public.orders");
  });

  it("takes % and _ as they are", async () => {
    expect(await searchReadModel(db.pool).all("%")).toEqual([]);
    expect(await names("o_d", "dataset")).toEqual([]);
  });
});

describe("people", () => {
  it("come with the grants that hold now", async () => {
    const people = peopleReadModel(db.pool);
    await db.pool.query(
      `INSERT INTO grants (id, user_id, dataset, columns, reason, granted_by, valid_until) VALUES
         (gen_random_uuid(), $1, 'curated.orders', '{email}', 'r', 'b', $2), (gen_random_uuid(), $1, 'curated.old', '{}', 'r', 'b', $3)`,
      [ana?.id, new Date(now.getTime() + HOUR), new Date(now.getTime() - HOUR)],
    );
    const person = await people.byId(ana?.id ?? "", now);
    expect(person?.grants).toEqual([
      { dataset: "curated.orders", columns: ["email"], validUntil: new Date(now.getTime() + HOUR) },
    ]);
    expect(await people.byId(priya?.id ?? "", now)).toMatchObject({
      role: "privacy-officer",
      grants: [{ dataset: "*", columns: null }],
    });
    expect(await people.byId("01900000-0000-7000-8000-0000000000ff", now)).toBeNull();
  });

  it("are found by e-mail without case, and keep the zone they choose", async () => {
    const people = peopleReadModel(db.pool);
    await people.setTimeZone(ana?.id ?? "", "Asia/Tokyo");
    expect(await people.byEmail(" ANA@novaretail.example ")).toMatchObject({ timeZone: "Asia/Tokyo", demo: true });
    expect(await people.demoPeople()).toHaveLength(5);
  });
});

describe("the worker's heartbeat", () => {
  it("is the newest lease's", async () => {
    await db.pool.query("DELETE FROM worker_leases");
    expect(await liveReadModel(db.pool).workerHeartbeat()).toBeNull();
    await db.pool.query(
      "INSERT INTO worker_leases (worker_id, pid, started_at, heartbeat_at, released_at) VALUES ('old', 1, $1, $1, $1), ('new', 2, $2, $2, NULL)",
      [new Date(now.getTime() - HOUR), now],
    );
    expect(await liveReadModel(db.pool).workerHeartbeat()).toEqual({
      startedAt: now,
      heartbeatAt: now,
      releasedAt: null,
    });
  });
});
